/**
 * How compose puts several definitions of one project together, by the rules of compose-go's override package
 * (merge.go, uncity.go): the later scalar wins, mappings merge key by key, lists grow without repeating themselves, and
 * of list entries with one key (a mount's target, an env file's path) the last one counts. What a later file tags
 * `!reset` or `!override` is dropped from the earlier ones first.
 * https://github.com/compose-spec/compose-spec/blob/main/13-merge.md
 */
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { isNull, type Mapping, type Path, stringOf, type Value, whereIs } from "./document.ts";

/** A service or job as it is being put together: its attributes, and the unset variables in it. */
export interface Definition {
  readonly attributes: ReadonlyMap<string, Value>;
  /** Variables without a value that were filled in as empty. */
  readonly unset: ReadonlySet<string>;
}

export type Section = "services" | "jobs";
export const SECTIONS: readonly Section[] = ["services", "jobs"];

/** The top-level sections that services refer to by name. */
export type ResourceKind = "networks" | "volumes" | "configs" | "secrets";
export const RESOURCE_KINDS: readonly ResourceKind[] = ["networks", "volumes", "configs", "secrets"];
export type Resources = Readonly<Record<ResourceKind, ReadonlyMap<string, Value>>>;

/** By section and name; null is a service written without anything below it. */
export type Definitions = Readonly<Record<Section, ReadonlyMap<string, Definition | null>>> &
  Resources & {
    /** Top-level extension fields (`x-…`). They mean nothing, but compose refuses files whose kinds of value differ. */
    readonly extensions: ReadonlyMap<string, Value>;
  };

export const NONE: Definitions = {
  services: new Map(),
  jobs: new Map(),
  networks: new Map(),
  volumes: new Map(),
  configs: new Map(),
  secrets: new Map(),
  extensions: new Map(),
};

/** Puts `later` over `earlier`. Throws `compose-invalid` when their shapes do not fit. */
export function mergeDefinitions(earlier: Definitions, later: Definitions): Definitions {
  return {
    services: mergeSection(earlier.services, later.services),
    jobs: mergeSection(earlier.jobs, later.jobs),
    networks: mergeEntries(["networks", "*"], earlier.networks, later.networks),
    volumes: mergeEntries(["volumes", "*"], earlier.volumes, later.volumes),
    configs: mergeEntries(["configs", "*"], earlier.configs, later.configs),
    secrets: mergeEntries(["secrets", "*"], earlier.secrets, later.secrets),
    extensions: mergeEntries(["x-*"], earlier.extensions, later.extensions),
  };
}

function mergeSection(
  earlier: ReadonlyMap<string, Definition | null>,
  later: ReadonlyMap<string, Definition | null>,
): ReadonlyMap<string, Definition | null> {
  if (earlier.size === 0) return later;
  const merged = new Map(earlier);
  for (const [name, definition] of later) {
    const base = merged.get(name);
    merged.set(
      name,
      base && definition ? mergeDefinition(uniqueLists(base), definition) : (definition ?? base ?? null),
    );
  }
  return merged;
}

/** Compose drops what one file repeats before the next file comes (`EnforceUnicity` in compose-go's override package). */
function uniqueLists({ attributes, unset }: Definition): Definition {
  return { attributes: new Map([...attributes].map(([name, value]) => [name, unique(name, value)])), unset };
}

function mergeEntries(
  path: Path,
  earlier: ReadonlyMap<string, Value>,
  later: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  if (earlier.size === 0 || later.size === 0) return earlier.size === 0 ? later : earlier;
  const merged = new Map(earlier);
  for (const [name, value] of later) {
    const base = merged.get(name);
    merged.set(name, base === undefined ? value : mergeAt(path, base, value));
  }
  return merged;
}

/** Puts the attributes of `later` over those of `earlier`. */
export function mergeDefinition(earlier: Definition, later: Definition): Definition {
  const attributes = new Map(earlier.attributes);
  for (const [name, value] of later.attributes) {
    const base = attributes.get(name);
    attributes.set(name, base === undefined ? value : mergeAt(["services", "*", name], base, value));
  }
  return { attributes, unset: new Set([...earlier.unset, ...later.unset]) };
}

type Merger = (earlier: Value, later: Value, path: Path) => Value;

const takeLater: Merger = (_, later) => later;

/** Attributes with a merge rule of their own, by path; `*` matches any name. */
const SPECIAL: ReadonlyMap<string, Merger> = new Map<string, Merger>([
  ...["annotations", "build.args", "build.additional_contexts", "build.labels", "deploy.labels", "environment"].map(
    (name) => [`services.*.${name}`, mergePairs] as const,
  ),
  ...["labels", "sysctls"].map((name) => [`services.*.${name}`, mergePairs] as const),
  ...["networks", "volumes", "configs", "secrets"].map((name) => [`${name}.*.labels`, mergePairs] as const),
  ...["build.extra_hosts", "dns", "dns_opt", "dns_search", "env_file", "extra_hosts", "label_file", "tmpfs"].map(
    (name) => [`services.*.${name}`, mergeSequences] as const,
  ),
  ...["command", "entrypoint", "healthcheck.test"].map((name) => [`services.*.${name}`, takeLater] as const),
  ["services.*.depends_on", mergeDependencies],
  ...["models", "networks"].map((name) => [`services.*.${name}`, mergeNamed] as const),
  ["services.*.logging", mergeLogging],
  ["networks.*.ipam.config", mergeSubnets],
]);

/** The key of a list entry, for lists where two entries with one key mean the same thing. */
const KEY_OF: ReadonlyMap<string, (item: Value) => string> = new Map<string, (item: Value) => string>([
  ["services.*.configs", (item) => fileTarget(item, "")],
  ["services.*.devices", mountTarget],
  ["services.*.env_file", (item) => stringOf(item) ?? textAt(item, "path") ?? ""],
  ["services.*.ports", portKey],
  ["services.*.secrets", (item) => fileTarget(item, "/run/secrets")],
  ["services.*.volumes", mountTarget],
]);

/** A merged list's last entry for each key, at the place of the first; lists without such a rule stay as they are. */
export function unique(attribute: string, list: Value): Value {
  return uniqueAt(`services.*.${attribute}`, list);
}

function uniqueAt(place: string, list: Value): Value {
  const keyOf = KEY_OF.get(place);
  if (keyOf === undefined || list.kind !== "sequence") return list;
  const byKey = new Map(list.items.map((item) => [keyOf(item), item]));
  return byKey.size === list.items.length ? list : { ...list, items: [...byKey.values()] };
}

function mergeAt(path: Path, earlier: Value, later: Value): Value {
  const place = path.join(".");
  const special = SPECIAL.get(place);
  const merged = special === undefined ? mergeValue(earlier, later, path) : special(earlier, later, path);
  return uniqueAt(place, merged);
}

function mergeValue(earlier: Value, later: Value, path: Path): Value {
  if (isNull(later)) return earlier;
  if (earlier.kind === "scalar") return later;
  if (earlier.kind !== later.kind) {
    const detail = message("compose-merge-kind", { kind: earlier.kind, where: whereIs(earlier) });
    throw new MirrorError("compose-invalid", { where: whereIs(later), detail });
  }
  if (earlier.kind === "mapping") return mergeMapping(earlier, later as Mapping, path);
  return append(earlier, (later as typeof earlier).items);
}

function mergeMapping(earlier: Mapping, later: Mapping, path: Path): Mapping {
  const entries = new Map(earlier.entries);
  for (const [key, value] of later.entries) {
    const base = entries.get(key);
    entries.set(key, base === undefined ? value : mergeAt([...path, key], base, value));
  }
  return { ...earlier, entries };
}

/** Of two equal items the later one stays, at the place of the earlier, and knows of it: both are rewritten alike. */
function append(earlier: Sequence, added: readonly Value[]): Sequence {
  const items = [...earlier.items];
  for (const item of added) {
    const index = items.findIndex((known) => isEqual(known, item));
    const known = items[index];
    if (known === undefined) items.push(item);
    else if (known !== item) items[index] = { ...item, repeats: [known, ...(item.repeats ?? [])] };
  }
  return { ...earlier, items };
}

type Sequence = Extract<Value, { readonly kind: "sequence" }>;

function isEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind === "scalar") return b.kind === "scalar" && a.type === b.type && a.text === b.text;
  if (a.kind === "sequence") {
    return (
      b.kind === "sequence" &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => isEqual(item, b.items[index]!))
    );
  }
  if (b.kind !== "mapping" || a.entries.size !== b.entries.size) return false;
  return [...a.entries].every(([key, value]) => b.entries.has(key) && isEqual(value, b.entries.get(key)!));
}

/** `KEY=VALUE` lists and mappings of keys to values, the later value of a key first. */
function mergePairs(earlier: Value, later: Value, path: Path): Value {
  if (isNull(later)) return earlier;
  if (isNull(earlier)) return later;
  const [base, over] = [pairsAsMapping(earlier), pairsAsMapping(later)];
  if (base.kind !== "mapping" || over.kind !== "mapping") return mergeValue(base, over, path);
  return { ...base, entries: new Map([...base.entries, ...over.entries]) };
}

/** A list of `KEY=VALUE` as a mapping; a key alone has no value. */
export function pairsAsMapping(value: Value): Value {
  if (value.kind !== "sequence") return value;
  const entries = new Map<string, Value>();
  for (const item of value.items) {
    if (item.kind !== "scalar") continue;
    const [key = "", ...rest] = item.text.split("=");
    entries.set(key, rest.length === 0 ? { ...item, type: "null", text: "" } : { ...item, text: rest.join("=") });
  }
  return { ...value, kind: "mapping", entries };
}

/** One value or several; `extra_hosts` may also be a mapping, whose entries are then `KEY=VALUE`. */
function mergeSequences(earlier: Value, later: Value): Value {
  const base = sequenceOf(earlier);
  return append(base, sequenceOf(later).items);
}

function sequenceOf(value: Value): Sequence {
  if (value.kind === "sequence") return value;
  if (value.kind === "scalar")
    return { ...value, kind: "sequence", items: stringOf(value) === undefined ? [] : [value] };
  const items = [...value.entries].flatMap(([key, entry]): readonly Value[] => {
    const values = entry.kind === "sequence" ? entry.items : [entry];
    return values.flatMap((each) => {
      if (each.kind !== "scalar") return [];
      return [{ ...each, type: "string", text: isNull(each) ? key : `${key}=${each.text}` } as const];
    });
  });
  return { ...value, kind: "sequence", items };
}

/** A list of dependencies gives each the default settings; in the later file they override those of the earlier one. */
function mergeDependencies(earlier: Value, later: Value, path: Path): Value {
  const [base, over] = [namesAsMapping(earlier), namesAsMapping(later)];
  if (base === undefined || over === undefined) return later;
  const entries = new Map(base.entries);
  for (const [name, value] of over.entries) {
    const known = entries.get(name);
    const both = known?.kind === "mapping" && value.kind === "mapping";
    entries.set(name, both ? mergeMapping(known, value, [...path, "*"]) : value);
  }
  return { ...base, entries };
}

/** A list of networks or models names them without settings, so those of an earlier file stay. */
function mergeNamed(earlier: Value, later: Value, path: Path): Value {
  const [base, over] = [withoutSettings(earlier), withoutSettings(later)];
  if (base === undefined || over === undefined) return mergeValue(earlier, later, path);
  const isList = later.kind !== "mapping";
  const entries = new Map(base.entries);
  for (const [name, value] of over.entries) {
    const known = entries.get(name);
    entries.set(name, known === undefined ? value : isList ? known : mergeValue(known, value, [...path, "*"]));
  }
  return { ...base, entries };
}

/** A list of names as the mapping to nothing that compose makes of it. */
function withoutSettings(value: Value): Mapping | undefined {
  const named = namesAsMapping(value);
  if (named === undefined || value.kind === "mapping") return named;
  const entries = [...named.entries].map(
    ([name, entry]) => [name, { ...entry, kind: "scalar", type: "null", text: "" } as const] as const,
  );
  return { ...named, entries: new Map(entries) };
}

/** A list of names is a mapping whose entries have no settings: each is the scalar that names it. */
function namesAsMapping(value: Value): Mapping | undefined {
  if (value.kind === "mapping") return value;
  const names = value.kind === "sequence" ? value.items : isNull(value) ? [] : undefined;
  const entries = names?.map((item) => [stringOf(item) ?? "", item] as const);
  return entries && { ...value, kind: "mapping", entries: new Map(entries) };
}

/** Options belong to a driver: those of another one do not count. */
function mergeLogging(earlier: Value, later: Value, path: Path): Value {
  if (earlier.kind !== "mapping" || later.kind !== "mapping") return mergeValue(earlier, later, path);
  const [base, over] = [textAt(earlier, "driver"), textAt(later, "driver")];
  return base === undefined || over === undefined || base === over ? mergeMapping(earlier, later, path) : later;
}

/** Address ranges of a network, by their subnets. */
function mergeSubnets(earlier: Value, later: Value, path: Path): Value {
  if (earlier.kind !== "sequence" || later.kind !== "sequence") return mergeValue(earlier, later, path);
  const items = new Map(earlier.items.map((item) => [textAt(item, "subnet"), item]));
  for (const item of later.items) {
    const subnet = textAt(item, "subnet");
    const base = items.get(subnet);
    items.set(subnet, base === undefined ? item : mergeValue(base, item, [...path, "*"]));
  }
  return { ...earlier, items: [...items.values()] };
}

function textAt(value: Value, key: string): string | undefined {
  const entry = value.kind === "mapping" ? value.entries.get(key) : undefined;
  return entry?.kind === "scalar" && !isNull(entry) ? entry.text : undefined;
}

/** Where a mount or a device appears in the container. */
export function mountTarget(item: Value): string {
  const short = stringOf(item);
  if (short === undefined) return textAt(item, "target") ?? "";
  const [source = "", target = source] = short.split(":");
  return target.replace(/(?<=.)\/+$/, "");
}

/** Where a config or a secret appears in the container. */
function fileTarget(item: Value, folder: string): string {
  return textAt(item, "target") ?? `${folder}/${stringOf(item) ?? textAt(item, "source") ?? ""}`;
}

function portKey(item: Value): string {
  if (item.kind === "scalar") return item.text;
  const [host, published] = [textAt(item, "host_ip") ?? "0.0.0.0", textAt(item, "published") ?? ""];
  return `${host}:${published}:${textAt(item, "target") ?? ""}/${textAt(item, "protocol") ?? "tcp"}`;
}

/** Drops from `definitions` what `paths` name. */
export function applyResets(definitions: Definitions, paths: readonly Path[]): Definitions {
  if (paths.length === 0) return definitions;
  const resources = RESOURCE_KINDS.map((kind) => {
    const own = paths.filter((path) => path[0] === kind);
    return [kind, own.reduce(dropEntry, definitions[kind])] as const;
  });
  return {
    ...(Object.fromEntries(resources) as unknown as Resources),
    services: resetSection(definitions.services, "services", paths),
    jobs: resetSection(definitions.jobs, "jobs", paths),
    extensions: paths.filter(([key]) => isExtension(key)).reduce(resetEntries, definitions.extensions),
  };
}

/** Whether a top-level key is an extension field. */
export function isExtension(key: string | undefined): boolean {
  return key?.startsWith("x-") === true;
}

function dropEntry(entries: ReadonlyMap<string, Value>, [, ...path]: Path): ReadonlyMap<string, Value> {
  return path.length === 0 ? new Map() : resetEntries(entries, path);
}

function resetSection(
  section: ReadonlyMap<string, Definition | null>,
  key: Section,
  paths: readonly Path[],
): ReadonlyMap<string, Definition | null> {
  const left = new Map(section);
  for (const [first, name, ...rest] of paths) {
    if (first !== key) continue;
    if (name === undefined) left.clear();
    else if (rest.length === 0) left.delete(name);
    else {
      const definition = left.get(name);
      if (definition) left.set(name, resetDefinition(definition, rest));
    }
  }
  return left;
}

/** Drops from one service what `paths`, which begin with its section and `name`, name below it. */
export function applyServiceResets(
  definition: Definition,
  section: Section,
  name: string,
  paths: readonly Path[],
): Definition {
  const own = paths.filter((path) => path[0] === section && path[1] === name && path.length > 2);
  return own.reduce((result, path) => resetDefinition(result, path.slice(2)), definition);
}

function resetDefinition(definition: Definition, path: Path): Definition {
  return { ...definition, attributes: resetEntries(definition.attributes, path) };
}

function resetEntries(entries: ReadonlyMap<string, Value>, [name = "", ...rest]: Path): ReadonlyMap<string, Value> {
  const value = entries.get(name);
  if (value === undefined) return entries;
  const left = new Map(entries);
  if (rest.length === 0) left.delete(name);
  else if (value.kind === "mapping") left.set(name, { ...value, entries: resetEntries(value.entries, rest) });
  return left;
}

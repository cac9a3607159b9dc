/**
 * How compose puts several definitions of one service together (compose-go's override package), for the attributes
 * that decide images: the later one wins, `build` merges key by key, lists grow without repeating themselves, and
 * what a later file tags `!reset` or `!override` is dropped from the earlier ones first.
 */
import { MirrorError } from "../messages/errors.ts";
import { isNull, type Mapping, type Path, stringOf, type Value, whereIs } from "./document.ts";

/** A service or job as it is being put together: its attributes, and where unset variables stand in it. */
export interface Definition {
  readonly attributes: ReadonlyMap<string, Value>;
  /** Variables without a value that were filled in as empty. */
  readonly unset: ReadonlySet<string>;
}

export type Section = "services" | "jobs";
export const SECTIONS: readonly Section[] = ["services", "jobs"];

/** By section and name; null is a service written without anything below it. */
export type Definitions = Readonly<Record<Section, ReadonlyMap<string, Definition | null>>>;

/** The attributes of a service that are kept: those that name images, and those that say whom it depends on. */
export const ATTRIBUTES: ReadonlySet<string> = new Set([
  "image",
  "build",
  "platform",
  "profiles",
  "provider",
  "pre_start",
  "pull_policy",
  "extends",
  "depends_on",
  "links",
  "volumes",
  "volumes_from",
  "network_mode",
  "ipc",
  "pid",
  "uts",
  "cgroup",
]);

export const NONE: Definitions = { services: new Map(), jobs: new Map() };

/** Puts `later` over `earlier`. Throws `compose-invalid` when their shapes do not fit. */
export function mergeDefinitions(earlier: Definitions, later: Definitions): Definitions {
  return {
    services: mergeSection(earlier.services, later.services),
    jobs: mergeSection(earlier.jobs, later.jobs),
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
    merged.set(name, base && definition ? mergeDefinition(base, definition) : (definition ?? base ?? null));
  }
  return merged;
}

/** Puts the attributes of `later` over those of `earlier`. */
export function mergeDefinition(earlier: Definition, later: Definition): Definition {
  const attributes = new Map(earlier.attributes);
  for (const [name, value] of later.attributes) {
    const base = attributes.get(name);
    attributes.set(name, base === undefined ? value : mergeAttribute(name, base, value));
  }
  return { attributes, unset: new Set([...earlier.unset, ...later.unset]) };
}

function mergeAttribute(name: string, earlier: Value, later: Value): Value {
  if (name === "depends_on") return mergeDependencies(earlier, later);
  return mergeValue(earlier, later);
}

function mergeValue(earlier: Value, later: Value): Value {
  if (isNull(later)) return earlier;
  if (earlier.kind === "scalar") return later;
  if (earlier.kind !== later.kind) {
    const detail = `it cannot override the ${earlier.kind} at ${whereIs(earlier)} with another kind of value`;
    throw new MirrorError("compose-invalid", { where: whereIs(later), detail });
  }
  if (earlier.kind === "mapping") return mergeMapping(earlier, later as Mapping);
  const { items } = later as typeof earlier;
  const known = new Set(earlier.items.map(stringOf));
  return { ...earlier, items: [...earlier.items, ...items.filter((item) => !known.has(stringOf(item) ?? "\0"))] };
}

function mergeMapping(earlier: Mapping, later: Mapping): Mapping {
  const entries = new Map(earlier.entries);
  for (const [key, value] of later.entries) {
    const base = entries.get(key);
    entries.set(key, base === undefined ? value : mergeValue(base, value));
  }
  return { ...earlier, entries };
}

function mergeDependencies(earlier: Value, later: Value): Value {
  const [base, over] = [dependencyMapping(earlier), dependencyMapping(later)];
  if (base === undefined || over === undefined) return later;
  const entries = new Map(base.entries);
  for (const [name, value] of over.entries) {
    const known = entries.get(name);
    const both = known?.kind === "mapping" && value.kind === "mapping";
    entries.set(name, both ? mergeMapping(known, value) : value);
  }
  return { ...base, entries };
}

/** `depends_on` as a list of names is a mapping whose entries have no settings. */
function dependencyMapping(value: Value): Mapping | undefined {
  if (value.kind === "mapping") return value;
  const names = value.kind === "sequence" ? value.items : isNull(value) ? [] : undefined;
  const entries = names?.map((item) => [stringOf(item) ?? "", item] as const);
  return entries && { ...value, kind: "mapping", entries: new Map(entries) };
}

/** Drops from `definitions` what `paths` name. */
export function applyResets(definitions: Definitions, paths: readonly Path[]): Definitions {
  if (paths.length === 0) return definitions;
  return {
    services: resetSection(definitions.services, "services", paths),
    jobs: resetSection(definitions.jobs, "jobs", paths),
  };
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

/**
 * Which services a project has with some profiles, and whether compose would start them
 * (https://github.com/compose-spec/compose-spec/blob/main/15-profiles.md).
 */
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { byName } from "../system/compare.ts";
import { type Scalar, stringOf, type Value, whereIs } from "./document.ts";
import { variablesIn } from "./interpolation.ts";
import { invalid } from "./invalid.ts";
import { type Definition, type Definitions, type Section, SECTIONS } from "./merge.ts";
import type { Dependency } from "./project.ts";
import { entryAt, isFalse, itemsOf, stringsOf } from "./values.ts";

export interface Selected {
  readonly section: Section;
  readonly name: string;
  readonly definition: Definition;
}

/** The profiles in the text of a COMPOSE_PROFILES. */
export function profilesIn(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** What the compose schema asks of the attributes that decide images. Throws `compose-invalid`. */
export function checkShapes(definitions: Definitions): void {
  for (const section of SECTIONS) {
    for (const [name, definition] of definitions[section]) {
      if (definition === null) {
        throw new MirrorError("compose-invalid", {
          where: `${section}.${name}`,
          detail: message("compose-mapping", { key: name }),
        });
      }
      const { attributes } = definition;
      for (const key of ["image", "platform", "pull_policy"]) {
        const value = attributes.get(key);
        if (value !== undefined && stringOf(value) === undefined) {
          throw invalid(value, message("compose-string", { key: `${section}.${name}.${key}` }));
        }
      }
      const profiles = attributes.get("profiles");
      if (
        profiles !== undefined &&
        !(profiles.kind === "sequence" && profiles.items.every((item) => stringOf(item) !== undefined))
      ) {
        throw invalid(profiles, message("compose-strings", { key: `${section}.${name}.profiles` }));
      }
      const build = attributes.get("build");
      if (build !== undefined && build.kind !== "mapping" && stringOf(build) === undefined) {
        throw invalid(build, message("compose-string-or-mapping", { key: `${section}.${name}.build` }));
      }
    }
  }
}

/** For an image that is empty because its variables are. `template` is the image as it is written. */
function emptyImage(service: string, definition: Definition, template: Scalar): MirrorError {
  const where = `${template.file.path}:${whereIs(template).split(":").at(-2)}`;
  const profiles = profilesOf(definition);
  const variables = variablesIn(template.text);
  return new MirrorError("compose-image-empty", { service, image: template.text, variables, where, profiles });
}

/**
 * The services that the profiles enable (`*` enables all), checked as compose checks them, in code-point order. `file`
 * is the one to name in messages. A service whose image variables leave empty is left out once `onEmptyImage` has heard
 * of it. Throws `compose-empty`, `compose-no-image`, `compose-invalid`, `compose-cycle`.
 */
export function select(
  definitions: Definitions,
  profiles: readonly string[],
  file: string,
  onEmptyImage: (error: MirrorError) => void,
): readonly Selected[] {
  const all = SECTIONS.flatMap((section) =>
    [...definitions[section]].map(([name, definition]) => ({ section, name, definition: definition! })),
  );
  if (all.length === 0) throw new MirrorError("compose-empty", { file });
  const active = new Set(profiles);
  const selected = all.filter(({ definition }) => {
    const own = profilesOf(definition);
    return own.length === 0 || active.has("*") || own.some((profile) => active.has(profile));
  });
  const enabled = new Set(selected.map(({ name }) => name));
  const known = new Set(all.map(({ name }) => name));
  const twice = all.find(({ section, name }) => section === "jobs" && definitions.services.has(name));
  if (twice) {
    throw new MirrorError("compose-invalid", { where: `jobs.${twice.name}`, detail: message("compose-name-taken") });
  }
  const empty = new Set<string>();
  for (const { name, definition } of selected) {
    const { attributes } = definition;
    if (!attributes.has("build") && !attributes.has("provider") && imageOf(definition) === undefined) {
      const image = attributes.get("image");
      const template = image?.kind === "scalar" ? image.template : undefined;
      if (template === undefined || variablesIn(template.text).length === 0) {
        const [first] = attributes.values();
        throw new MirrorError("compose-no-image", { service: name, where: first ? whereIs(first) : file });
      }
      onEmptyImage(emptyImage(name, definition, template));
      empty.add(name);
    }
    for (const { service, required, value } of dependenciesOf(definition)) {
      if (enabled.has(service) || (known.has(service) && !required)) continue;
      const code = known.has(service) ? "compose-depends-inactive" : "compose-depends-unknown";
      throw invalid(value, message(code, { service: name, other: service }));
    }
  }
  checkCycle(selected);
  return selected.filter(({ name }) => !empty.has(name)).toSorted(byName(({ name }) => name));
}

/** Services that wait for each other never start. Walks with its own stack: a chain may be as long as the project. */
function checkCycle(selected: readonly Selected[]): void {
  const dependencies = new Map(
    selected.map(({ name, definition }) => [name, dependenciesOf(definition).map(({ service }) => service)]),
  );
  const state = new Map<string, "open" | "done">();
  const chain: string[] = [];
  const pending = [...dependencies.keys()].map((name) => ({ name, leaving: false }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { name, leaving } = next;
    if (leaving) {
      state.set(name, "done");
      chain.pop();
    } else if (state.get(name) === "open") {
      const circle = [...chain.slice(chain.indexOf(name)), name].join(" → ");
      throw new MirrorError("compose-cycle", { what: "depends_on", chain: circle });
    } else if (!state.has(name)) {
      state.set(name, "open");
      chain.push(name);
      pending.push({ name, leaving: true });
      for (const dependency of dependencies.get(name) ?? []) pending.push({ name: dependency, leaving: false });
    }
  }
}

export function profilesOf({ attributes }: Definition): readonly string[] {
  return stringsOf(attributes.get("profiles"));
}

export function imageOf({ attributes }: Definition): string | undefined {
  return stringOf(attributes.get("image")) || undefined;
}

/** `depends_on`, and what compose turns into it: links, volumes_from, and namespaces shared with a service. */
export function dependenciesOf({ attributes }: Definition): readonly (Dependency & { readonly value: Value })[] {
  const found = new Map<string, Dependency & { readonly value: Value }>();
  const add = (service: string | undefined, value: Value, required = true): void => {
    if (service !== undefined && !found.has(service)) found.set(service, { service, required, value });
  };
  const items = (key: string): readonly Value[] => {
    const value = attributes.get(key);
    return value?.kind === "sequence" ? itemsOf(value) : [];
  };
  const dependsOn = attributes.get("depends_on");
  if (dependsOn?.kind === "mapping") {
    for (const [name, value] of dependsOn.entries) add(name, value, !isFalse(entryAt(value, "required")));
  }
  for (const value of items("depends_on")) add(stringOf(value), value);
  for (const value of items("links")) add(stringOf(value)?.split(":")[0], value);
  for (const value of items("volumes_from")) {
    const source = stringOf(value);
    if (source?.startsWith("container:") === false) add(source.split(":")[0], value);
  }
  for (const key of ["network_mode", "ipc", "pid", "uts", "cgroup"]) {
    const value = attributes.get(key);
    const mode = stringOf(value);
    if (value && mode?.startsWith("service:") === true) add(mode.slice("service:".length), value);
  }
  return [...found.values()];
}

/**
 * From files to a project, in the order in which compose-go's loader works. For every document of every file: fill in
 * variables, bring in what it includes, drop what it resets, resolve `extends`, put it over what came before. Then
 * choose by profile and check the services that are left.
 *
 * Only what decides images is kept on the way (`ATTRIBUTES` in merge.ts). Every image stays tied to the scalar it is
 * written in, which `rewrite` needs. A file is parsed once however often it is included or extended.
 */
import { basename, dirname, resolve } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import { defaultEnvFile, discover, isRemote, readEnvFiles, readText, type Variables } from "./discover.ts";
import {
  type Document,
  isNull,
  LARGEST_FILE,
  type Mapping,
  parseFile,
  type Path,
  type Scalar,
  type SourceFile,
  stringOf,
  type Value,
  whereIs,
} from "./document.ts";
import { imagesIn, mapImages } from "./images.ts";
import { interpolate, variablesIn } from "./interpolation.ts";
import {
  applyResets,
  applyServiceResets,
  ATTRIBUTES,
  type Definition,
  type Definitions,
  mergeDefinition,
  mergeDefinitions,
  NONE,
  type Section,
  SECTIONS,
} from "./merge.ts";
import type { ComposeWarning, ImageUse, LoadOptions, Project, Service } from "./project.ts";
import { anchorBuild, buildOf } from "./build.ts";
import { Sharing } from "./sharing.ts";

const MOST_FILES = 1000;
const LONGEST_CHAIN = 100;

/**
 * Loads the project that docker compose would load with these options.
 * Throws `compose-not-found`, `compose-stdin`, `compose-remote`, `compose-yaml`, `compose-invalid`, `compose-empty`,
 * `compose-no-image`, `compose-cycle`, `compose-limit`, `interpolation-invalid`, `variable-required`,
 * `env-file-invalid`, `project-name-invalid`, `file-read`.
 */
export async function load(options: LoadOptions): Promise<Project> {
  const { files, folder, variables, envFiles, warnings } = await discover(options);
  const loader = new Loader(envFiles, warnings);
  const parsed: SourceFile[] = [];
  for (const file of files) parsed.push(await loader.file(file, "the command line"));
  const name = projectName(parsed, folder, variables, loader.warnings);
  const scope: Scope = { variables: new Map([...variables, ["COMPOSE_PROJECT_NAME", name]]), folder };
  const definitions = await loader.layers(parsed, scope);

  const active = options.profiles.length > 0 ? options.profiles : profilesIn(variables.get("COMPOSE_PROFILES"));
  const narrowing =
    options.profiles.length > 0 ? options.profiles : profilesIn(options.environment["COMPOSE_PROFILES"]);
  const everything = narrowing.length > 0 ? narrowing : ["*"];
  const selected = select(definitions, options.onlyActiveProfiles === true ? active : everything, files[0]);
  const uses = selected.flatMap((entry) => loader.usesOf(entry));
  return {
    name,
    folder,
    composeFiles: files,
    files: new Map([...loader.parsed].map(([path, { text }]) => [path, text])),
    envFiles: [...new Set(loader.envFiles)],
    referencedFiles: [...loader.referenced].toSorted(),
    includes: loader.includes,
    severalDocuments: [...loader.parsed.values()].some(({ documents }) => documents.length > 1),
    services: selected.map((entry) => serviceOf(entry, selected, name, folder)),
    activeProfiles: active,
    uses,
    warnings: distinct([
      ...loader.warnings,
      ...selected.flatMap(({ definition }) => unsetWarnings(definition.unset)),
      ...uses.flatMap(notWritable),
    ]),
  };
}

/** Where a file is read: what its variables are, and what its paths are relative to. */
interface Scope {
  readonly variables: Variables;
  readonly folder: string;
}

/** What one document holds, filled in. */
interface Filled {
  readonly root: Mapping;
  readonly definitions: Definitions;
  readonly resets: readonly Path[];
}

/** The services of a file that can be extended, and those already resolved. */
interface Base {
  readonly file: string;
  readonly folder: string;
  readonly scope: Scope;
  readonly definitions: Definitions;
  readonly resets: readonly Path[];
  readonly resolved: Map<string, Definition | null>;
}

interface Selected {
  readonly section: Section;
  readonly name: string;
  readonly definition: Definition;
}

class Loader {
  readonly parsed = new Map<string, SourceFile>();
  readonly warnings: ComposeWarning[];
  readonly envFiles: string[];
  readonly referenced = new Set<string>();
  includes = false;
  readonly #layerOf = new Map<Scalar, number>();
  readonly #sharing = new Sharing();
  readonly #bases = new Map<Variables, Map<string, Base>>();
  readonly #included = new Map<Variables, Map<string, Definitions>>();
  readonly #includeVariables = new Map<Variables, Map<string, Variables>>();

  constructor(envFiles: readonly string[], warnings: readonly ComposeWarning[]) {
    this.envFiles = [...envFiles];
    this.warnings = [...warnings];
  }

  /** Reads and parses a file once. `where` says who names it. */
  async file(path: string, where: string): Promise<SourceFile> {
    const known = this.parsed.get(path);
    if (known) return known;
    if (this.parsed.size >= MOST_FILES) {
      throw new MirrorError("compose-limit", { file: path, detail: `${where} is past the first ${MOST_FILES} files` });
    }
    const file = parseFile(path, await readText(path, LARGEST_FILE));
    this.parsed.set(path, file);
    return file;
  }

  /** Puts the compose files of the project over each other. */
  async layers(files: readonly SourceFile[], scope: Scope): Promise<Definitions> {
    let definitions = NONE;
    for (const [layer, file] of files.entries()) {
      definitions = await this.#merge(definitions, file, scope, [], layer);
    }
    return definitions;
  }

  /** Where the images of a service are written. */
  usesOf({ name, definition }: Selected): readonly ImageUse[] {
    return imagesIn(definition.attributes).map(({ attribute, image }) => {
      const written = image.template ?? image;
      const place = this.#sharing.placeOf(written);
      const layer = place === undefined ? undefined : this.#layerOf.get(image);
      const { file, range } = place ?? written.target ?? written;
      const variables = variablesIn(written.text);
      const use = { service: name, attribute, image: image.text, file: file.path, ...range, variables };
      return layer === undefined ? use : { ...use, layer };
    });
  }

  async #merge(
    earlier: Definitions,
    file: SourceFile,
    scope: Scope,
    including: readonly string[],
    layer?: number,
  ): Promise<Definitions> {
    let definitions = earlier;
    for (const document of file.documents) {
      const { root, definitions: own, resets } = this.#fill(document, scope, scope.folder, layer);
      if (root.entries.has("version")) this.warnings.push({ code: "version-obsolete", values: { file: file.path } });
      const included = await this.#include(root, own, resets, scope, [...including, file.path]);
      const base: Base = {
        file: file.path,
        folder: scope.folder,
        scope,
        definitions: included,
        resets,
        resolved: new Map(),
      };
      const extended = await this.#extendAll(base);
      definitions = mergeDefinitions(applyResets(definitions, resets), extended);
      check(definitions);
    }
    return definitions;
  }

  /** `folder` is what paths in the document are relative to. */
  #fill(document: Document, { variables }: Scope, folder: string, layer?: number): Filled {
    const unsetElsewhere = new Set<string>();
    const fill = new Interpolation(variables);
    if (document.root.kind !== "mapping") {
      throw invalid(document.root, "the top level must be a mapping");
    }
    const entries = new Map<string, Value>();
    const definitions: { -readonly [S in Section]: Definitions[S] } = { ...NONE };
    for (const [key, value] of document.root.entries) {
      if (key !== "services" && key !== "jobs") {
        entries.set(key, fill.value(value, [key], unsetElsewhere));
        continue;
      }
      if (value.kind !== "mapping") throw invalid(value, `${key} must be a mapping`);
      definitions[key] = new Map(
        [...value.entries].map(([name, service]) => [name, this.#define(service, [key, name], fill, folder, layer)]),
      );
    }
    this.warnings.push(...unsetWarnings(unsetElsewhere));
    return { root: { ...document.root, entries }, definitions, resets: document.resets };
  }

  #define(
    service: Value,
    path: Path,
    fill: Interpolation,
    folder: string,
    layer: number | undefined,
  ): Definition | null {
    const [section, name = ""] = path;
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
      throw invalid(service, `"${name}" cannot be the name of a service: use letters, digits, "." "_" and "-"`);
    }
    if (isNull(service)) return null;
    if (service.kind !== "mapping") throw invalid(service, `${section}.${name} must be a mapping`);
    const unset = new Set<string>();
    const filled = fill.value(service, path, unset) as Mapping;
    const attributes = new Map([...filled.entries].filter(([key]) => ATTRIBUTES.has(key)));
    const build = attributes.get("build");
    if (build) attributes.set("build", anchorBuild(build, folder));
    if (layer === undefined) return { attributes, unset };
    // Each file of the project has images of its own, even where a file is also extended or included.
    const own = (image: Scalar): Scalar => {
      const copy = { ...image, template: image.template ?? image };
      this.#layerOf.set(copy, layer);
      return copy;
    };
    return { attributes: mapImages(attributes, own), unset };
  }

  async #include(
    root: Mapping,
    own: Definitions,
    resets: readonly Path[],
    scope: Scope,
    including: readonly string[],
  ): Promise<Definitions> {
    const list = root.entries.get("include");
    if (isNull(list)) return own;
    if (list?.kind !== "sequence") throw invalid(list!, "include must be a list");
    this.includes = true;
    if (including.length > LONGEST_CHAIN) {
      throw new MirrorError("compose-limit", { file: root.file.path, detail: "its includes nest too deeply" });
    }
    let definitions = own;
    for (const item of list.items) {
      const imported = applyResets(await this.#includeOne(item, scope, including), resets);
      definitions = mergeDefinitions(imported, definitions);
    }
    return definitions;
  }

  async #includeOne(item: Value, scope: Scope, including: readonly string[]): Promise<Definitions> {
    const { paths, folder, envFiles } = includeOf(item, scope.folder);
    for (const path of paths) {
      if (including.includes(path)) {
        throw new MirrorError("compose-cycle", { what: "include", chain: [...including, path].join(" → ") });
      }
    }
    const files = envFiles.length > 0 ? envFiles.filter((file) => file !== "/dev/null") : await defaultEnvFile(folder);
    const variables = await this.#variablesOf(scope.variables, files);
    const cache = entryOf(this.#included, variables, () => new Map<string, Definitions>());
    const key = JSON.stringify([folder, paths]);
    const known = cache.get(key);
    if (known) return known;
    let definitions = NONE;
    for (const path of paths) {
      const file = await this.file(path, whereIs(item));
      this.referenced.add(path);
      definitions = await this.#merge(definitions, file, { variables, folder }, including);
    }
    cache.set(key, definitions);
    return definitions;
  }

  /** One value for one set of files, so that what is loaded with it can be found again. */
  async #variablesOf(base: Variables, files: readonly string[]): Promise<Variables> {
    if (files.length === 0) return base;
    const cache = entryOf(this.#includeVariables, base, () => new Map<string, Variables>());
    const key = JSON.stringify(files);
    const known = cache.get(key);
    if (known) return known;
    const variables = await readEnvFiles(files, base, this.warnings);
    this.envFiles.push(...files);
    cache.set(key, variables);
    return variables;
  }

  async #extendAll(base: Base): Promise<Definitions> {
    const result: { -readonly [S in Section]: Definitions[S] } = { ...NONE };
    for (const section of SECTIONS) {
      const entries = new Map<string, Definition | null>();
      for (const name of base.definitions[section].keys()) {
        entries.set(name, await this.#extend(base, section, name, []));
      }
      result[section] = entries;
    }
    return result;
  }

  async #extend(base: Base, section: Section, name: string, chain: readonly string[]): Promise<Definition | null> {
    const key = `${section}.${name}`;
    const known = base.resolved.get(key);
    if (known !== undefined) return known;
    const definition = base.definitions[section].get(name) ?? null;
    const extended = definition?.attributes.get("extends");
    if (definition === null || extended === undefined) return definition;

    const here = `${name} in ${base.file}`;
    if (chain.includes(here)) {
      throw new MirrorError("compose-cycle", { what: "extends", chain: [...chain, here].join(" → ") });
    }
    if (chain.length >= LONGEST_CHAIN) {
      throw new MirrorError("compose-limit", { file: base.file, detail: "its extends form too long a chain" });
    }
    const { service, file } = extendsOf(extended, name);
    const source = file === undefined ? base : await this.#base(file, base, extended);
    if (!source.definitions[section].has(service)) {
      const detail = `service "${name}" extends "${service}", which is not in ${source.file}`;
      throw invalid(extended, detail);
    }
    const parent = await this.#extend(source, section, service, [...chain, here]);
    const merged =
      parent === null
        ? definition
        : mergeDefinition(applyServiceResets(parent, section, name, base.resets), definition);
    const attributes = new Map(merged.attributes);
    if (parent !== null) attributes.delete("extends");
    const result = { ...merged, attributes };
    base.resolved.set(key, result);
    return result;
  }

  /** The services of another file as they are written there, for `extends`. */
  async #base(file: string, from: Base, extended: Value): Promise<Base> {
    if (isRemote(file)) throw new MirrorError("compose-remote", { file, where: whereIs(extended) });
    const path = resolve(from.folder, file);
    const cache = entryOf(this.#bases, from.scope.variables, () => new Map<string, Base>());
    const known = cache.get(path);
    if (known) return known;
    const { documents } = await this.file(path, whereIs(extended));
    this.referenced.add(path);
    const warnings = this.warnings.length;
    let definitions = NONE;
    let resets: readonly Path[] = [];
    for (const document of documents) {
      const filled = this.#fill(document, from.scope, dirname(path));
      definitions = mergeDefinitions(applyResets(definitions, filled.resets), filled.definitions);
      resets = filled.resets;
    }
    // Of an extended file only the extended services count.
    this.warnings.length = warnings;
    const base = { file: path, folder: dirname(path), scope: from.scope, definitions, resets, resolved: new Map() };
    cache.set(path, base);
    return base;
  }
}

/** Fills variables into the values of one document; a value shared by aliases is filled in once. */
class Interpolation {
  readonly #variables: Variables;
  readonly #done = new Map<Value, { readonly value: Value; readonly unset: ReadonlySet<string> }>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** `path` is where the value stands, for messages; the variables without a value are added to `unset`. */
  value(value: Value, path: Path, unset: Set<string>): Value {
    if (!value.dollars) return value;
    const done = this.#done.get(value) ?? this.#fill(value, path);
    this.#done.set(value, done);
    for (const name of done.unset) unset.add(name);
    return done.value;
  }

  #fill(value: Value, path: Path): { readonly value: Value; readonly unset: ReadonlySet<string> } {
    const unset = new Set<string>();
    if (value.kind === "scalar") return { value: this.#scalar(value, path, unset), unset };
    if (value.kind === "sequence") {
      return { value: { ...value, items: value.items.map((item) => this.value(item, path, unset)) }, unset };
    }
    const entries = new Map<string, Value>();
    for (const [key, entry] of value.entries) entries.set(key, this.value(entry, [...path, key], unset));
    return { value: { ...value, entries }, unset };
  }

  #scalar(scalar: Scalar, path: Path, unset: Set<string>): Scalar {
    if (scalar.type !== "string") return scalar;
    const lookup = (name: string): string | undefined => this.#variables.get(name);
    try {
      return { ...scalar, text: interpolate(scalar.text, lookup, (name) => unset.add(name)), template: scalar };
    } catch (cause) {
      if (!(cause instanceof MirrorError)) throw cause;
      const where = `${path.join(".")} at ${whereIs(scalar)}`;
      throw new MirrorError(cause.code, { ...cause.values, where }, { cause });
    }
  }
}

/** COMPOSE_PROJECT_NAME, else the last `name` in the files, else the folder's name. */
function projectName(
  files: readonly SourceFile[],
  folder: string,
  variables: Variables,
  warnings: ComposeWarning[],
): string {
  const given = variables.get("COMPOSE_PROJECT_NAME") ?? "";
  if (given !== "") {
    if (normalName(given) !== given) throw new MirrorError("project-name-invalid", { name: given });
    return given;
  }
  const names = files.flatMap(({ documents }) =>
    documents.flatMap(({ root }) => {
      const value = root.kind === "mapping" ? root.entries.get("name") : undefined;
      return value?.kind === "scalar" && value.type !== "null" && value.text !== "" ? [value] : [];
    }),
  );
  const written = names.at(-1);
  const unset = new Set<string>();
  const filled = written && (new Interpolation(variables).value(written, ["name"], unset) as Scalar);
  warnings.push(...unsetWarnings(unset));
  const name = normalName(filled?.text ?? basename(folder));
  // A folder named in Chinese has no project name, which only the commands that need one refuse.
  if (name === "" && filled !== undefined) throw new MirrorError("project-name-invalid", { name: filled.text });
  return name;
}

function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}

function profilesIn(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** The short and the long form of one include, its paths made absolute. */
function includeOf(
  item: Value,
  from: string,
): { readonly paths: readonly string[]; readonly folder: string; readonly envFiles: readonly string[] } {
  const long = item.kind === "mapping" ? item.entries : new Map<string, Value>([["path", item]]);
  const strings = (key: string): readonly string[] => {
    const value = long.get(key);
    if (value === undefined || isNull(value)) return [];
    const texts = value.kind === "sequence" ? value.items.map(stringOf) : [stringOf(value)];
    if (texts.some((text) => text === undefined)) throw invalid(value, `include.${key} must be a string or a list`);
    return texts as string[];
  };
  const given = strings("path");
  const [main] = given;
  if (main === undefined) throw invalid(item, "include.path is missing");
  const remote = given.find(isRemote);
  if (remote !== undefined) throw new MirrorError("compose-remote", { file: remote, where: whereIs(item) });
  const paths = given.map((path) => resolve(from, path));
  const [directory] = strings("project_directory");
  const folder = directory === undefined || directory === "" ? dirname(paths[0]!) : resolve(from, directory);
  return { paths, folder, envFiles: strings("env_file").map((file) => resolve(from, file)) };
}

function extendsOf(value: Value, name: string): { readonly service: string; readonly file?: string } {
  if (value.kind !== "mapping") {
    const service = stringOf(value);
    if (service === undefined) throw invalid(value, `extends of service "${name}" must be a string or a mapping`);
    return { service };
  }
  const service = stringOf(value.entries.get("service"));
  if (service === undefined) throw invalid(value, `extends of service "${name}" must name a service`);
  const file = value.entries.get("file");
  if (file === undefined || isNull(file)) return { service };
  const path = stringOf(file);
  if (path === undefined) throw invalid(file, `extends.file of service "${name}" must be a string`);
  return { service, file: path };
}

/** What the compose schema asks of the attributes that decide images. */
function check(definitions: Definitions): void {
  for (const section of SECTIONS) {
    for (const [name, definition] of definitions[section]) {
      if (definition === null) {
        throw new MirrorError("compose-invalid", { where: `${section}.${name}`, detail: "it must be a mapping" });
      }
      for (const key of ["image", "platform", "pull_policy"]) {
        const value = definition.attributes.get(key);
        if (value !== undefined && stringOf(value) === undefined) {
          throw invalid(value, `${section}.${name}.${key} must be a string`);
        }
      }
      const profiles = definition.attributes.get("profiles");
      if (
        profiles !== undefined &&
        !(profiles.kind === "sequence" && profiles.items.every((item) => stringOf(item) !== undefined))
      ) {
        throw invalid(profiles, `${section}.${name}.profiles must be a list of strings`);
      }
      const build = definition.attributes.get("build");
      if (build !== undefined && build.kind !== "mapping" && stringOf(build) === undefined) {
        throw invalid(build, `${section}.${name}.build must be a string or a mapping`);
      }
    }
  }
}

/** The services that the profiles enable, checked as compose checks them, in code-point order. */
function select(definitions: Definitions, profiles: readonly string[], file: string): readonly Selected[] {
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
    throw new MirrorError("compose-invalid", { where: `jobs.${twice.name}`, detail: "a service has that name too" });
  }
  for (const { name, definition } of selected) {
    const { attributes } = definition;
    if (!attributes.has("build") && !attributes.has("provider") && imageOf(definition) === undefined) {
      const image = attributes.get("image");
      if (image?.kind === "scalar" && image.template !== undefined) {
        const { text } = image.template;
        const where = `${image.file.path}:${whereIs(image.template).split(":").at(-2)}`;
        throw new MirrorError("compose-image-empty", {
          service: name,
          image: text,
          variables: variablesIn(text),
          where,
          profiles: profilesOf(definition),
        });
      }
      const [first] = attributes.values();
      throw new MirrorError("compose-no-image", { service: name, where: first ? whereIs(first) : file });
    }
    for (const dependency of dependenciesOf(definition)) {
      if (enabled.has(dependency.name) || (known.has(dependency.name) && !dependency.required)) continue;
      const state = known.has(dependency.name) ? "which no chosen profile enables" : "which is not defined";
      throw invalid(dependency.value, `service "${name}" depends on "${dependency.name}", ${state}`);
    }
  }
  checkCycle(selected);
  return selected.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Services that wait for each other never start. Walks with its own stack: a chain may be as long as the project. */
function checkCycle(selected: readonly Selected[]): void {
  const dependencies = new Map(
    selected.map(({ name, definition }) => [name, dependenciesOf(definition).map((dependency) => dependency.name)]),
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

function profilesOf({ attributes }: Definition): readonly string[] {
  const value = attributes.get("profiles");
  return value?.kind === "sequence" ? value.items.flatMap((item) => stringOf(item) ?? []) : [];
}

interface Dependency {
  readonly name: string;
  readonly required: boolean;
  readonly value: Value;
}

/** `depends_on`, and what compose turns into it: links, volumes_from, and namespaces shared with a service. */
function dependenciesOf({ attributes }: Definition): readonly Dependency[] {
  const found = new Map<string, Dependency>();
  const add = (name: string | undefined, value: Value, required = true): void => {
    if (name !== undefined && !found.has(name)) found.set(name, { name, required, value });
  };
  const items = (key: string): readonly Value[] => {
    const value = attributes.get(key);
    return value?.kind === "sequence" ? value.items : [];
  };
  const dependsOn = attributes.get("depends_on");
  if (dependsOn?.kind === "mapping") {
    for (const [name, value] of dependsOn.entries) {
      const required = value.kind === "mapping" ? value.entries.get("required") : undefined;
      add(name, value, !(required?.kind === "scalar" && /^(?:false|n|no|off)$/i.test(required.text)));
    }
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

function imageOf({ attributes }: Definition): string | undefined {
  return stringOf(attributes.get("image")) || undefined;
}

function serviceOf(
  { section, name, definition }: Selected,
  selected: readonly Selected[],
  project: string,
  folder: string,
): Service {
  const build = definition.attributes.get("build");
  const image = imageOf(definition);
  const text = (key: string): string | undefined => stringOf(definition.attributes.get(key)) || undefined;
  const [platform, pullPolicy] = [text("platform"), text("pull_policy")];
  return {
    name,
    ...(image === undefined ? {} : { image }),
    otherImages: otherImages(definition, selected),
    defaultImage: project === "" ? name : `${project}-${name}`,
    built: build !== undefined || definition.attributes.has("provider"),
    ...(build === undefined ? {} : { build: buildOf(build, folder) }),
    profiles: profilesOf(definition),
    ...(platform === undefined ? {} : { platform }),
    ...(pullPolicy === undefined ? {} : { pullPolicy }),
    section,
  };
}

/** What hooks and volumes need besides the service's image. A volume may also name a service, whose image is built. */
function otherImages(definition: Definition, selected: readonly Selected[]): readonly string[] {
  const own = imageOf(definition);
  const named = imagesIn(definition.attributes).filter(
    ({ attribute, image: { text } }) =>
      attribute === "pre_start" ||
      (attribute === "volumes" &&
        !selected.some((other) => other.name === text && imageOf(other.definition) === undefined)),
  );
  return [...new Set(named.map(({ image: { text } }) => text))].filter((image) => image !== own).toSorted();
}

/** Images of hooks and volumes can only be changed where they are written: lists cannot be overridden item by item. */
function notWritable({ service, attribute, image, layer }: ImageUse): readonly ComposeWarning[] {
  if (attribute === "image" || layer !== undefined) return [];
  return [{ code: "image-not-written", values: { service, attribute, image } }];
}

function unsetWarnings(names: Iterable<string>): readonly ComposeWarning[] {
  return [...names].map((variable) => ({ code: "variable-unset", values: { variable } }) as const);
}

function distinct(warnings: readonly ComposeWarning[]): readonly ComposeWarning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}

function invalid(value: Value, detail: string): MirrorError {
  return new MirrorError("compose-invalid", { where: whereIs(value), detail });
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

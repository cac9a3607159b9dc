/**
 * From files to a project, in the order in which compose-go's loader works. For every document of every file: fill in
 * variables, bring in what it includes, drop what it resets, resolve `extends`, put it over what came before. Then
 * choose by profile and check the services that are left.
 *
 * Every image stays tied to the scalar it is written in, which `rewrite` needs; every path becomes relative to the
 * project's folder, whichever folder it was written for. A file is parsed once however often it is included or extended.
 */
import { dirname, resolve } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { anchorBuild } from "./build.ts";
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
  type Value,
  whereIs,
} from "./document.ts";
import { Filling } from "./fill.ts";
import { type ImageAttribute, imagesIn, mapImages } from "./images.ts";
import { extendsOf, includeOf } from "./include.ts";
import { variablesIn } from "./interpolation.ts";
import { invalid } from "./invalid.ts";
import {
  applyResets,
  applyServiceResets,
  type Definition,
  type Definitions,
  isExtension,
  mergeDefinition,
  mergeDefinitions,
  NONE,
  RESOURCE_KINDS,
  type ResourceKind,
  type Section,
  SECTIONS,
} from "./merge.ts";
import { projectName } from "./name.ts";
import { Rebase } from "./paths.ts";
import type { ComposeWarning, ImageUse, LoadOptions, Project } from "./project.ts";
import { checkShapes, profilesIn, select, type Selected } from "./select.ts";
import { serviceOf } from "./service.ts";
import { Sharing } from "./sharing.ts";

const MOST_FILES = 1000;
const LONGEST_CHAIN = 100;

/**
 * Loads the project that docker compose would load with these options.
 * Throws `compose-not-found`, `compose-stdin`, `compose-remote`, `compose-yaml`, `compose-invalid`, `compose-empty`,
 * `compose-no-image`, `compose-image-empty`, `compose-cycle`, `compose-limit`, `interpolation-invalid`, `variable-required`,
 * `env-file-invalid`, `project-name-invalid`, `file-read`.
 */
export async function load(options: LoadOptions): Promise<Project> {
  const { files, folder, variables, envFiles, warnings } = await discover(options);
  const loader = new Loader(folder, envFiles, warnings);
  const parsed: SourceFile[] = [];
  for (const file of files) parsed.push(await loader.file(file));
  const { name, isGiven, unset } = projectName(parsed, folder, variables);
  loader.warnings.push(...unsetWarnings(unset));
  const scope: Scope = { variables: new Map([...variables, ["COMPOSE_PROJECT_NAME", name]]), folder };
  const definitions = await loader.layers(parsed, scope);

  const active = options.profiles.length > 0 ? options.profiles : profilesIn(variables.get("COMPOSE_PROFILES"));
  const narrowing =
    options.profiles.length > 0 ? options.profiles : profilesIn(options.environment["COMPOSE_PROFILES"]);
  const everything = narrowing.length > 0 ? narrowing : ["*"];
  const profiles = options.onlyActiveProfiles === true ? active : everything;
  const selected = select(definitions, profiles, files[0], options.onEmptyImage ?? refuse);
  const uses = selected.flatMap((entry) => loader.usesOf(entry));
  return {
    name,
    isNamed: isGiven,
    folder,
    composeFiles: files,
    files: new Map([...loader.parsed].map(([path, { text }]) => [path, text])),
    envFiles: [...new Set(loader.envFiles)],
    referencedFiles: [...loader.referenced].toSorted(),
    includes: loader.includes,
    severalDocuments: [...loader.parsed.values()].some(({ documents }) => documents.length > 1),
    definitions,
    services: selected.map((entry) => serviceOf(entry, { project: name, folder, selected })),
    activeProfiles: active,
    uses,
    warnings: distinct([
      ...loader.warnings,
      ...selected.flatMap(({ definition }) => unsetWarnings(definition.unset)),
      ...uses.flatMap(notWritable),
    ]),
  };
}

function refuse(error: MirrorError): never {
  throw error;
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

  readonly #folder: string;

  /** `folder` is the project's, absolute. */
  constructor(folder: string, envFiles: readonly string[], warnings: readonly ComposeWarning[]) {
    this.#folder = folder;
    this.envFiles = [...envFiles];
    this.warnings = [...warnings];
  }

  /** Reads and parses a file once. */
  async file(path: string): Promise<SourceFile> {
    const known = this.parsed.get(path);
    if (known) return known;
    if (this.parsed.size >= MOST_FILES) {
      throw new MirrorError("compose-limit", {
        file: path,
        detail: message("compose-files-most", { most: MOST_FILES }),
      });
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
  usesOf({ section, name, definition }: Selected): readonly ImageUse[] {
    return imagesIn(definition.attributes).flatMap(({ attribute, image, repeats }) => {
      const use = this.#useOf(name, attribute, image);
      const others = repeats.map((repeat) => this.#useOf(name, attribute, repeat));
      // Of a service's volumes with one target the last counts. Compose has no such rule for jobs (compose-go, override/uncity.go).
      if (attribute === "volumes" && section === "services") return [use, ...others.filter(isWritable)];
      if ([use, ...others].every(isWritable)) return [use, ...others];
      // Compose takes equal items for one only as long as they stay equal.
      const { layer: _, ...unwritten } = use;
      return [unwritten];
    });
  }

  #useOf(service: string, attribute: ImageAttribute, image: Scalar): ImageUse {
    const written = image.template ?? image;
    const place = this.#sharing.placeOf(written);
    const layer = place === undefined ? undefined : this.#layerOf.get(image);
    const { file, range } = place ?? written.target ?? written;
    const [variables, empty] = [variablesIn(written.text), image.empty ?? []];
    return {
      service,
      attribute,
      image: image.text,
      file: file.path,
      ...range,
      variables,
      empty,
      ...(image.notText === undefined ? {} : { notText: image.notText }),
      ...(layer === undefined ? {} : { layer }),
    };
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
      if (root.entries.has("version")) this.warnings.push(message("warning-version-obsolete", { file: file.path }));
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
      checkShapes(definitions);
    }
    return definitions;
  }

  /** `folder` is what paths in the document are relative to. */
  #fill(document: Document, { variables }: Scope, folder: string, layer?: number): Filled {
    const unsetElsewhere = new Set<string>();
    const fill = new Filling(variables);
    if (document.root.kind !== "mapping") throw invalid(document.root, message("compose-top-mapping"));
    const rebase = new Rebase(folder, this.#folder);
    const entries = new Map<string, Value>();
    const definitions: { -readonly [S in keyof Definitions]: Definitions[S] } = { ...NONE };
    const extensions = new Map<string, Value>();
    for (const [key, value] of document.root.entries) {
      if (key !== "services" && key !== "jobs") {
        const filled = fill.value(value, [key], unsetElsewhere);
        entries.set(key, filled);
        if (isExtension(key)) extensions.set(key, filled);
        if (isResourceKind(key) && filled.kind === "mapping") {
          definitions[key] = new Map([...filled.entries].map(([name, entry]) => [name, rebase.resource(entry)]));
        }
        continue;
      }
      if (value.kind !== "mapping") throw invalid(value, message("compose-mapping", { key }));
      definitions[key] = new Map(
        [...value.entries].map(([name, service]) => [name, this.#define(service, [key, name], fill, folder, layer)]),
      );
    }
    this.warnings.push(...unsetWarnings(unsetElsewhere));
    return {
      root: { ...document.root, entries },
      definitions: { ...definitions, extensions },
      resets: document.resets,
    };
  }

  #define(service: Value, path: Path, fill: Filling, folder: string, layer: number | undefined): Definition | null {
    const [section, name = ""] = path;
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
      throw invalid(service, message("compose-service-name", { name }));
    }
    if (isNull(service)) return null;
    if (service.kind !== "mapping") throw invalid(service, message("compose-mapping", { key: `${section}.${name}` }));
    const unset = new Set<string>();
    const filled = fill.value(service, path, unset) as Mapping;
    const attributes = new Map(new Rebase(folder, this.#folder).service(filled.entries));
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
    if (list?.kind !== "sequence") throw invalid(list!, message("compose-list", { key: "include" }));
    this.includes = true;
    if (including.length > LONGEST_CHAIN) {
      throw new MirrorError("compose-limit", { file: root.file.path, detail: message("compose-includes-deep") });
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
      const file = await this.file(path);
      this.referenced.add(path);
      definitions = await this.#merge(definitions, file, { variables, folder }, including);
    }
    // Compose takes no extension fields from an included file.
    const included = { ...definitions, extensions: NONE.extensions };
    cache.set(key, included);
    return included;
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
    const result: { -readonly [S in keyof Definitions]: Definitions[S] } = { ...base.definitions };
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
      throw new MirrorError("compose-limit", { file: base.file, detail: message("compose-extends-deep") });
    }
    const { service, file } = extendsOf(extended, name);
    const source = file === undefined ? base : await this.#base(file, base, extended);
    if (!source.definitions[section].has(service)) {
      throw invalid(extended, message("compose-extends-unknown", { service: name, other: service, file: source.file }));
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
    const { documents } = await this.file(path);
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

function isWritable({ layer }: ImageUse): boolean {
  return layer !== undefined;
}

/** Images of hooks and volumes can only be changed where they are written: lists cannot be overridden item by item. */
function notWritable({ service, attribute, image, layer }: ImageUse): readonly ComposeWarning[] {
  if (attribute === "image" || layer !== undefined) return [];
  return [message("warning-image-not-written", { service, attribute, image })];
}

function unsetWarnings(names: Iterable<string>): readonly ComposeWarning[] {
  return [...names].map((variable) => message("warning-variable-unset", { variable }));
}

function distinct(warnings: readonly ComposeWarning[]): readonly ComposeWarning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function isResourceKind(key: string): key is ResourceKind {
  return (RESOURCE_KINDS as readonly string[]).includes(key);
}

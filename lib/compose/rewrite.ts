/**
 * The project with mirrored names in place of public ones, as `docker-compose-mirror.yaml`.
 *
 * The names are spliced into the source text: every byte outside the image scalars stays. A project of several files
 * becomes several YAML documents of one file, which docker compose (2.21 and later) puts over each other exactly as it
 * does with several `-f` (https://github.com/compose-spec/compose-spec/blob/main/13-merge.md). The image of a service of
 * a single file that comes from the file it `extends` is written into that service, which then overrides what it extends
 * (https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends), so one document stays one. Any other
 * image of an extended or included file, or in a scalar that also serves as something else, is set by one more document
 * at the end that holds nothing but such images. So in every case `docker compose -f docker-compose-mirror.yaml config`
 * is the original's, with other images.
 *
 * docker-compose v1 reads one document only. Where there are more, it gets the project's own files and one flat file
 * of images after them.
 */
import { basename, dirname, join, relative } from "node:path";
import { type Document, type Mapping, parseFile, stringOf, typeOfPlain, type Value } from "./document.ts";
import { MirrorError } from "../messages/errors.ts";
import { escapeDollars } from "./interpolation.ts";
import { SECTIONS } from "./merge.ts";
import type { ImageUse, Project, Service } from "./project.ts";

/** The file to run, beside the first compose file. */
export const MIRROR_FILE = "docker-compose-mirror.yaml";
/** Images alone, for docker-compose v1; beside the file to run. */
export const MIRROR_IMAGES_FILE = "docker-compose-mirror.images.yaml";

/** The releases of docker compose that brought what a result may use. */
const SEVERAL_DOCUMENTS = "2.21.0";
const INCLUDE = "2.20.0";
const ANY_V2 = "2.0.0";

export interface RewriteOptions {
  /** Absolute path of the file to write; in the project folder unless given. */
  readonly output?: string | undefined;
  /** Images that are at the mirror by the name they have. */
  readonly present?: ReadonlySet<string>;
}

interface WrittenFile {
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
}

/** A variable image whose value is now fixed. */
interface Frozen {
  readonly service: string;
  readonly variables: readonly string[];
  /** The image it had. */
  readonly image: string;
}

interface Untouched {
  readonly service: string;
  readonly image?: string;
  readonly reason: "ignored" | "built" | "present";
}

export interface Rewrite {
  /** What to write; the first is the file to run. */
  readonly files: readonly [WrittenFile, ...WrittenFile[]];
  /** What to pass as `-f`, in order, relative to the folder of the first file. v1 is absent when it cannot run it. */
  readonly runFiles: { readonly v2: readonly string[]; readonly v1?: readonly string[] };
  /** The oldest docker compose v2 that runs `runFiles.v2`; an older one runs `runFiles.v1`, where there is one. */
  readonly oldestV2: string;
  /**
   * Absolute paths of the project's compose files that the result still refers to. Running with `runFiles.v1` needs
   * those it names too.
   */
  readonly sourceFiles: readonly string[];
  /** Services whose image is now the mirror's. */
  readonly rewritten: number;
  /** In code-point order of the services, like `untouched`. */
  readonly frozen: readonly Frozen[];
  readonly untouched: readonly Untouched[];
}

/** Writes `targets` (mirror name by the image as the project writes it) into the project. The same input gives the same bytes. */
export function rewrite(
  project: Project,
  targets: ReadonlyMap<string, string>,
  { output = join(project.folder, MIRROR_FILE), present = new Set() }: RewriteOptions = {},
): Rewrite {
  const mirrored = project.services.filter(({ image }) => image !== undefined && targets.has(image));
  const names = new Set(mirrored.map(({ name }) => name));
  const uses = project.uses.filter(({ image }) => targets.has(image));
  const spliced = new Set(
    uses.filter(({ attribute, layer }) => attribute === "image" && layer !== undefined).map(({ service }) => service),
  );
  const target = (image: string): string => escapeDollars(targets.get(image)!);

  const others = mirrored.filter(({ name }) => !spliced.has(name));
  const inserts = insertsFor(project, others, target);
  const documents = project.composeFiles
    .map((path, layer) => {
      const replaced = uses.filter((use) => use.layer === layer).map((use) => replacement(project, use, target));
      return splice(project.files.get(path)!, [...replaced, ...(inserts ?? [])]);
    })
    .filter((text, layer) => layer === 0 || !isBlank(text));
  if (inserts === undefined) documents.push(imagesDocument(others, target));
  const isOne = documents.length === 1;
  // v1 takes the folder of its first file for the project's.
  const isAtHome = project.folder === dirname(project.composeFiles[0]!);
  const isForV1 = !project.includes && !project.severalDocuments && (isOne || isAtHome);
  const main: WrittenFile = { path: output, text: joinDocuments(documents) };
  const images: WrittenFile = {
    path: join(dirname(output), MIRROR_IMAGES_FILE),
    text: imagesDocument(mirrored, target),
  };
  const hasImages = !isOne && isForV1 && mirrored.length > 0;
  const forV1 = isOne
    ? [basename(output)]
    : [...project.composeFiles, ...(hasImages ? [images.path] : [])].map((path) => relative(dirname(output), path));

  return {
    files: hasImages ? [main, images] : [main],
    runFiles: { v2: [basename(output)], ...(isForV1 ? { v1: forV1 } : {}) },
    oldestV2: isOne ? oldestV2Of(project) : SEVERAL_DOCUMENTS,
    sourceFiles: project.referencedFiles,
    rewritten: mirrored.length,
    frozen: uses
      .filter(
        ({ attribute, layer, variables }) => variables.length > 0 && (attribute === "image" || layer !== undefined),
      )
      .map(({ service, variables, image }) => ({ service, variables, image })),
    untouched: project.services
      .filter(({ name }) => !names.has(name))
      .map((service) => untouched(service, project, present)),
  };
}

/** The oldest docker compose v2 that reads the files of a project. */
export function oldestV2Of({ severalDocuments, includes }: Pick<Project, "severalDocuments" | "includes">): string {
  return severalDocuments ? SEVERAL_DOCUMENTS : includes ? INCLUDE : ANY_V2;
}

function untouched({ name, image, built }: Service, { services }: Project, present: ReadonlySet<string>): Untouched {
  if (image !== undefined && present.has(image)) return { service: name, image, reason: "present" };
  const isBuilt = built || services.some((other) => other.built && other.image === image);
  return { service: name, ...(image === undefined ? {} : { image }), reason: isBuilt ? "built" : "ignored" };
}

/** One place of a file's text, and what is written there. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function replacement({ files }: Project, use: ImageUse, target: (image: string) => string): Edit {
  const { file, start, end, image } = use;
  return { start, end, text: scalarLike(files.get(file)![start]!, target(image)) };
}

/** Makes the edits; a scalar that several services share is one place. */
function splice(text: string, edits: readonly Edit[]): string {
  const places = new Map(edits.map((edit) => [edit.start, edit]));
  let out = "";
  let from = 0;
  for (const edit of [...places.values()].toSorted((a, b) => a.start - b.start)) {
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return out + text.slice(from);
}

/**
 * Gives every service an `image` of its own, in the one document of a project of one file. `undefined` when that cannot
 * be done for all of them: one is not written in that document, has an `image` already, or shares what is written.
 */
function insertsFor(
  { composeFiles, files }: Project,
  services: readonly Service[],
  target: (image: string) => string,
): readonly Edit[] | undefined {
  if (services.length === 0) return [];
  const [path] = composeFiles;
  if (path === undefined || composeFiles.length > 1) return undefined;
  const { documents, text } = parseFile(path, files.get(path)!);
  const [document] = documents;
  if (document === undefined || documents.length > 1) return undefined;
  const edits = services.map(({ name, section, image }) => {
    const written = ownMapping(document, section, name);
    return written && insertion(text, written, scalar(target(image!)));
  });
  return edits.every((edit) => edit !== undefined) ? edits : undefined;
}

/** The mapping of a service that extends another and has no `image`, where nothing else refers to that mapping. */
function ownMapping({ root, resets, aliased }: Document, section: string, name: string): Mapping | undefined {
  const services = root.kind === "mapping" ? root.entries.get(section) : undefined;
  const service = services?.kind === "mapping" ? services.entries.get(name) : undefined;
  if (service?.kind !== "mapping" || !service.entries.has("extends") || service.entries.has("image")) return undefined;
  const isReset = resets.some((path) => path[0] === section && (path[1] ?? name) === name);
  return isReset || (aliased && countOf(root, service) > 1) ? undefined : service;
}

/** How often `wanted` is met in `value`. */
function countOf(value: Value, wanted: Mapping, seen = new Set<Value>()): number {
  if (value === wanted) return 1;
  if (value.kind === "scalar" || seen.has(value)) return 0;
  seen.add(value);
  const children = value.kind === "mapping" ? [...value.entries.values()] : value.items;
  return children.reduce((sum, child) => sum + countOf(child, wanted, seen), 0);
}

/** Writes `image: NAME` as the first entry of a mapping that is not empty; a block mapping gets a line of its own. */
function insertion(text: string, { range: { start } }: Mapping, name: string): Edit | undefined {
  if (text[start] === "{") return { start: start + 1, end: start + 1, text: `image: ${name}, ` };
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (!/^ +$/.test(indent)) return undefined;
  const lineBreak = /\r?\n/.exec(text)?.[0] ?? "\n";
  return { start, end: start, text: `image: ${name}${lineBreak}${indent}` };
}

/**
 * Whether a text is a `docker-compose-mirror.images.yaml` as it is written here: nothing but services, each with nothing
 * but an image.
 */
export function isImagesDocument(text: string): boolean {
  try {
    const { documents } = parseFile(MIRROR_IMAGES_FILE, text);
    const [document] = documents;
    if (documents.length !== 1 || document?.root.kind !== "mapping" || document.root.entries.size === 0) return false;
    return [...document.root.entries].every(
      ([section, services]) =>
        SECTIONS.some((each) => each === section) &&
        services.kind === "mapping" &&
        [...services.entries.values()].every(
          (service) =>
            service.kind === "mapping" &&
            service.entries.size === 1 &&
            stringOf(service.entries.get("image")) !== undefined,
        ),
    );
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error;
    return false;
  }
}

/** Writes a string in the quoting style that `first`, the first character of the scalar it replaces, shows. */
function scalarLike(first: string, value: string): string {
  if (first === "'" && /^[ -~]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return first === '"' ? quoted(value) : scalar(value);
}

/** A plain scalar where every YAML reader takes it as that string, in a flow collection too, else a quoted one. */
function scalar(value: string): string {
  const isPlain =
    /^[A-Za-z0-9_](?:[A-Za-z0-9_./@-]|:(?=[A-Za-z0-9_./@-]))*$/.test(value) &&
    typeOfPlain(value) === "string" &&
    !/^(?:y|n|yes|no|on|off|[\d_.:]+)$/i.test(value);
  return isPlain ? value : quoted(value);
}

/** A double-quoted scalar: JSON is one, once what YAML forbids in a stream is escaped too. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function imagesDocument(services: readonly Service[], target: (image: string) => string): string {
  return SECTIONS.map((section) => {
    const entries = services.filter((service) => service.section === section);
    const lines = entries.map(({ name, image }) => `  ${scalar(name)}:\n    image: ${scalar(target(image!))}\n`);
    return lines.length === 0 ? "" : `${section}:\n${lines.join("")}`;
  }).join("");
}

/** Makes one stream of several texts, each of which may already begin with a document marker or with directives. */
function joinDocuments([first = "", ...others]: readonly string[]): string {
  const lineBreak = /\r?\n/.exec(first)?.[0] ?? "\n";
  let out = first;
  for (const other of others) {
    const text = other.startsWith("\uFEFF") ? other.slice(1) : other;
    if (out !== "" && !out.endsWith("\n")) out += lineBreak;
    const [opening] = text.match(/^(?:[ \t]*(?:#.*)?\r?\n)*(?:%|---(?=\s|$))/) ?? [""];
    out += opening.endsWith("%") ? `...${lineBreak}` : opening === "" ? `---${lineBreak}` : "";
    out += text;
  }
  return out;
}

/** Whether a text holds no document: blank lines and comments only. */
function isBlank(text: string): boolean {
  return /^\uFEFF?(?:[ \t]*(?:#.*)?(?:\r?\n|$))*$/.test(text);
}

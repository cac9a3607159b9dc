/**
 * The project with mirrored names in place of public ones, as `docker-compose-mirror.yaml`.
 *
 * The names are spliced into the source text: every byte outside the image scalars stays. A project of several files
 * becomes several YAML documents of one file, which docker compose (2.21 and later) puts over each other exactly as it
 * does with several `-f`. An image that is written in an extended or included file, or in a scalar that also serves as
 * something else, is set by one more document at the end that holds nothing but such images. So in every case
 * `docker compose -f docker-compose-mirror.yaml config` is the original's, with other images.
 *
 * docker-compose v1 reads one document only. Where there are more, it gets the project's own files and one flat file
 * of images after them.
 */
import { basename, dirname, join, relative } from "node:path";
import { typeOfPlain } from "./document.ts";
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
  /** Absolute path of the file to write; beside the first compose file unless given. */
  readonly output?: string | undefined;
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
  readonly reason: "ignored" | "built";
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
  { output = join(dirname(project.composeFiles[0]!), MIRROR_FILE) }: RewriteOptions = {},
): Rewrite {
  const mirrored = project.services.filter(({ image }) => image !== undefined && targets.has(image));
  const names = new Set(mirrored.map(({ name }) => name));
  const uses = project.uses.filter(({ image }) => targets.has(image));
  const spliced = new Set(
    uses.filter(({ attribute, layer }) => attribute === "image" && layer !== undefined).map(({ service }) => service),
  );
  const target = (image: string): string => escapeDollars(targets.get(image)!);

  const documents = project.composeFiles
    .map((path, layer) =>
      splice(
        project.files.get(path)!,
        uses.filter((use) => use.layer === layer),
        target,
      ),
    )
    .filter((text, layer) => layer === 0 || !isBlank(text));
  const others = mirrored.filter(({ name }) => !spliced.has(name));
  if (others.length > 0) documents.push(imagesDocument(others, target));
  const isOne = documents.length === 1;
  const isForV1 = !project.includes && !project.severalDocuments;
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
    untouched: project.services.filter(({ name }) => !names.has(name)).map((service) => untouched(service, project)),
  };
}

/** The oldest docker compose v2 that reads the files of a project. */
export function oldestV2Of({ severalDocuments, includes }: Pick<Project, "severalDocuments" | "includes">): string {
  return severalDocuments ? SEVERAL_DOCUMENTS : includes ? INCLUDE : ANY_V2;
}

function untouched({ name, image, built }: Service, { services }: Project): Untouched {
  const isBuilt = built || services.some((other) => other.built && other.image === image);
  return { service: name, ...(image === undefined ? {} : { image }), reason: isBuilt ? "built" : "ignored" };
}

/** Replaces the scalar of each use; a scalar that several services share is one place. */
function splice(text: string, uses: readonly ImageUse[], target: (image: string) => string): string {
  const places = new Map(uses.map((use) => [use.start, use]));
  let out = "";
  let from = 0;
  for (const { start, end, image } of [...places.values()].toSorted((a, b) => a.start - b.start)) {
    out += text.slice(from, start) + scalarLike(text[start]!, target(image));
    from = end;
  }
  return out + text.slice(from);
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

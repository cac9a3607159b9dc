/** Loads and rewrites a project as this software does, asks the real docker compose, and tells where they differ. */
import { isDeepStrictEqual } from "node:util";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { load } from "../../lib/compose/load.ts";
import type { LoadOptions, Project } from "../../lib/compose/project.ts";
import { rewrite, type Rewrite } from "../../lib/compose/rewrite.ts";
import { v1Problems } from "../../lib/compose/v1.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { configV1, configV2, imagesV2, type Refusal, type Rendered } from "./real-compose.ts";
import type { Sample } from "./sample.ts";

const ALL = ["*"];

/**
 * What differs between this software and docker compose v2 for a project, in words; empty when nothing does. The
 * project is loaded with every profile, with those of the sample, and with none, and rewritten.
 */
export function differencesFromV2(sample: Sample): Promise<readonly string[]> {
  return inFolder(sample.files, async (folder) => {
    const options = inside(folder, sample.options);
    const isNarrowed = options.profiles.length > 0 || options.environment["COMPOSE_PROFILES"] !== undefined;
    const found: string[] = [];
    const chosen = isNarrowed ? [ALL, options.profiles] : [ALL];
    for (const profiles of sample.refused === undefined ? chosen : chosen.slice(-1)) {
      found.push(...(await compare({ ...options, profiles }, sample.refused)));
    }
    return found;
  });
}

export function inside(folder: string, options: LoadOptions): LoadOptions {
  return { ...options, cwd: join(folder, options.cwd), environment: { HOME: folder, ...options.environment } };
}

async function compare(options: LoadOptions, refused: Sample["refused"]): Promise<readonly string[]> {
  const [project, original, images] = await Promise.all([loaded(options), configV2(options), imagesV2(options)]);
  const shown = `with profiles ${options.profiles.join(", ")}`;
  const isRefused = "refusal" in original;
  const who = isRefused ? ("refusal" in project ? "both" : "compose") : "refusal" in project ? "us" : undefined;
  if (who !== refused && !(who === "both" && refused === undefined)) {
    const reasons = [project, original].map((each) => ("refusal" in each ? each.refusal.trim() : "accepted"));
    return [`${shown}: refused by ${who ?? "nobody"}; we: ${reasons[0]}; compose: ${reasons[1]}`];
  }
  if ("refusal" in project || "refusal" in original) return [];
  if ("refusal" in images) return [`${shown}: config and config --images disagree: ${images.refusal}`];
  return [
    ...unequal(`${shown}: images`, imagesOf(project), distinct([...images, ...volumeImages(original.config)])),
    ...(options.profiles === ALL ? compareUnset(project, original.unset) : []),
    ...(await compareRewritten(project, original.config, options)),
  ];
}

async function loaded(options: LoadOptions): Promise<Project | Refusal> {
  try {
    return await load(options);
  } catch (thrown) {
    if (thrown instanceof MirrorError) return { refusal: thrown.message };
    throw thrown;
  }
}

/** Every image of the project, each once. */
function imagesOf({ services }: Project): readonly string[] {
  return distinct(services.flatMap(({ image, defaultImage, otherImages }) => [image ?? defaultImage, ...otherImages]));
}

/**
 * The sources of image volumes, which compose pulls but `config --images` does not print. One may be a service's name
 * instead.
 */
function volumeImages({ services, jobs = {} }: Rendered): readonly string[] {
  const containers = [...Object.values(services), ...Object.values(jobs)];
  const sources = containers
    .flatMap((container) => [container, ...(container.pre_start ?? [])])
    .flatMap(({ volumes = [] }) => volumes)
    .flatMap(({ type, source }) => (type === "image" && source !== undefined ? source : []));
  return sources.filter((source) => services[source] === undefined);
}

function distinct(images: readonly string[]): readonly string[] {
  return [...new Set(images)].toSorted();
}

/**
 * We warn of the variables that compose warns about, but for those that only stand in what a later file drops or in
 * services of an extended file that nobody extends.
 */
function compareUnset({ warnings, files }: Project, theirs: readonly string[]): readonly string[] {
  const ours = warnings.flatMap(({ code, values }) =>
    code === "warning-variable-unset" ? (values["variable"] as string) : [],
  );
  const mayOmit = [...files.values()].some((text) => /!(?:override|reset)|\bfile"?:/.test(text));
  const wanted = mayOmit ? theirs.filter((variable) => ours.includes(variable)) : theirs;
  return unequal("unset variables", ours.toSorted(), wanted);
}

/** Every image somebody can pull but some, which stay as they are. */
export function targetsOf({ services }: Project): ReadonlyMap<string, string> {
  const built = new Set(services.filter((service) => service.built).map(({ image }) => image));
  const images = services.flatMap(({ image, otherImages }) => [
    ...(image === undefined ? [] : [image]),
    ...otherImages,
  ]);
  const mirrored = images.filter((image) => !built.has(image) && !image.includes("keep"));
  return new Map(mirrored.map((image) => [image, `mirror.example:5000/team/${encodeURIComponent(image)}`]));
}

export async function write({ files }: Rewrite): Promise<void> {
  for (const { path, text } of files) await writeFile(path, text);
}

async function compareRewritten(
  project: Project,
  original: Rendered,
  options: LoadOptions,
): Promise<readonly string[]> {
  const targets = targetsOf(project);
  const result = rewrite(project, targets);
  await write(result);
  const folder = dirname(result.files[0].path);
  const files = result.runFiles.v2.map((file) => resolve(folder, file));
  const mirrored = await configV2({ ...options, files });
  if ("refusal" in mirrored) return [`compose refuses what was written: ${mirrored.refusal}`];
  return unequal("rewritten", comparable(mirrored.config, targets, project), expected(original, targets, project));
}

/** The same for docker-compose v1, where it can read the project and nothing that we know of stands in its way. */
export function differencesFromV1(sample: Sample): Promise<readonly string[] | "not readable"> {
  return inFolder(sample.files, async (folder) => {
    // v1 looks for files in another order, takes one env file, and renders every service whatever its profile.
    const { COMPOSE_PROFILES: _, ...environment } = sample.options.environment;
    const given = inside(folder, { ...sample.options, environment, profiles: ALL });
    if (given.envFiles.length > 1 || Object.keys(environment).some((key) => /ENV_FILE/.test(key)))
      return "not readable";
    const project = await loaded(given);
    if ("refusal" in project || v1Problems(project).length > 0) return "not readable";
    // It wants the folders of builds to exist.
    for (const { build } of project.services) {
      if (build?.context.startsWith("/") === true) await mkdir(build.context, { recursive: true });
    }
    const options = { ...given, files: project.composeFiles, profiles: [] };
    const original = await configV1(options);
    if ("refusal" in original) return [`v1 refuses it, and no problem was told: ${original.refusal}`];
    const targets = targetsOf(project);
    const result = rewrite(project, targets);
    if (result.runFiles.v1 === undefined) return ["there is nothing for v1 to run"];
    await write(result);
    const output = dirname(result.files[0].path);
    const mirrored = await configV1({ ...options, files: result.runFiles.v1.map((file) => resolve(output, file)) });
    if ("refusal" in mirrored) return [`v1 refuses what was written: ${mirrored.refusal}`];
    return [
      ...unequal(
        "v1: images",
        project.services.map(({ name, image }) => `${name}=${image ?? ""}`).toSorted(),
        imagesByService(original),
      ),
      ...unequal("v1: rewritten", comparable(mirrored, targets, project), expected(original, targets, project)),
    ];
  });
}

function imagesByService({ services }: Rendered): readonly string[] {
  return Object.entries(services)
    .map(([name, { image }]) => `${name}=${image ?? ""}`)
    .toSorted();
}

/** Where a string stands in a rendered project: `services`, the service, the attribute, and so on. */
type Path = readonly string[];

/** The original with the mirrored images in place. */
export function expected(original: Rendered, targets: ReadonlyMap<string, string>, project: Project): unknown {
  const isKept = keptBy(project);
  return mapStrings(original, [], (text, path, isImage) =>
    isImage || inExtension(path) ? (isKept(path, text) ? text : (targets.get(text) ?? text)) : text,
  );
}

/** What was written, rendered, where it may differ: as `expected` has it. */
export function comparable(rendered: Rendered, targets: ReadonlyMap<string, string>, project: Project): unknown {
  const isKept = keptBy(project);
  const sources = new Map([...targets].map(([source, target]) => [target, source]));
  return mapStrings(rendered, [], (text, path) => {
    const source = sources.get(text) ?? text;
    if (isKept(path, source)) return source;
    // Extension fields hold what services refer to by anchors, so names are changed there, but only those in use.
    return inExtension(path) ? (targets.get(text) ?? text) : text;
  });
}

/** Tells the images that the project warns about as not writable. */
function keptBy({ warnings }: Project): (path: Path, image: string) => boolean {
  const kept = new Set(
    warnings.flatMap(({ code, values: { service, attribute, image } }) =>
      code === "warning-image-not-written" ? JSON.stringify([service, attribute, image]) : [],
    ),
  );
  return ([, service, attribute], image) => kept.has(JSON.stringify([service, attribute, image]));
}

function inExtension(path: Path): boolean {
  return path.some((key) => key.startsWith("x-"));
}

function mapStrings(
  value: unknown,
  path: Path,
  change: (text: string, path: Path, isImage: boolean) => string,
  isImage = false,
): unknown {
  if (typeof value === "string") return change(value, path, isImage);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, [...path, "-"], change));
  if (!isObject(value)) return value;
  const imageKey = value["type"] === "image" ? "source" : "image";
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, mapStrings(entry, [...path, key], change, key === imageKey)]),
  );
}

export function unequal(what: string, ours: unknown, theirs: unknown): readonly string[] {
  if (isDeepStrictEqual(ours, theirs)) return [];
  return [`${what} differ at ${firstDifference(ours, theirs, "")}`];
}

function firstDifference(ours: unknown, theirs: unknown, path: string): string {
  if (isObject(ours) && isObject(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      if (!isDeepStrictEqual(ours[key], theirs[key])) return firstDifference(ours[key], theirs[key], `${path}.${key}`);
    }
  }
  return `${path}: ours ${JSON.stringify(ours)}, compose's ${JSON.stringify(theirs)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

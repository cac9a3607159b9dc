/** From configuration to plan: what every script begins with. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildBases } from "../compose/build-bases.ts";
import { load } from "../compose/load.ts";
import { neededServices } from "../compose/needed-services.ts";
import type { LoadOptions, Project } from "../compose/project.ts";
import { MirrorError } from "../messages/errors.ts";
import { readRegularFile } from "../system/read-file.ts";
import { parseIgnoreList } from "./ignore.ts";
import { type Rewrite, rewrite } from "../compose/rewrite.ts";
import type { LockedImage } from "./lock-file.ts";
import type { OnCollision, Rename } from "./mapping.ts";
import {
  mirrorNames,
  type Plan,
  planFor,
  planTransfers,
  type Selection,
  selectImages,
  type Transfer,
} from "./transfers.ts";
import { formatReference } from "../image/reference.ts";

const IGNORE_FILE = "ignore-images.txt";
/** Bytes. */
const LARGEST_LIST = 1 << 20;

/** What decides which images a project has. */
export interface ProjectSettings extends LoadOptions {
  /** The list of images that are not mirrored; absent = the one beside the compose file, else the one in `toolFolder`. */
  readonly ignoreFile?: string;
  /** The folder of this tool, whose ignore list is the last that is looked for. */
  readonly toolFolder: string;
  /** The platform of every service that does not name its own. */
  readonly platform: string;
  /** The images that builds start from are mirrored too. */
  readonly withBuildBases: boolean;
  /** The images that services name beside their `build` are mirrored too. */
  readonly mirrorBuilt: boolean;
}

/** What decides their names at the mirror. */
export interface MirrorSettings extends ProjectSettings {
  readonly registry: string;
  readonly namespace: string;
  /** The registry's name as the host pulls by it: an image that is there by that name is left alone too. */
  readonly pullRegistry?: string;
  readonly renames: readonly Rename[];
  readonly onCollision: OnCollision;
  /** The services to work for, with what they depend on; empty = all. */
  readonly services: readonly string[];
}

/** Where the files that name the mirrored images are written. */
export interface OutputSettings {
  /** Absolute path; absent = beside the first compose file. */
  readonly output?: string;
  /** The registry's name as the host pulls by it, where that is another than the one pushed to. */
  readonly pullRegistry?: string;
}

/** The project in hand and what of it is to be mirrored. Throws what the compose room and `selectImages` throw. */
export async function prepareSelection(
  settings: ProjectSettings,
): Promise<{ readonly project: Project; readonly selection: Selection }> {
  const { project, selection } = await prepare(settings, false);
  return { project, selection };
}

export interface Prepared {
  readonly project: Project;
  /** What is to be done. */
  readonly plan: Plan;
  /** The plan of the whole project: more than `plan` where only some services are worked for. */
  readonly whole: Plan;
  /** Those services: the ones named and what they depend on; absent = all. */
  readonly services?: readonly string[];
}

/** The project and its plan. Throws what `prepareSelection`, `neededServices` and `planTransfers` throw. */
export async function preparePlan(settings: MirrorSettings): Promise<Prepared> {
  return planOf(settings, await prepare(settings, false));
}

/**
 * The same for a list of images only: an image whose name is empty or not valid is among `invalid`, and the plan has the
 * rest.
 * Throws what `preparePlan` throws otherwise.
 */
export async function listImages(
  settings: MirrorSettings,
): Promise<Prepared & { readonly invalid: readonly MirrorError[] }> {
  const found = await prepare(settings, true);
  return { ...planOf(settings, found), invalid: found.selection.invalid };
}

function planOf(
  settings: MirrorSettings,
  { project, selection, renames }: Awaited<ReturnType<typeof prepare>>,
): Prepared {
  const { registry, namespace, pullRegistry, onCollision } = settings;
  const mapping = { registry, namespace, pullRegistry, onCollision, renames: [...settings.renames, ...renames] };
  const whole = planTransfers(selection, mapping);
  if (settings.services.length === 0) return { project, plan: whole, whole };
  const services = neededServices(project, settings.services);
  return { project, plan: planFor(whole, services), whole, services };
}

/**
 * The files that name the mirrored images, not yet written; by tag and digest where `locked` has the digests. Throws
 * `output-is-source` when `--output` names a file of the project, and `pin-unknown` for an image that `locked` lacks.
 */
export function rewriteFor(
  { pullRegistry, output }: OutputSettings,
  { project, whole }: Pick<Prepared, "project" | "whole">,
  locked?: readonly LockedImage[],
): Rewrite {
  const digests = locked && new Map(locked.map((image) => [formatReference(image.mirror), image.mirrorDigest]));
  const digestOf = ({ target, uses }: Transfer): string | undefined => {
    const digest = digests?.get(formatReference(target));
    if (digests && digest === undefined) throw new MirrorError("pin-unknown", { image: uses[0].image });
    return digest;
  };
  const present = new Set(whole.present.map(({ image }) => image));
  const rewritten = rewrite(project, mirrorNames(whole, { pullRegistry, digestOf }), { output, present });
  for (const { path } of rewritten.files) refuseSource(project, path);
  return rewritten;
}

/** The same without some of the transfers, whose images keep their public names then. */
export function leavePublic({ whole, ...prepared }: Prepared, left: ReadonlySet<Transfer>): Prepared {
  return { ...prepared, whole: { ...whole, transfers: whole.transfers.filter((transfer) => !left.has(transfer)) } };
}

/** Where a file made from the project goes: `--output`, else `name` in the project folder. */
export function outputPath({ output }: OutputSettings, project: Project, name: string): string {
  return output ?? join(project.folder, name);
}

/** The same for a script to be written. Throws `output-is-source` when that is a file of the project. */
export function scriptPath(settings: OutputSettings, project: Project, name: string): string {
  const path = outputPath(settings, project, name);
  refuseSource(project, path);
  return path;
}

function refuseSource({ files }: Project, path: string): void {
  if (files.has(path)) throw new MirrorError("output-is-source", { file: path });
}

async function prepare(settings: ProjectSettings, collectInvalid: boolean) {
  const { platform, withBuildBases, mirrorBuilt } = settings;
  const empty: MirrorError[] = [];
  const onEmptyImage = (error: MirrorError): void => void empty.push(error);
  const project = await load(collectInvalid ? { ...settings, onEmptyImage } : settings);
  const ignore = await readIgnoreList(settings, dirname(project.composeFiles[0]!));
  const bases = withBuildBases ? await buildBases(project) : [];
  const selection = selectImages(project, { ignore, platform, bases, mirrorBuilt, collectInvalid });
  return { project, selection: { ...selection, invalid: [...empty, ...selection.invalid] }, renames: ignore.renames };
}

/** The list named by `--ignore`, else the one beside the compose file, else this tool's own. */
async function readIgnoreList({ ignoreFile, toolFolder }: ProjectSettings, folder: string) {
  const file =
    ignoreFile ?? [folder, toolFolder].map((each) => join(each, IGNORE_FILE)).find((each) => existsSync(each));
  if (file === undefined) return parseIgnoreList("");
  return parseIgnoreList(new TextDecoder().decode(await readRegularFile(file, LARGEST_LIST)));
}

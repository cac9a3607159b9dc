/** From configuration to plan: what every script begins with. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildBases } from "../compose/build-bases.ts";
import { load } from "../compose/load.ts";
import type { LoadOptions, Project } from "../compose/project.ts";
import { detailOf, MirrorError } from "../messages/errors.ts";
import { parseIgnoreList } from "./ignore.ts";
import { type Rewrite, rewrite } from "../compose/rewrite.ts";
import type { LockedImage } from "./lock-file.ts";
import type { OnCollision, Rename } from "./mapping.ts";
import { mirrorNames, type Plan, planTransfers, type Selection, selectImages, type Transfer } from "./transfers.ts";
import { formatReference } from "../image/reference.ts";

const IGNORE_FILE = "ignore-images.txt";

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
}

/** What decides their names at the mirror. */
export interface MirrorSettings extends ProjectSettings {
  readonly registry: string;
  readonly namespace: string;
  readonly renames: readonly Rename[];
  readonly onCollision: OnCollision;
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
  const { project, selection } = await prepare(settings);
  return { project, selection };
}

export interface Prepared {
  readonly project: Project;
  readonly plan: Plan;
}

/** The project and its plan. Throws what `prepareSelection` and `planTransfers` throw. */
export async function preparePlan(settings: MirrorSettings): Promise<Prepared> {
  const { registry, namespace, onCollision } = settings;
  const { project, selection, renames } = await prepare(settings);
  const plan = planTransfers(selection, {
    registry,
    namespace,
    renames: [...settings.renames, ...renames],
    onCollision,
  });
  return { project, plan };
}

/**
 * The files that name the mirrored images, not yet written; by tag and digest where `locked` has the digests. Throws
 * `output-is-source` when `--output` names a file of the project, and `pin-unknown` for an image that `locked` lacks.
 */
export function rewriteFor(
  { pullRegistry, output }: OutputSettings,
  { project, plan }: Prepared,
  locked?: readonly LockedImage[],
): Rewrite {
  const digests = locked && new Map(locked.map((image) => [formatReference(image.mirror), image.mirrorDigest]));
  const digestOf = ({ target, uses }: Transfer): string | undefined => {
    const digest = digests?.get(formatReference(target));
    if (digests && digest === undefined) throw new MirrorError("pin-unknown", { image: uses[0].image });
    return digest;
  };
  const rewritten = rewrite(project, mirrorNames(plan, { pullRegistry, digestOf }), { output });
  for (const { path } of rewritten.files) refuseSource(project, path);
  return rewritten;
}

/** The same without some of the transfers, whose images keep their public names then. */
export function leavePublic({ project, plan }: Prepared, left: ReadonlySet<Transfer>): Prepared {
  return { project, plan: { ...plan, transfers: plan.transfers.filter((transfer) => !left.has(transfer)) } };
}

/** Where a file made from the project goes: `--output`, else `name` beside the first compose file. */
export function outputPath({ output }: OutputSettings, project: Project, name: string): string {
  return output ?? join(dirname(project.composeFiles[0]!), name);
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

async function prepare(settings: ProjectSettings) {
  const { cwd, files, envFiles, profiles, environment, platform, withBuildBases } = settings;
  const project = await load({ cwd, files, envFiles, profiles, environment });
  const ignore = await readIgnoreList(settings, dirname(project.composeFiles[0]!));
  const bases = withBuildBases ? await buildBases(project) : [];
  return { project, selection: selectImages(project, { ignore, platform, bases }), renames: ignore.renames };
}

/** The list named by `--ignore`, else the one beside the compose file, else this tool's own. */
async function readIgnoreList({ ignoreFile, toolFolder }: ProjectSettings, folder: string) {
  const file =
    ignoreFile ?? [folder, toolFolder].map((each) => join(each, IGNORE_FILE)).find((each) => existsSync(each));
  if (file === undefined) return parseIgnoreList("");
  try {
    return parseIgnoreList(await readFile(file, "utf8"));
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause;
    throw new MirrorError("file-read", { file, detail: detailOf(cause) }, { cause });
  }
}

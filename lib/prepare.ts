/** From configuration to plan: what every script begins with. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildBases } from "./compose/build-bases.ts";
import { load } from "./compose/load.ts";
import type { Project } from "./compose/project.ts";
import { type Config, requireMirror, TOOL_FOLDER } from "./config.ts";
import { detailOf, MirrorError } from "./errors.ts";
import { parseIgnoreList } from "./ignore.ts";
import { type Rewrite, rewrite } from "./compose/rewrite.ts";
import type { LockedImage } from "./lock.ts";
import { mirrorNames, type Plan, planTransfers, type Selection, selectImages, type Transfer } from "./plan.ts";
import { formatReference } from "./reference.ts";

const IGNORE_FILE = "ignore-images.txt";

/** The project in hand and what of it is to be mirrored. Throws what the compose room and `selectImages` throw. */
export async function prepareSelection(
  config: Config,
): Promise<{ readonly project: Project; readonly selection: Selection }> {
  const { project, selection } = await prepare(config);
  return { project, selection };
}

export interface Prepared {
  readonly project: Project;
  readonly plan: Plan;
}

/** The project and its plan. Throws `setting-missing` too when the mirror is not configured. */
export async function preparePlan(config: Config): Promise<Prepared> {
  const mirror = requireMirror(config);
  const { project, selection, renames } = await prepare(config);
  const plan = planTransfers(selection, {
    ...mirror,
    renames: [...config.renames, ...renames],
    onCollision: config.onCollision,
  });
  return { project, plan };
}

/**
 * The files that name the mirrored images, not yet written; by tag and digest where `locked` has the digests. Throws
 * `output-is-source` when `--output` names a file of the project, and `pin-unknown` for an image that `locked` lacks.
 */
export function rewriteFor(
  { pullRegistry, output }: Pick<Config, "pullRegistry" | "output">,
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

/** Where a file made from the project goes: `--output`, else `name` beside the first compose file. */
export function outputPath(config: Config, project: Project, name: string): string {
  return config.output ?? join(dirname(project.composeFiles[0]!), name);
}

/** The same for a script to be written. Throws `output-is-source` when that is a file of the project. */
export function scriptPath(config: Config, project: Project, name: string): string {
  const path = outputPath(config, project, name);
  refuseSource(project, path);
  return path;
}

function refuseSource({ files }: Project, path: string): void {
  if (files.has(path)) throw new MirrorError("output-is-source", { file: path });
}

async function prepare(config: Config) {
  const { cwd, files, envFiles, profiles, environment, platform, withBuildBases } = config;
  const project = await load({ cwd, files, envFiles, profiles, environment });
  const ignore = await readIgnoreList(config, dirname(project.composeFiles[0]!));
  const bases = withBuildBases ? await buildBases(project) : [];
  return { project, selection: selectImages(project, { ignore, platform, bases }), renames: ignore.renames };
}

/** The list named by `--ignore`, else the one beside the compose file, else this tool's own. */
async function readIgnoreList(config: Config, folder: string) {
  const file =
    config.ignoreFile ?? [folder, TOOL_FOLDER].map((each) => join(each, IGNORE_FILE)).find((each) => existsSync(each));
  if (file === undefined) return parseIgnoreList("");
  try {
    return parseIgnoreList(await readFile(file, "utf8"));
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause;
    throw new MirrorError("file-read", { file, detail: detailOf(cause) }, { cause });
  }
}

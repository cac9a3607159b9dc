/**
 * What is deployed: the mirror compose file as it is on disk, read back as a project. So a deploy does what the file
 * says, also when somebody else wrote it or it was changed by hand, and needs no setting but the host.
 *
 * Where the file holds several YAML documents, docker compose before 2.21 and docker-compose v1 get the project's own
 * files and the flat file of images instead, as `rewrite` writes them.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { gte } from "semver";
import { load } from "../../compose/load.ts";
import type { LoadOptions, Project } from "../../compose/project.ts";
import { MIRROR_IMAGES_FILE, oldestV2Of } from "../../compose/rewrite.ts";
import { v1Problems } from "../../compose/v1.ts";
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import { type ImageReference, parseReference } from "../../image/reference.ts";
import { isOutside, isPlainName, refuseState, unlabelledBinds } from "./project-files.ts";
import { OwnFolders, strayError } from "./real-paths.ts";
import type { BundleFile } from "./bundle-file.ts";
import { type FoundCompose, type HostNeeds, type HostProbe, parseVersion } from "../host/probe.ts";

export interface Bundle {
  /** The project's own compose files. */
  readonly source: Project;
  /** The mirror compose file as a project. */
  readonly mirror: Project;
  /** The registry that its mirrored images are named by; absent when none is mirrored. */
  readonly registry?: string;
  /** Its mirrored images, by the names that the mirror compose file gives them. */
  readonly mirrored: ReadonlyMap<string, ImageReference>;
  /** The platform of the images. */
  readonly platform: string;
  /** How the projects were loaded. */
  readonly options: LoadOptions;
}

export interface BundleRequest {
  readonly source: Project;
  /** Absolute path of the mirror compose file. */
  readonly file: string;
  readonly platform: string;
  /** How the project was loaded. */
  readonly options: LoadOptions;
}

/** Reads the mirror compose file of `source`. Throws `mirror-compose-missing` and what `load` throws. */
export async function readBundle({ source, file, platform, options }: BundleRequest): Promise<Bundle> {
  if (!existsSync(file)) throw new MirrorError("mirror-compose-missing", { file });
  const mirror = await load({ ...options, files: [file] });
  const mirrored = new Map(mirroredImages(source, mirror).map((image) => [image, parseReference(image)]));
  const [first] = mirrored.values();
  return {
    source,
    mirror,
    ...(first === undefined ? {} : { registry: first.registry }),
    mirrored,
    platform,
    options,
  };
}

/** What a host must have for the project, before its mirror compose file is written. */
export function needsOf(project: Project, platform: string): HostNeeds {
  return {
    platform,
    v1Problems: v1Problems(project),
    usesEnvFile: project.envFiles.length > 0,
    oldestV2: oldestV2Of(project),
    unlabelled: unlabelledBinds(project),
  };
}

/** What the host that has `compose` must have for the bundle. */
export function needsOfBundle(bundle: Bundle, compose: FoundCompose | undefined): HostNeeds {
  const { mirror, platform } = bundle;
  const needs = needsOf(flatProject(bundle, compose) ?? mirror, platform);
  return { ...needs, usesEnvFile: mirror.envFiles.length > 0 };
}

/** The compose files that `compose` is to run, in merge order, with their places in the host's folder. */
export function composeFilesFor(bundle: Bundle, compose: FoundCompose | undefined): readonly BundleFile[] {
  const [main] = bundle.mirror.composeFiles;
  const folder = dirname(main!);
  const flat = flatProject(bundle, compose);
  const paths = flat === undefined ? [main!] : [...flat.composeFiles, join(folder, MIRROR_IMAGES_FILE)];
  return paths.map((source) => ({ source, name: nameIn(folder, source) }));
}

/**
 * `files` with size and mode, once it is certain that they are the project's own. Throws `ship-link` for a link that
 * leads elsewhere, `ship-state`, `file-read`.
 */
export async function checkedFiles(
  files: readonly BundleFile[],
  { mirror }: Bundle,
  allowPaths: readonly string[],
): Promise<readonly BundleFile[]> {
  const own = await OwnFolders.of(mirror.folder, allowPaths);
  return Promise.all(
    files.map(async (file) => {
      const { source, text, name } = file;
      refuseState(name, source);
      if (!isPlainName(name))
        throw new MirrorError("file-read", { file: source, detail: message("file-name-control") });
      const stray = await own.strayOf(source);
      if (stray !== undefined) throw strayError(stray);
      const { size, mode } = await stat(source);
      return { ...file, size: text === undefined ? size : Buffer.byteLength(text), mode: mode & 0o777 };
    }),
  );
}

/** Whether `found` on the host are the very files that are `shipped`. */
export async function areThere(shipped: readonly BundleFile[], found: HostProbe["files"]): Promise<boolean> {
  for (const { source, text, name } of shipped) {
    const bytes = text ?? (await readFile(source).catch(() => undefined));
    if (bytes === undefined) return false;
    if (found.get(name)?.sha256 !== createHash("sha256").update(bytes).digest("hex")) return false;
  }
  return true;
}

/** The project whose own files are run, for a compose that cannot read the one mirror file. */
function flatProject({ source, mirror }: Bundle, compose: FoundCompose | undefined): Project | undefined {
  if (compose === undefined || source.severalDocuments || source.includes) return undefined;
  const version = parseVersion(compose.version);
  const readsIt = compose.flavour === "v2" && (version === undefined || gte(version, oldestV2Of(mirror)));
  if (readsIt || !mirror.severalDocuments) return undefined;
  return existsSync(join(dirname(mirror.composeFiles[0]!), MIRROR_IMAGES_FILE)) ? source : undefined;
}

/** The names of the env files that were asked for, in the host's folder. Throws `ship-outside`. */
export function envFilesFor({ mirror, options }: Bundle): readonly string[] {
  return options.envFiles.map((file) => nameIn(mirror.folder, resolve(options.cwd, file)));
}

/** Throws `ship-outside` for what lies above `folder`: there is no such place in the host's folder. */
function nameIn(folder: string, path: string): string {
  const name = relative(folder, path);
  if (isOutside(name)) throw new MirrorError("ship-outside", { file: path, folder });
  return name;
}

/** The images that differ between the two. */
function mirroredImages(source: Project, mirror: Project): readonly string[] {
  const before = new Map(source.services.map(({ name, image }) => [name, image]));
  return mirror.services.flatMap(({ name, image }) => (image !== undefined && before.get(name) !== image ? image : []));
}

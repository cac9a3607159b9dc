/**
 * The files that a project reads on its host beside the mirror compose file: compose files that it extends or includes,
 * env files, files of configs and secrets, and what is bind-mounted. Docker makes an empty folder in place of a mounted
 * file that is not there, and the service fails in a way that is hard to read; so such files go along, and one that is
 * nowhere is refused beforehand.
 *
 * Data is not sent. A mounted folder counts as configuration when it is small and holds text only; every other folder
 * is data. Absolute paths and paths below `~` are the host's own.
 */
import { createHash } from "node:crypto";
import { type Dirent, promises as fs } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { isHostPath } from "../../compose/paths.ts";
import type { Mount, Project, Service } from "../../compose/project.ts";
import { entryAt, textOf } from "../../compose/values.ts";
import { PROJECT_SETTINGS } from "../../config/settings.ts";
import { causeOf, MirrorError } from "../../messages/errors.ts";
import type { Message } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { byName } from "../../system/compare.ts";
import { kindOf, readRegular } from "../../system/read-file.ts";
import { STATE } from "../host/remote.ts";
import { OwnFolders, type Stray } from "./real-paths.ts";

/** A file that the project names, here. */
export interface NeededFile {
  /** Relative to the project's folder, with `/`. */
  readonly name: string;
  /** Absolute path; the file is read again when it is sent. */
  readonly source: string;
  /** The services that read it, in the order they were found; empty = the project itself does. */
  readonly services: readonly string[];
  /** Mounted into containers, so that they must be recreated to see a new one. */
  readonly mounted: boolean;
  /** What is there; absent when nothing is, or nothing that can be sent. `size` is in bytes, `mode` its permission bits. */
  readonly content?: { readonly sha256: string; readonly size: number; readonly mode: number };
  /** It is, or is behind, a link that leads out of the project's folder, so it was not read and is never sent. */
  readonly stray?: Stray;
  /** Why what is there is never sent: it is neither a file nor a folder, is too large, or has an odd name. */
  readonly special?: Message;
  /** A deploy without it would fail: it must be there or on the host. */
  readonly required: boolean;
}

/** Bytes of the largest file that is sent, which is read whole; nobody mounts larger configuration. */
export const LARGEST_FILE = 64 << 20;
const FOLDER_MOST_FILES = 200;
const FOLDER_MOST_BYTES = 1 << 20;

/** What a file's name looks like when nothing is there to look at. */
const FILE_NAME =
  /\.(?:acl|cfg|cnf|conf|crt|csv|env|html?|ini|js|json|key|list|lua|pem|properties|py|rules|sh|sql|template|tmpl|toml|txt|xml|ya?ml)$/i;

/** A path that the project names, before anything looked what is there. */
interface Mention {
  /** Absolute. */
  readonly path: string;
  readonly service?: string;
  readonly mounted: boolean;
  /** `file` must be a file; `mount` may be a folder. */
  readonly kind: "file" | "mount";
  readonly required: boolean;
}

export interface ProjectFilesOptions {
  /** Absolute paths of the env files that compose will read beside the compose files; those of the project by default. */
  readonly envFiles?: readonly string[];
  /** Absolute paths of the compose files that the given ones refer to; those of the project by default. */
  readonly composeFiles?: readonly string[];
  /** Absolute paths of folders outside the project's that links may lead to. */
  readonly allowPaths?: readonly string[];
}

/**
 * The files that `project`, loaded as it will run on the host, needs beside the compose files that are given to
 * compose, in code-point order of their names. Throws `file-read` for what is there and cannot be read, and `ship-settings` for
 * `mirror.env`, which is never sent.
 */
export async function projectFiles(
  project: Project,
  { envFiles = project.envFiles, composeFiles = project.referencedFiles, allowPaths = [] }: ProjectFilesOptions = {},
): Promise<readonly NeededFile[]> {
  const own = await OwnFolders.of(project.folder, allowPaths);
  const mentions: readonly Mention[] = [
    ...envFiles
      .filter((path) => path !== "/dev/null")
      .map((path): Mention => ({ path, mounted: false, kind: "file", required: false })),
    ...composeFiles.map((path): Mention => ({ path, mounted: false, kind: "file", required: true })),
    ...project.services.flatMap((service) => mentionsIn(service, project)),
  ];
  const needed = new Map<string, NeededFile>();
  for (const mention of mentions) {
    for (const file of await filesOf(project.folder, mention, own)) {
      const known = needed.get(file.name);
      needed.set(file.name, known === undefined ? file : both(known, file));
    }
  }
  return [...needed.values()].toSorted(byName(({ name }) => name));
}

/** What the project bind-mounts from its folder without a label for SELinux, as it is written. */
export function unlabelledBinds({ services }: Pick<Project, "services">): readonly string[] {
  const found = services.flatMap(({ mounts }) =>
    mounts.flatMap(({ type, source = "/", selinux }) =>
      type === "bind" && !isHostPath(source) && selinux === undefined ? [source] : [],
    ),
  );
  return [...new Set(found)];
}

/** Whether a name leads out of the project's folder, so that it has no place in the host's. */
export function isOutside(name: string): boolean {
  return name === ".." || name.startsWith("../");
}

/** Throws `ship-state` for a name in the folder where deploys keep their releases, which no project may write there. */
export function refuseState(name: string, file: string): void {
  if (name === STATE || name.startsWith(`${STATE}/`)) throw new MirrorError("ship-state", { file, folder: STATE });
}

function both(a: NeededFile, b: NeededFile): NeededFile {
  return {
    ...a,
    // An empty list means the project itself, which outweighs any service.
    services: a.services.length === 0 || b.services.length === 0 ? [] : [...new Set([...a.services, ...b.services])],
    mounted: a.mounted || b.mounted,
    required: a.required || b.required,
  };
}

function mentionsIn(service: Service, { folder, definitions }: Project): readonly Mention[] {
  const { name, envFiles, labelFiles, mounts, configs, secrets } = service;
  const file = (path: string | undefined, required: boolean, mounted: boolean): readonly Mention[] =>
    path === undefined || path === "" || isHostPath(path)
      ? []
      : [{ path: resolve(folder, path), service: name, mounted, kind: "file", required }];
  const granted = [
    ...configs.map((each) => definitions.configs.get(each)),
    ...secrets.map((each) => definitions.secrets.get(each)),
  ];
  return [
    ...envFiles.flatMap(({ path, required }) => file(path, required, false)),
    ...labelFiles.flatMap((path) => file(path, true, false)),
    ...granted.flatMap((value) => file(textOf(entryAt(value, "file")), true, true)),
    ...mounts.flatMap((mount) => boundBy(mount, definitions)).flatMap((mount) => mountedAt(mount, name, folder)),
  ];
}

/** A mount of a folder of the host, directly or by a volume that the `local` driver binds to one. */
function boundBy(mount: Mount, { volumes }: Project["definitions"]): readonly Mount[] {
  if (mount.type === "bind") return [mount];
  const volume = mount.type === "volume" ? volumes.get(mount.source ?? "") : undefined;
  const device = textOf(entryAt(volume, "driver_opts", "device"));
  const isBind =
    textOf(entryAt(volume, "driver_opts", "o")) === "bind" && textOf(entryAt(volume, "driver")) === "local";
  return isBind && device !== undefined ? [{ ...mount, type: "bind", source: device }] : [];
}

function mountedAt({ source, target, createHostPath }: Mount, service: string, folder: string): readonly Mention[] {
  if (source === undefined || isHostPath(source)) return [];
  const required = !createHostPath || FILE_NAME.test(source) || FILE_NAME.test(target);
  return [{ path: resolve(folder, source), service, mounted: true, kind: "mount", required }];
}

async function filesOf(
  folder: string,
  { path, service, mounted, kind, required }: Mention,
  own: OwnFolders,
): Promise<readonly NeededFile[]> {
  const needed = (source: string, isRequired: boolean): NeededFile => ({
    name: relative(folder, source),
    source,
    services: service === undefined ? [] : [service],
    mounted,
    required: isRequired,
  });
  const found = await statOf(path);
  if (found?.isFile()) return [await examined(needed(path, true), own)];
  // The project's folder as a whole, or one above it, is no configuration.
  const isAbove = !isOutside(relative(path, folder));
  if (found?.isDirectory() && kind === "mount" && !isAbove) {
    const files = await configFolder(path);
    return Promise.all(files.map((source) => examined(needed(source, false), own)));
  }
  const special = found === undefined || found.isDirectory() ? undefined : kindOf(found);
  if (special !== undefined) return [{ ...needed(path, true), special }];
  if (found !== undefined && kind === "mount") return [];
  return required ? [needed(path, true)] : [];
}

/** A file with what is in it, unless it is not the project's own. */
async function examined(file: NeededFile, own: OwnFolders): Promise<NeededFile> {
  const { name, source } = file;
  if (!isPlainName(name)) return { ...file, special: message("file-name-control") };
  const stray = isOutside(name) ? undefined : await own.strayOf(source);
  if (stray !== undefined) return { ...file, stray };
  if (basename(await fs.realpath(source)) === PROJECT_SETTINGS)
    throw new MirrorError("ship-settings", { file: source });
  try {
    const { bytes, mode } = await readRegular(source, LARGEST_FILE);
    return { ...file, content: { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length, mode } };
  } catch (cause) {
    if (!(cause instanceof MirrorError) || cause.code !== "file-large") throw cause;
    return { ...file, special: message("file-is-large", { most: LARGEST_FILE }) };
  }
}

async function statOf(path: string) {
  try {
    return await fs.stat(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new MirrorError("file-read", { file: path, detail: causeOf(cause) }, { cause });
  }
}

/** Absolute paths of the files of a folder that is configuration; none of one that is data. */
async function configFolder(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  let bytes = 0;
  const folders = [folder];
  for (const each of folders) {
    let entries: readonly Dirent[];
    try {
      entries = await fs.readdir(each, { withFileTypes: true });
    } catch {
      // The data of a database often belongs to another user.
      return [];
    }
    for (const found of entries) {
      const source = join(each, found.name);
      if (found.isDirectory()) {
        folders.push(source);
        continue;
      }
      const stat = await statOf(source).catch(() => undefined);
      if (!stat?.isFile() || !isPlainName(source)) return [];
      files.push(source);
      bytes += stat.size;
      if (files.length > FOLDER_MOST_FILES || bytes > FOLDER_MOST_BYTES || !(await isText(source))) return [];
    }
    if (folders.length > FOLDER_MOST_FILES) return [];
  }
  return files;
}

async function isText(path: string): Promise<boolean> {
  try {
    return !(await readRegular(path, FOLDER_MOST_BYTES)).bytes.includes(0);
  } catch {
    return false;
  }
}

/** Names go to the host one a line. */
export function isPlainName(path: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001F\u007F]/.test(path);
}

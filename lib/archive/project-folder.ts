/**
 * The project's folder as the archive carries it: what a deploy would send, by the same rules, and the project's own
 * compose files, from which the mirror on the other side is named.
 */
import { createHash } from "node:crypto";
import { relative, resolve } from "node:path";
import type { LoadOptions, Project } from "../compose/project.ts";
import { isOutside, LARGEST_FILE, type NeededFile, projectFiles } from "../deploy/files/project-files.ts";
import { OwnFolders, strayError } from "../deploy/files/real-paths.ts";
import { MirrorError } from "../messages/errors.ts";
import { byName } from "../system/compare.ts";
import { readRegular } from "../system/read-file.ts";

/** A file of the project's folder. */
export interface FolderFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  /** Hexadecimal digits. */
  readonly sha256: string;
  /** Its bytes. Throws `file-read`, and `archive-file-changed` when they are others than before. */
  readonly read: () => Promise<Uint8Array>;
}

/**
 * The files on disk that the project needs, its compose files included, in code-point order. Throws `ship-outside` and
 * `ship-link` for what lies elsewhere, `archive-file-missing` for what a service needs and is not here or is no regular
 * file, `archive-file-name` for a name that no list can hold, `file-read`, `file-large`.
 */
export async function folderFiles(project: Project, allowPaths: readonly string[]): Promise<readonly FolderFile[]> {
  const { folder } = project;
  const own = await OwnFolders.of(folder, allowPaths);
  const files = new Map<string, FolderFile>();
  for (const needed of await projectFiles(project, { allowPaths })) {
    if (isCarried(needed, folder)) files.set(needed.name, await folderFile(needed.name, needed.source));
  }
  for (const source of project.composeFiles) {
    const name = nameIn(folder, source);
    const stray = await own.strayOf(source);
    if (stray !== undefined) throw strayError(stray);
    files.set(name, await folderFile(name, source));
  }
  return [...files.values()].toSorted(byName(({ name }) => name));
}

/** The env files that were asked for, by their names in the folder. Throws `ship-outside`. */
export function envFileNames({ folder }: Pick<Project, "folder">, { envFiles, cwd }: LoadOptions): readonly string[] {
  return envFiles.map((file) => nameIn(folder, resolve(cwd, file)));
}

/** A file that is made for the folder. */
export function madeFile(name: string, text: string, mode: number): FolderFile {
  const bytes = Buffer.from(text);
  return { name, mode, size: bytes.length, sha256: sha256Of(bytes), read: () => Promise.resolve(bytes) };
}

function isCarried({ name, source, services, content, stray, special, required }: NeededFile, folder: string): boolean {
  if (stray !== undefined) throw strayError(stray);
  if (content !== undefined && isOutside(name)) throw new MirrorError("ship-outside", { file: source, folder });
  if (content === undefined && required) {
    if (special === undefined) throw new MirrorError("archive-file-missing", { file: source, services });
    throw new MirrorError("file-read", { file: source, detail: special });
  }
  return content !== undefined;
}

async function folderFile(name: string, source: string): Promise<FolderFile> {
  if (/\p{Cc}/u.test(name)) throw new MirrorError("archive-file-name", { file: source });
  const { bytes, mode } = await readRegular(source, LARGEST_FILE);
  const sha256 = sha256Of(bytes);
  const read = async (): Promise<Uint8Array> => {
    const now = await readRegular(source, LARGEST_FILE);
    if (sha256Of(now.bytes) !== sha256) throw new MirrorError("archive-file-changed", { file: source });
    return now.bytes;
  };
  return { name, mode, size: bytes.length, sha256, read };
}

function nameIn(folder: string, path: string): string {
  const name = relative(folder, path);
  if (isOutside(name)) throw new MirrorError("ship-outside", { file: path, folder });
  return name;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

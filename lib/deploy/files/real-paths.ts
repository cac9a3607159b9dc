/**
 * Only the project's own files leave this machine. A cloned project may hold links to anything its user can read, so
 * what counts is where a path really leads: into the project's folder, or into a folder that the user allowed.
 */
import { lstat, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { causeOf, MirrorError } from "../../messages/errors.ts";

/** A path whose file is somewhere else. */
export interface Stray {
  /** The link, absolute: the path itself or a folder above it. */
  readonly link: string;
  /** Where it leads, absolute. */
  readonly target: string;
}

/** The folders that files may be sent from. */
export class OwnFolders {
  readonly #folder: string;
  readonly #roots: readonly string[];

  private constructor(folder: string, roots: readonly string[]) {
    this.#folder = folder;
    this.#roots = roots;
  }

  /** The project's folder and those of `allowPaths`; all absolute. Throws `file-read` for one that is not there. */
  static async of(folder: string, allowPaths: readonly string[]): Promise<OwnFolders> {
    return new OwnFolders(folder, await Promise.all([folder, ...allowPaths].map(realPathOf)));
  }

  /** Where `path`, which must exist, leads when that is in none of the folders. Throws `file-read`. */
  async strayOf(path: string): Promise<Stray | undefined> {
    const target = await realPathOf(path);
    if (this.#contains(target)) return undefined;
    let link = this.#folder;
    for (const part of relative(this.#folder, path).split(sep)) {
      link = join(link, part);
      const isLink = (await lstat(link)).isSymbolicLink();
      if (isLink && !this.#contains(await realPathOf(link))) return { link, target };
    }
    return { link: path, target };
  }

  #contains(path: string): boolean {
    return this.#roots.some((root) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep));
  }
}

/** The error for a file that would be sent although it leads elsewhere. */
export function strayError({ link, target }: Stray): MirrorError {
  return new MirrorError("ship-link", { file: link, target });
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new MirrorError("file-read", { file: path, detail: causeOf(cause) }, { cause });
  }
}

/** A compose project in a temporary folder, for the tests of the compose room. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "../../lib/compose/load.ts";
import type { LoadOptions, Project } from "../../lib/compose/project.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes `files` (path in the folder to contents), calls `use` with the folder, and removes it. */
export async function inFolder<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "project-")));
  try {
    for (const [path, contents] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), contents);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Loads the project in `folder` with nothing set but `options`. */
export function loadFrom(folder: string, options: Partial<LoadOptions> = {}): Promise<Project> {
  return load({ cwd: folder, files: [], envFiles: [], profiles: [], environment: {}, ...options });
}

/** Loads the project that `files` make up. */
export function loadFiles(files: Files, options: Partial<LoadOptions> = {}): Promise<Project> {
  return inFolder(files, (folder) => loadFrom(folder, options));
}

/** `service=image` of every service; without an image its default one, and `!` for what nobody can pull. */
export function imagesOf(project: Project): readonly string[] {
  return project.services.map(({ name, image, built }) => `${name}=${image ?? ""}${built ? "!" : ""}`);
}

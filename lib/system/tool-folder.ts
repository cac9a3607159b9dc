/**
 * The folder of this tool, with what it brings besides code: its ignore list, the demo's project, shell scripts. In the
 * checkout the code lies in `lib/`, in the installed package it is compiled into `dist/`; either way the folder is the
 * nearest one above that has a package.json.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path. */
export const TOOL_FOLDER: string = nearestPackage(dirname(fileURLToPath(import.meta.url)));

function nearestPackage(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, "package.json")) || above === folder ? folder : nearestPackage(above);
}

/** The text of a file that the tool brings; `path` is relative to its folder, as `lib/generate/pull-images.sh`. */
export function readAsset(path: string): string {
  return readFileSync(resolve(TOOL_FOLDER, path), "utf8");
}

/**
 * Which files make up a project, and in which environment they are read (compose-go's cli package, in the order in
 * which docker compose applies it):
 *
 * 1. The process environment, then the env files: `--env-file`, else COMPOSE_ENV_FILES, else `.env` in the folder of
 *    the first `-f`, or in the current folder. What is set first stays.
 * 2. The compose files: `-f`, else COMPOSE_FILE from that environment, else the first known name here or in a parent
 *    folder, with the one override file beside it.
 * 3. The `.env` beside the first compose file, where that is another folder.
 */
import { stat } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { readRegularFile } from "../system/read-file.ts";
import { decodeEnvFile, parseEnvFile } from "./env-file.ts";
import type { ComposeWarning, LoadOptions } from "./project.ts";

/** What a compose file is called where none is named, in the order in which docker compose looks. */
export const COMPOSE_NAMES: readonly string[] = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
];
const OVERRIDE_NAMES = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];
const LARGEST_ENV_FILE = 1 << 20;

export type Variables = ReadonlyMap<string, string>;

export interface Discovered {
  /** Absolute paths, in merge order. */
  readonly files: readonly [string, ...string[]];
  /** The project directory. */
  readonly folder: string;
  readonly variables: Variables;
  /** Absolute paths of the env files that were read. */
  readonly envFiles: readonly string[];
  readonly warnings: readonly ComposeWarning[];
}

/**
 * Finds the files and the environment of a project.
 * Throws `compose-not-found`, `compose-stdin`, `compose-remote`, `file-read`, and what `parseEnvFile` throws.
 */
export async function discover({
  cwd,
  files,
  envFiles,
  environment,
  projectDirectory,
}: LoadOptions): Promise<Discovered> {
  const warnings: ComposeWarning[] = [];
  const given = files.map((file) => composePath(cwd, file, "-f"));
  const process = new Map(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  if (!process.has("PWD")) process.set("PWD", cwd);
  const base = projectDirectory === undefined ? undefined : resolve(cwd, projectDirectory);
  const named = envFiles.length > 0 ? envFiles : listOf(process.get("COMPOSE_ENV_FILES"), ",");
  const explicit = named.map((file) => resolve(cwd, expandHome(file, process)));
  const first =
    explicit.length > 0 ? explicit : await defaultEnvFile(base ?? (given[0] ? dirname(given[0]) : cwd), process);
  const early = await readEnvFiles(first, process, warnings);

  const chosen = given.length > 0 ? given : listedFiles(cwd, early);
  const [main, ...others] = chosen.length > 0 ? chosen : await findFiles(base ?? cwd, warnings);
  if (main === undefined) throw new MirrorError("compose-not-found", { folder: base ?? cwd });
  const folder = base ?? dirname(main);
  const second =
    explicit.length > 0 ? [] : (await defaultEnvFile(folder, process)).filter((file) => !first.includes(file));
  const variables = second.length > 0 ? await readEnvFiles(second, early, warnings) : early;
  return { files: [main, ...others], folder, variables, envFiles: [...first, ...second], warnings };
}

/** Reads env files in order over `base`, whose values stay. Unset variables in values become warnings. */
export async function readEnvFiles(
  files: readonly string[],
  base: Variables,
  warnings: ComposeWarning[],
): Promise<Variables> {
  if (files.length === 0) return base;
  let values: Variables = new Map();
  for (const file of files) {
    const text = decodeEnvFile(await readBytes(file, LARGEST_ENV_FILE));
    const onUnset = (variable: string): void => {
      warnings.push(message("warning-variable-unset", { variable }));
    };
    values = parseEnvFile(text, (name) => base.get(name), file, values, onUnset);
  }
  return new Map([...values, ...base]);
}

/**
 * The text of a file, its byte order mark kept. UTF-8, or UTF-16 by its mark, as go-yaml reads it.
 * Throws `file-read`, `compose-limit` beyond `most` bytes.
 */
export async function readText(file: string, most: number): Promise<string> {
  const bytes = await readBytes(file, most);
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MirrorError("file-read", { file, detail: message("file-not-text") }, { cause });
  }
}

function readBytes(file: string, most: number): Promise<Uint8Array> {
  return readRegularFile(file, most).catch((cause: unknown) => {
    if (!(cause instanceof MirrorError) || cause.code !== "file-large") throw cause;
    throw new MirrorError("compose-limit", { file, detail: message("compose-file-size", { most }) }, { cause });
  });
}

/** Whether a file name is one that compose fetches from a Git repository or a registry. */
export function isRemote(file: string): boolean {
  return /^(?:oci|https?|git|ssh):\/\/|^git@|^github\.com\//.test(file);
}

/** The env file of a folder, if it has one and COMPOSE_DISABLE_ENV_FILE does not forbid it. */
export async function defaultEnvFile(folder: string, process: Variables = new Map()): Promise<readonly string[]> {
  if (/^(?:1|t|true)$/i.test(process.get("COMPOSE_DISABLE_ENV_FILE") ?? "")) return [];
  const file = join(folder, ".env");
  return (await isFile(file)) ? [file] : [];
}

function listedFiles(cwd: string, variables: Variables): readonly string[] {
  const separator = variables.get("COMPOSE_PATH_SEPARATOR") || delimiter;
  return listOf(variables.get("COMPOSE_FILE"), separator).map((file) => composePath(cwd, file, "COMPOSE_FILE"));
}

function composePath(cwd: string, file: string, where: string): string {
  if (file === "-") throw new MirrorError("compose-stdin");
  if (isRemote(file)) throw new MirrorError("compose-remote", { file, where });
  return resolve(cwd, file);
}

/** Looks in `cwd`, then upwards; gives the main file and its override. */
async function findFiles(cwd: string, warnings: ComposeWarning[]): Promise<readonly string[]> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const main = await firstOf(folder, COMPOSE_NAMES, warnings);
    if (main !== undefined) {
      const override = await firstOf(folder, OVERRIDE_NAMES, warnings);
      return override === undefined ? [main] : [main, override];
    }
    if (dirname(folder) === folder) return [];
  }
}

async function firstOf(
  folder: string,
  names: readonly string[],
  warnings: ComposeWarning[],
): Promise<string | undefined> {
  const paths = names.map((name) => join(folder, name));
  const exist = await Promise.all(paths.map(exists));
  const found = paths.filter((_, index) => exist[index]);
  const [winner] = found;
  if (winner !== undefined && found.length > 1) {
    warnings.push(message("warning-several-files", { files: found.join(", "), file: winner }));
  }
  return winner;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

function listOf(value: string | undefined, separator: string): readonly string[] {
  return (value ?? "").split(separator).filter((each) => each !== "");
}

function expandHome(file: string, process: Variables): string {
  const home = process.get("HOME");
  return home !== undefined && /^~(?:$|\/)/.test(file) ? join(home, file.slice(1)) : file;
}

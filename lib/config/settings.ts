/**
 * The tool's own settings file, `.env` beside package.json: lines of `NAME=VALUE`, read literally. A password may hold
 * `$`, `#`, `\` and blanks, so nothing is expanded, nothing is a comment except a line that begins with `#`, and one pair
 * of quotes around the whole value is taken off. Blanks around an unquoted value do not count. `export` before the name,
 * a byte order mark and CRLF are fine. (The compose project's `.env` follows docker compose's rules instead.)
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { COMPOSE_NAMES } from "../compose/discover.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { writeWhole } from "../system/write-file.ts";

/** Far more than any settings file needs, in bytes. */
const MOST_BYTES = 1024 * 1024;

/** Reads the settings of `file`; none where there is no such file. Throws `file-read` and `settings-line`. */
export function readSettings(file: string): ReadonlyMap<string, string> {
  try {
    const text = readSmallFile(file);
    return text === undefined ? new Map() : parseSettings(text, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    if (cause instanceof MirrorError) throw cause;
    throw new MirrorError("file-read", { file, detail: causeOf(cause) }, { cause });
  }
}

/** The settings file of a project, beside its compose file. */
export const PROJECT_SETTINGS = "mirror.env";

/**
 * The settings of the project in `folder`, or in the nearest parent that has a compose file; none where there is no
 * `mirror.env`. It may hold a password and says where passwords and files go, so one that others may read is refused:
 * a file that came with a cloned project is such a one. Throws `settings-open`, and what `readSettings` throws.
 */
export function readProjectSettings(folder: string): {
  readonly file: string;
  readonly settings: ReadonlyMap<string, string>;
} {
  const file = join(projectFolder(folder), PROJECT_SETTINGS);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return { file, settings: new Map() };
  const isOwn = process.platform === "win32" || (found.mode & 0o077) === 0;
  if (!isOwn) throw new MirrorError("settings-open", { file });
  return { file, settings: readSettings(file) };
}

/**
 * Writes the settings of the project in `folder`, for nobody else to read, and sees that git leaves the file out where
 * the folder has a `.gitignore`. Gives the file's path. Throws `file-write`, `file-read`.
 */
export async function writeProjectSettings(folder: string, settings: ReadonlyMap<string, string>): Promise<string> {
  const file = join(folder, PROJECT_SETTINGS);
  await writeWhole(file, formatSettings(settings), { confidential: true });
  const ignored = join(folder, ".gitignore");
  const text = readSmallFile(ignored, { absent: "" });
  if (text !== "" && text !== undefined && !text.split(/\r?\n/).includes(PROJECT_SETTINGS)) {
    await writeWhole(ignored, `${text.replace(/\n?$/, "\n")}${PROJECT_SETTINGS}\n`, {
      mode: statSync(ignored).mode & 0o777,
    });
  }
  return file;
}

function projectFolder(folder: string): string {
  for (let each = folder; ; each = dirname(each)) {
    if (COMPOSE_NAMES.some((name) => existsSync(join(each, name)))) return each;
    if (dirname(each) === each) return folder;
  }
}

/** Name to value; of a name that is there twice the last counts. Throws `settings-line` with the number of the line. */
export function parseSettings(text: string, file: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new MirrorError("settings-line", { file, line: index + 1 });
    settings.set(name, unquote(value.trim()));
  }
  return settings;
}

/** The text of a settings file that `parseSettings` reads as `settings`; a value must be one line. */
export function formatSettings(settings: ReadonlyMap<string, string>): string {
  const lines = [...settings].map(([name, value]) => {
    const isPlain = value === value.trim() && unquote(value) === value;
    return `${name}=${isPlain ? value : `'${value}'`}\n`;
  });
  return lines.join("");
}

/** The names that an env file of docker compose sets and that begin as ours do; unreadable files have none. */
export function namesOf(file: string): readonly string[] {
  try {
    const lines = (readSmallFile(file) ?? "").split(/\r\n|\n|\r/);
    return lines.flatMap((line) => /^\uFEFF?\s*(?:export\s+)?((?:MIRROR|DEPLOY)_\w+)\s*[=:]/.exec(line)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** A device or a pipe could go on for ever, so only regular files are read. */
function readSmallFile(file: string, { absent }: { readonly absent?: string } = {}): string | undefined {
  const found = statSync(file, { throwIfNoEntry: absent === undefined });
  if (found === undefined) return absent;
  return found.isFile() && found.size <= MOST_BYTES ? readFileSync(file, "utf8") : undefined;
}

function unquote(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;
}

/**
 * The tool's own settings file, `.env` beside package.json: lines of `NAME=VALUE`, read literally. A password may hold
 * `$`, `#`, `\` and blanks, so nothing is expanded, nothing is a comment except a line that begins with `#`, and one pair
 * of quotes around the whole value is taken off. Blanks around an unquoted value do not count. `export` before the name,
 * a byte order mark and CRLF are fine. (The compose project's `.env` follows docker compose's rules instead.)
 */
import { readFileSync, statSync } from "node:fs";
import { causeOf, MirrorError } from "../messages/errors.ts";

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
function readSmallFile(file: string): string | undefined {
  const found = statSync(file);
  return found.isFile() && found.size <= MOST_BYTES ? readFileSync(file, "utf8") : undefined;
}

function unquote(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;
}

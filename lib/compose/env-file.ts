/**
 * Env files by compose's grammar (compose-go's dotenv, https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax):
 *
 *     statement = ["export" space] name ("=" | ":") value | name newline
 *     value     = 'literal' | "escapes and $VARIABLES" | plain text with $VARIABLES, up to " #" or the line's end
 *
 * Quoted values may span lines. A name alone takes its value from the environment, or is skipped. A variable in a
 * value is looked up in the environment first, then among the lines above. `#` starts a comment at a statement's start.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { interpolate, type Lookup } from "./interpolation.ts";

const SPACE_IN_LINE = /[\t\v\f\r \u0085\u00a0]/;
const SPACE = /[\s\u0085]/;
const NAME_CHARACTER = /[\p{L}\p{N}_.[\]-]/u;
const ESCAPE = /\\(?:[abcfnrtv$"\\]|0\d{0,3})/g;
const ESCAPED: Readonly<Record<string, string>> = {
  "\\a": "\x07",
  "\\b": "\b",
  "\\f": "\f",
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
  "\\v": "\v",
  "\\\\": "\\",
  '\\"': '"',
  // `$$` is how the interpolation that follows spells a plain dollar.
  "\\$": "$$",
};

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** By the first byte from 0xC2 on, how many bytes a character has (RFC 3629, 3). */
const LENGTHS: readonly (readonly [last: number, length: number])[] = [
  [0xdf, 2],
  [0xef, 3],
  [0xf4, 4],
];

/**
 * The text of an env file. Go, and so docker compose, takes bytes that are no UTF-8, such as text in GBK, as they are.
 * Here such a byte is a lone surrogate, U+DC80 for 0x80 and so on (PEP 383 https://peps.python.org/pep-0383/), so values
 * that differ stay different, and `isText` tells them from text.
 */
export function decodeEnvFile(bytes: Uint8Array): string {
  const whole = UTF8.decode(bytes);
  if (!whole.includes("\uFFFD")) return whole;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : (LENGTHS.find(([last]) => first <= last)?.[1] ?? 0);
    const part = UTF8.decode(bytes.subarray(at, at + length));
    const isCharacter = length > 0 && (!part.includes("\uFFFD") || isReplacement(bytes, at));
    parts.push(isCharacter ? part : String.fromCharCode(0xdc00 + first));
    at += isCharacter ? length : 1;
  }
  return parts.join("");
}

/** Whether U+FFFD itself is written at `at`. */
function isReplacement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}

/** Whether a value has no bytes that are no text. */
export function isText(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}

/**
 * Reads the text of an env file; `file` is its name for messages. `known` are the values of env files read before,
 * which this one adds to. `onUnset` hears of unset variables in values.
 * Throws `env-file-invalid`, `interpolation-invalid`, `variable-required`.
 */
export function parseEnvFile(
  text: string,
  lookup: Lookup,
  file: string,
  known: ReadonlyMap<string, string> = new Map(),
  onUnset?: (name: string) => void,
): ReadonlyMap<string, string> {
  const values = new Map(known);
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const expand = (value: string, at: number): string => {
    try {
      return interpolate(value, (name) => lookup(name) ?? values.get(name), { onUnset });
    } catch (cause) {
      if (!(cause instanceof MirrorError)) throw cause;
      throw new MirrorError(cause.code, { ...cause.values, where: `${file}:${lineOf(source, at)}` }, { cause });
    }
  };

  for (let at = statementStart(source, 0); at < source.length; at = statementStart(source, at)) {
    const { name, end, inherited } = readName(source, at, file);
    if (inherited) {
      const value = lookup(name);
      if (value !== undefined) values.set(name, value);
      at = end;
      continue;
    }
    const quote = source[end];
    if (quote === '"' || quote === "'") {
      const { raw, after } = readQuoted(source, end, quote, file);
      values.set(name, quote === '"' ? expand(raw.replace(ESCAPE, unescape), end) : raw);
      at = after;
    } else {
      const newline = source.indexOf("\n", end);
      const line = source.slice(end, newline === -1 ? source.length : newline);
      values.set(name, expand(line.split(" #", 1)[0]!.trimEnd(), end));
      at = end + line.length;
    }
  }
  // A last line that holds no more than a name, without a line break, is a value without a name.
  values.delete("");
  return values;
}

function statementStart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "#") {
      const newline = text.indexOf("\n", at);
      if (newline === -1) return text.length;
      at = newline;
    } else if (!SPACE.test(text[at]!)) return at;
  }
  return text.length;
}

interface Name {
  readonly name: string;
  /** Where the value starts, or the next statement. */
  readonly end: number;
  readonly inherited: boolean;
}

function readName(text: string, from: number, file: string): Name {
  const start = /^export\s/.test(text.slice(from, from + 7)) ? skipSpace(text, from + 6) : from;
  for (let at = start; at < text.length; at++) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    if (SPACE_IN_LINE.test(character)) continue;
    if (character === "=" || character === ":" || character === "\n") {
      const name = text.slice(start, at).trimEnd();
      if (name.includes(" ")) throw invalid(message("env-name-space"));
      const inherited = character === "\n";
      return { name, end: inherited ? at + 1 : skipSpace(text, at + 1), inherited };
    }
    if (!NAME_CHARACTER.test(character)) {
      throw invalid(message("env-name-character", { character }));
    }
    at += character.length - 1;
  }
  return { name: "", end: start, inherited: false };

  function invalid(detail: Message): MirrorError {
    return new MirrorError("env-file-invalid", { file, line: lineOf(text, start), detail });
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE_IN_LINE.test(text[at]!)) at++;
  return at;
}

/** Reads from the quote at `start`; a backslash keeps the quote that follows it from ending the value. */
function readQuoted(text: string, start: number, quote: string, file: string): { raw: string; after: number } {
  let raw = "";
  let plainFrom = start + 1;
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") {
      if (text[at + 1] === quote) {
        raw += text.slice(plainFrom, at);
        plainFrom = at + 1;
      }
      at++;
    } else if (character === quote) {
      return { raw: raw + text.slice(plainFrom, at), after: at + 1 };
    }
  }
  throw new MirrorError("env-file-invalid", {
    file,
    line: lineOf(text, start),
    detail: message("env-quote-open"),
  });
}

function unescape(escape: string): string {
  const known = ESCAPED[escape];
  if (known !== undefined) return known;
  if (!escape.startsWith("\\0")) return escape;
  // `\0101` is the octal escape \101; fewer than three digits, or more than a byte, stay as they are.
  const digits = escape.slice(2);
  const code = /^[0-7]{3}$/.test(digits) ? Number.parseInt(digits, 8) : 256;
  return code < 256 ? String.fromCodePoint(code) : `\\${digits}`;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

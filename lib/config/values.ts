/**
 * Parsers of single values. A parser gets every text that a flag or its variable was given, in order (none = neither was
 * given and there is no default), and gives the value that the rest of the program uses. Nothing is connected to before
 * every value has passed here.
 */
import { resolve } from "node:path";
import { isComponent, isRegistryHost } from "../image/reference.ts";
import { wantedPlatform } from "../image/platform.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Language } from "../messages/format.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { checkRegistry, parseRename, type Rename } from "../mirror/mapping.ts";
import { parseSourceMirror, type SourceMirror } from "../registry/source-mirror.ts";
import { parseHost } from "./host-address.ts";

/** A variable's name to its value. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value comes from, and what it is relative to. */
export interface Origin {
  /** What the user has to correct: `--port`, or `MIRROR_PORT`. */
  readonly name: string;
  /** The folder that the command was started in. */
  readonly cwd: string;
  readonly home: string;
  readonly environment: Environment;
}

export type Parser<T> = (given: readonly string[], origin: Origin) => T;

/** A switch: `true` when it is given. */
export const on: Parser<boolean> = (given) => given.length > 0;

/** A switch that turns something off: `false` when it is given. */
export const off: Parser<boolean> = (given) => given.length === 0;

/** Texts exactly as they were given, empty ones too. */
export const words: Parser<readonly string[]> = (given) => given;

/** Texts in the order given. Throws `flag-value` for an empty one. */
export const texts: Parser<readonly string[]> = (given, origin) => given.map((value) => filled(value, origin));

/** An absolute path; a relative one is relative to the folder that the command was started in. Throws `flag-value`. */
export const path: Parser<string | undefined> = optional((value, { cwd }) => resolve(cwd, value));

/** The same of every value. Throws `flag-value`. */
export const paths: Parser<readonly string[]> = (given, origin) =>
  texts(given, origin).map((value) => resolve(origin.cwd, value));

/** An absolute path; a leading `~` is this user's home. Throws `flag-value`. */
export const folder: Parser<string> = required((value, { cwd, home }) =>
  resolve(cwd, value.replace(/^~(?=\/|$)/, home)),
);

/** One of `choices`, for a flag that has a default. Throws `flag-value`. */
export function oneOf<const T extends string>(...choices: readonly T[]): Parser<T> {
  return required((value, origin) => choose(value, choices, origin));
}

/** One of `choices`, or nothing. Throws `flag-value`. */
export function maybeOneOf<const T extends string>(...choices: readonly T[]): Parser<T | undefined> {
  return optional((value, origin) => choose(value, choices, origin));
}

function choose<T extends string>(value: string, choices: readonly T[], origin: Origin): T {
  const found = choices.find((choice) => choice === value);
  return found ?? fail(origin, value, message("value-choices", { choices }));
}

/** A whole number within limits, both included. Throws `flag-value`. */
export function wholeNumber(least: number, most: number): Parser<number> {
  return required((value, origin) => readNumber(value, origin, { least, most }));
}

/** The same, or nothing. Throws `flag-value`. */
export function maybeWholeNumber(least: number, most: number): Parser<number | undefined> {
  return optional((value, origin) => readNumber(value, origin, { least, most }));
}

function readNumber(value: string, origin: Origin, limits: { readonly least: number; readonly most: number }): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= limits.least && number <= limits.most) return number;
  return fail(origin, value, message("value-number", limits));
}

const UNITS = ["", "k", "m", "g", "t"];

/** Bytes as `20GB` (decimal, as sizes are shown), `20GiB` (binary), `500M` or a plain number. Throws `flag-value`. */
export const bytes: Parser<number | undefined> = optional((value, origin) => {
  const [, number, unit, binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(value) ?? [];
  if (number === undefined || unit === undefined || (binary !== "" && unit === "")) {
    return fail(origin, value, message("value-size"));
  }
  return Math.round(Number(number) * (binary === "" ? 1000 : 1024) ** UNITS.indexOf(unit.toLowerCase()));
});

/** Bytes that a part of an archive may have; its lists must have room in the first. Throws `flag-value`. */
export const partSize: Parser<number | undefined> = (given, origin) => {
  const size = bytes(given, origin);
  if (size === undefined || size >= SMALLEST_PART) return size;
  return fail(origin, given[0]!, message("value-part-size", { least: SMALLEST_PART }));
};

const SMALLEST_PART = 10_000_000;

/** A registry's host with an optional port. Throws `registry-invalid`. */
export const registry: Parser<string | undefined> = optional(checkRegistry);

/** Registry hosts, each once; one text may name several with commas between. Throws `flag-value`. */
export const registries: Parser<readonly string[]> = list((value, origin) =>
  isRegistryHost(value) ? value : fail(origin, value, message("value-registry")),
);

/** Path components below a registry's host. Throws `namespace-invalid`. */
export const namespace: Parser<string | undefined> = optional((value) => {
  const wrong = value.split("/").find((component) => !isComponent(component));
  if (wrong === undefined) return value;
  throw new MirrorError("namespace-invalid", { namespace: value, detail: message("value-component", { part: wrong }) });
});

/** A platform in its one spelling, such as `linux/arm64`. Throws `platform-invalid`. */
export const platform: Parser<string> = required((value) => wantedPlatform(value));

/** Other names at the mirror. Throws `rename-invalid`. */
export const renames: Parser<readonly Rename[]> = (given) => given.map(parseRename);

/** Other places to read images from; one text may name several with commas between. Throws `source-mirror-invalid`. */
export const sourceMirrors: Parser<readonly SourceMirror[]> = list(parseSourceMirror);

/** ssh hosts, each once; one text may name several with commas between. Throws `host-invalid`. */
export const hosts: Parser<readonly string[]> = list((value) => parseHost(value).given);

/**
 * A folder on the host: absolute, below the home there (`~/app`), or relative to it. Throws `flag-value`: another user's
 * home is not looked up, and a blank at either end is a slip of the keyboard.
 */
export const remoteFolder: Parser<string | undefined> = optional((value, origin) => {
  if (value !== value.trim()) return fail(origin, value, message("value-blank"));
  if (/^~[^/]/.test(value)) return fail(origin, value, message("value-other-home"));
  if (/\p{Cc}/u.test(value)) return fail(origin, value, message("value-control"));
  return value;
});

/** A release's id, a name of a folder on the host. Throws `flag-value`. */
export const releaseId: Parser<string | undefined> = optional((value, origin) =>
  /^[A-Za-z0-9][\w.-]*$/.test(value) ? value : fail(origin, value, message("value-release")),
);

/** The language of `--lang`, else the locale's (LC_ALL, LC_MESSAGES, LANG, in POSIX order). Throws `flag-value`. */
export const language: Parser<Language> = ([given], origin) => {
  if (given !== undefined) {
    const known = (["en", "zh"] as const).find((each) => each === given.toLowerCase().slice(0, 2));
    return known ?? fail(origin, given, message("value-choices", { choices: ["en", "zh"] }));
  }
  const { environment } = origin;
  const locale = [environment["LC_ALL"], environment["LC_MESSAGES"], environment["LANG"]].find(Boolean) ?? "";
  return locale.toLowerCase().startsWith("zh") ? "zh" : "en";
};

function optional<T>(parse: (value: string, origin: Origin) => T): Parser<T | undefined> {
  return ([value], origin) => (value === undefined ? undefined : parse(filled(value, origin), origin));
}

/** For flags that have a default. */
function required<T>(parse: (value: string, origin: Origin) => T): Parser<T> {
  return ([value = ""], origin) => parse(filled(value, origin), origin);
}

function list<T>(parse: (value: string, origin: Origin) => T): Parser<readonly T[]> {
  return (given, origin) => {
    const named = given.flatMap((value) => filled(value, origin).split(",")).map((each) => each.trim());
    return [...new Set(named.filter((each) => each !== ""))].map((each) => parse(each, origin));
  };
}

function filled(value: string, origin: Origin): string {
  return value.trim() === "" ? fail(origin, value, message("value-empty")) : value;
}

function fail({ name }: Origin, value: string, detail: Cause): never {
  throw new MirrorError("flag-value", { flag: name, value, detail });
}

/**
 * Errors as values with a code. One table holds, for every code, the exit code of the command contract, the sentence
 * that says what happened, and the way out; `{name}` marks where a value goes. The texts here are the English ones;
 * `terminal/` holds the same table in other languages, keyed by the same codes.
 *
 * A sentence names the action, the value (quoted) and the state; neither part ends in a period.
 */

/** Exit codes of the command contract. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface ErrorText {
  /** 2 when the user's input or configuration is wrong, 1 when the work itself failed. */
  readonly exit: 1 | 2;
  readonly says: string;
  readonly fix: string;
}

export const ERRORS = {
  // command line and configuration
  "flag-unknown": {
    exit: 2,
    says: "cannot read the command line: {detail}",
    fix: "run the command with --help to see its flags",
  },
  "flag-value": {
    exit: 2,
    says: '{flag} "{value}" is not valid: {detail}',
    fix: "correct {flag}; --help shows what it takes",
  },
  "setting-missing": {
    exit: 2,
    says: "{what} is not set",
    fix: "pass {flag} or set {variable} in the environment or in .env beside package.json",
  },
  "file-read": { exit: 2, says: 'cannot read "{file}": {detail}', fix: "check the path and its permissions" },
  "file-write": {
    exit: 1,
    says: 'cannot write "{file}": {detail}',
    fix: "check the folder's permissions and free space, then run again",
  },
  "command-missing": { exit: 2, says: 'cannot start "{program}": {detail}', fix: "install {program}, or correct PATH" },
  interrupted: { exit: 1, says: "interrupted", fix: "run the same command again: finished work is kept" },

  // references, mapping, ignore
  "reference-invalid": {
    exit: 2,
    says: 'image "{image}" is not a valid reference: {detail}',
    fix: "write it as [HOST[:PORT]/]NAME[:TAG][@DIGEST] in lower case",
  },
  "mapping-collision": {
    exit: 2,
    says: 'images {sources} would all be stored as "{target}"',
    fix: "give one of them another name with --rename SOURCE=NAME or a line SOURCE=NAME in the ignore file, or pass --on-collision prefix-host",
  },
  "rename-invalid": {
    exit: 2,
    says: 'rename "{rename}" is not valid: {detail}',
    fix: "write it as SOURCE=NAME, for example nginx=web-server",
  },
  "registry-invalid": {
    exit: 2,
    says: 'registry "{registry}" is not a valid registry host: {detail}',
    fix: "write HOST or HOST:PORT, without https:// and without a path",
  },
  "namespace-invalid": {
    exit: 2,
    says: 'namespace "{namespace}" is not valid: {detail}',
    fix: "use lower-case letters and digits, with - _ . between them",
  },
  "platform-invalid": {
    exit: 2,
    says: 'platform "{platform}" is not valid',
    fix: "write it as OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64",
  },
  "platform-conflict": {
    exit: 2,
    says: 'image "{image}" is wanted for {platforms} by services {services}, and one mirror name holds one platform',
    fix: "give the services the same platform, or different images",
  },

  // compose
  "compose-not-found": {
    exit: 2,
    says: 'no compose file found in "{folder}" or above it',
    fix: "stand in the project's folder or name the file with -f",
  },
  "compose-stdin": {
    exit: 2,
    says: 'cannot read a compose file from standard input (-f "-")',
    fix: "write it to a file and name that with -f",
  },
  "compose-remote": {
    exit: 2,
    says: 'cannot read the remote compose file "{file}" ({where})',
    fix: "copy it beside the project and name the copy there",
  },
  "compose-yaml": {
    exit: 2,
    says: "{where} is not valid YAML: {detail}",
    fix: "correct the file at that line",
  },
  "compose-invalid": {
    exit: 2,
    says: "cannot use the compose file, {where}: {detail}",
    fix: "correct the file; docker compose config checks the same",
  },
  "compose-empty": {
    exit: 2,
    says: 'no services found in "{file}"',
    fix: "add a services section, or name another file with -f",
  },
  "compose-no-image": {
    exit: 2,
    says: 'service "{service}" has neither an image nor a build section ({where})',
    fix: "give the service an image, or a build section",
  },
  "compose-cycle": {
    exit: 2,
    says: "{what} runs in a circle: {chain}",
    fix: "take one of these references out",
  },
  "compose-limit": {
    exit: 2,
    says: '"{file}" is too large to read safely: {detail}',
    fix: "split the file, or check that it is the compose file you meant",
  },
  "interpolation-invalid": {
    exit: 2,
    says: 'cannot fill in variables in {where}: "{template}" is not a valid template',
    fix: "write $NAME, ${NAME} or ${NAME:-default}, and $$ for a plain $",
  },
  "variable-required": {
    exit: 2,
    says: 'required variable "{variable}" is missing a value: {reason} ({where})',
    fix: "set {variable} in the environment or in the env file",
  },
  "env-file-invalid": {
    exit: 2,
    says: 'cannot read line {line} of the env file "{file}": {detail}',
    fix: "write lines as NAME=value",
  },
  "project-name-invalid": {
    exit: 2,
    says: 'project name "{name}" is not valid',
    fix: "use lower-case letters, digits, - and _, starting with a letter or digit",
  },
} as const satisfies Record<string, ErrorText>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorValues = Readonly<Record<string, string | number>>;

/** Puts `values` into the `{name}` places of `template`; a place without a value stays as it is. */
export function fill(template: string, values: ErrorValues): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** An error a user can act on. `message` is the English sentence; `fix` the way out. */
export class MirrorError extends Error {
  readonly code: ErrorCode;
  readonly values: ErrorValues;

  constructor(code: ErrorCode, values: ErrorValues = {}, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].says, values), options);
    this.name = "MirrorError";
    this.code = code;
    this.values = values;
  }

  get fix(): string {
    return fill(ERRORS[this.code].fix, this.values);
  }

  get exit(): 1 | 2 {
    return ERRORS[this.code].exit;
  }
}

/** The message of anything that can be thrown, on one line. */
export function detailOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, "; ").trim();
}

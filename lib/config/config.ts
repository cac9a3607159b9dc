/**
 * The only reader of flags and environment. A flag beats the environment, which beats `.env` beside package.json.
 * Everything is parsed and checked here, so the rooms behind get values they can trust.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseEnvFile } from "../compose/env-file.ts";
import { detailOf, MirrorError } from "../messages/errors.ts";
import { checkRegistry, type OnCollision, parseRename, type Rename } from "../mirror/mapping.ts";
import { wantedPlatform } from "../image/platform.ts";
import { parseSourceMirror, type SourceMirror } from "../registry/source-mirror.ts";
import { Secret } from "../system/secret.ts";
import { TOOL_FOLDER } from "../system/tool-folder.ts";

export type Language = "en" | "zh";
export type EngineName = "direct" | "docker" | "podman" | "nerdctl";

/** A variable's name to its value. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface FlagSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What the value stands for in the help. */
  readonly value?: string;
  /** The environment variable that stands for the flag. */
  readonly variable?: string;
  readonly default?: string;
  /** The value may stand alone, without the flag's name. */
  readonly positional?: true;
}

/** Every flag of every command. */
export const FLAGS = {
  file: { type: "string", short: "f", multiple: true, value: "FILE", variable: "COMPOSE_FILE" },
  "env-file": { type: "string", multiple: true, value: "FILE", variable: "COMPOSE_ENV_FILES" },
  profile: { type: "string", multiple: true, value: "NAME", variable: "COMPOSE_PROFILES" },
  ignore: { type: "string", value: "FILE" },
  "with-build-bases": { type: "boolean" },
  rename: { type: "string", multiple: true, value: "SOURCE=NAME" },
  "on-collision": { type: "string", value: "error|prefix-host", default: "error" },
  registry: { type: "string", value: "HOST", variable: "MIRROR_REGISTRY" },
  namespace: { type: "string", value: "NAME", variable: "MIRROR_NAMESPACE" },
  "pull-registry": { type: "string", value: "HOST", variable: "MIRROR_PULL_REGISTRY" },
  platform: { type: "string", value: "OS/ARCH", variable: "MIRROR_PLATFORM", default: "linux/amd64" },
  engine: { type: "string", value: "direct|docker|podman|nerdctl", variable: "MIRROR_ENGINE", default: "direct" },
  concurrency: { type: "string", value: "N", variable: "MIRROR_CONCURRENCY", default: "4" },
  "source-mirror": { type: "string", multiple: true, value: "REGISTRY=HOST", variable: "MIRROR_SOURCES" },
  insecure: { type: "string", multiple: true, value: "HOST", variable: "MIRROR_INSECURE" },
  pin: { type: "boolean" },
  store: { type: "string", value: "FOLDER", variable: "MIRROR_STORE", default: "~/.cache/compose-mirror" },
  "store-limit": { type: "string", value: "SIZE", variable: "MIRROR_STORE_LIMIT" },
  port: { type: "string", value: "N", variable: "MIRROR_PORT", default: "5012" },
  output: { type: "string", value: "FILE" },
  host: { type: "string", multiple: true, value: "HOST", variable: "DEPLOY_HOST" },
  dir: { type: "string", value: "DIR", variable: "DEPLOY_DIR" },
  ship: { type: "boolean" },
  "no-ship": { type: "boolean" },
  sudo: { type: "boolean" },
  tunnel: { type: "boolean" },
  orchestrator: { type: "string", value: "compose|swarm", variable: "DEPLOY_ORCHESTRATOR", default: "compose" },
  "keep-login": { type: "boolean" },
  "no-rollback": { type: "boolean" },
  wait: { type: "string", value: "SECONDS", variable: "DEPLOY_WAIT", default: "180" },
  keep: { type: "string", value: "N", variable: "DEPLOY_KEEP", default: "3" },
  release: { type: "string", value: "ID", positional: true },
  report: { type: "string", value: "FILE" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
  yes: { type: "boolean" },
  lang: { type: "string", value: "en|zh", variable: "LANG" },
  help: { type: "boolean", short: "h" },
} as const satisfies Record<string, FlagSpec>;

export type FlagName = keyof typeof FLAGS;

/** Settings that have no flag, because a command line is no place for a secret. */
export const VARIABLES = ["MIRROR_USERNAME", "MIRROR_PASSWORD"] as const;

/** Where images are in the content store, as far as their names go. */
const EMBEDDED_NAMESPACE = "mirror";

export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

export interface Config {
  /** The folder the caller stands in. */
  readonly cwd: string;
  /** The folder of package.json, with this tool's own ignore list. */
  readonly toolFolder: string;
  readonly home: string;
  /** The process environment, for compose's interpolation and docker's configuration. */
  readonly environment: Environment;
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  readonly ignoreFile?: string;
  /** The images that builds start from are mirrored too. */
  readonly withBuildBases: boolean;
  readonly renames: readonly Rename[];
  readonly onCollision: OnCollision;
  readonly registry?: string;
  readonly namespace?: string;
  /**
   * Neither registry nor namespace is set: the mirror is this machine's content store, served as a registry, and hosts
   * reach it through the ssh connection.
   */
  readonly embedded: boolean;
  readonly pullRegistry?: string;
  readonly platform: string;
  readonly engine: EngineName;
  /** Other places to read public images from. */
  readonly sourceMirrors: readonly SourceMirror[];
  /** Registries that are spoken to without TLS. */
  readonly insecureHosts: readonly string[];
  /** The mirror compose file names images by tag and digest. */
  readonly pin: boolean;
  /** Images under way at once; with the direct engine, large blobs at each registry and in each direction. */
  readonly concurrency: number;
  /** Absolute path of the content store. */
  readonly store: string;
  /** Bytes that the content store may keep. */
  readonly storeLimit?: number;
  /** Where the store is served on this machine; 0 = any port that is free. */
  readonly port: number;
  /** Absolute path of the file to write. */
  readonly output?: string;
  /** The hosts to deploy to, each once; one value may name several with commas between. */
  readonly hosts: readonly string[];
  /** Folder on the host; `~` is the home there. */
  readonly dir?: string;
  readonly credentials?: Credentials;
  /** Of the files besides the compose files: those that the host lacks, all that differ, or none are sent. */
  readonly send: "missing" | "all" | "none";
  /** docker on the host is called as root where it answers root only. */
  readonly sudo: boolean;
  /** The host pulls from the content store here, through the ssh connection. */
  readonly tunnel: boolean;
  /** What runs the services on the host. */
  readonly orchestrator: "compose" | "swarm";
  /** The host stays logged in to the registry. */
  readonly keepLogin: boolean;
  /** A failed deploy goes back to the release before. */
  readonly rollback: boolean;
  /** Seconds that services may take to get healthy. */
  readonly waitSeconds: number;
  /** Releases to keep on the host. */
  readonly keep: number;
  /** The release to go back to. */
  readonly release?: string;
  /** Absolute path of the HTML page to write about the run. */
  readonly report?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly yes: boolean;
  readonly language: Language;
}

export interface Invocation {
  readonly argv: readonly string[];
  readonly environment: Environment;
  /** The folder the caller stands in. */
  readonly cwd: string;
  /** The flags the command takes. */
  readonly flags: readonly FlagName[];
  /** This tool's `.env`, or another file in its place. */
  readonly settingsFile?: string;
}

/**
 * Reads an invocation. Throws `flag-unknown`, `flag-value`, `file-read`, and what the parsers of single values throw.
 */
export function readConfig({
  argv,
  environment,
  cwd,
  flags,
  settingsFile = join(TOOL_FOLDER, ".env"),
}: Invocation): Config {
  const given = parseFlags(argv, flags);
  const settings = readSettings(settingsFile);
  const variable = (name: string): string | undefined => filled(environment[name]) ?? filled(settings.get(name));
  const text = (name: FlagName): string | undefined => {
    const spec: FlagSpec = FLAGS[name];
    const value = given[name];
    if (typeof value === "string") return value;
    return (spec.variable === undefined ? undefined : variable(spec.variable)) ?? spec.default;
  };
  /** What the user has to correct when the value of `text` is wrong. */
  const origin = (name: FlagName): string => {
    const spec: FlagSpec = FLAGS[name];
    const isVariable =
      given[name] === undefined && spec.variable !== undefined && variable(spec.variable) !== undefined;
    return isVariable ? spec.variable : `--${name}`;
  };
  const choice = <const T extends string>(name: FlagName, choices: readonly T[]): T =>
    oneOf(origin(name), text(name), choices);
  const number = (name: FlagName, limits: Limits): number => count(origin(name), text(name), limits);
  const list = (name: FlagName): readonly string[] => (Array.isArray(given[name]) ? given[name] : []);
  const isSet = (name: FlagName): boolean => given[name] === true;
  const path = (name: FlagName): string | undefined => {
    const value = text(name);
    return value === undefined ? undefined : resolve(cwd, value);
  };

  const home = filled(environment["HOME"]) ?? homedir();
  const engine = choice("engine", ["direct", "docker", "podman", "nerdctl"]);
  const port = number("port", { least: 0, most: 65_535 });
  const named = { registry: text("registry"), namespace: text("namespace") };
  const embedded = engine === "direct" && named.registry === undefined && named.namespace === undefined;
  const mirror = embedded ? { registry: `localhost:${port}`, namespace: EMBEDDED_NAMESPACE } : named;
  const pullRegistry = text("pull-registry");
  return dropUndefined({
    cwd,
    toolFolder: TOOL_FOLDER,
    home,
    environment,
    files: list("file"),
    envFiles: list("env-file"),
    profiles: list("profile"),
    ignoreFile: path("ignore"),
    withBuildBases: isSet("with-build-bases"),
    renames: list("rename").map(parseRename),
    onCollision: choice("on-collision", ["error", "prefix-host"]),
    ...mirror,
    pullRegistry: pullRegistry === undefined ? undefined : checkRegistry(pullRegistry),
    platform: wantedPlatform(text("platform") ?? FLAGS.platform.default),
    engine,
    embedded,
    sourceMirrors: listOf(list("source-mirror"), variable("MIRROR_SOURCES")).map(parseSourceMirror),
    insecureHosts: listOf(list("insecure"), variable("MIRROR_INSECURE")),
    pin: isSet("pin"),
    concurrency: number("concurrency", { least: 1, most: 64 }),
    store: resolve(cwd, (text("store") ?? "").replace(/^~(?=\/|$)/, home)),
    storeLimit: size(origin("store-limit"), text("store-limit")),
    port,
    output: path("output"),
    hosts: listOf(list("host"), variable("DEPLOY_HOST")),
    dir: text("dir"),
    credentials: credentialsOf(variable("MIRROR_USERNAME"), variable("MIRROR_PASSWORD")),
    send: isSet("no-ship") ? "none" : isSet("ship") ? "all" : "missing",
    sudo: isSet("sudo"),
    tunnel: isSet("tunnel"),
    orchestrator: choice("orchestrator", ["compose", "swarm"]),
    keepLogin: isSet("keep-login"),
    rollback: !isSet("no-rollback"),
    waitSeconds: number("wait", { least: 1, most: 86_400 }),
    keep: number("keep", { least: 1, most: 64 }),
    release: text("release"),
    report: path("report"),
    dryRun: isSet("dry-run"),
    json: isSet("json"),
    yes: isSet("yes"),
    language: languageOf(typeof given["lang"] === "string" ? given["lang"] : undefined, environment),
  });
}

/**
 * This process's own invocation. The language comes first, so that even a wrong flag is answered in it. `help` tells
 * whether the help is asked for, which no wrong setting keeps back, and throws `flag-unknown`; `config` reads the rest
 * and throws what `readConfig` throws.
 */
export function readInvocation(flags: readonly FlagName[]): {
  readonly language: Language;
  readonly help: () => boolean;
  readonly config: () => Config;
} {
  const argv = process.argv.slice(2);
  const at = argv.lastIndexOf("--lang");
  const inline = argv.findLast((arg) => arg.startsWith("--lang="))?.slice("--lang=".length);
  const flag = (at < 0 ? inline : argv[at + 1])?.toLowerCase();
  const known = flag?.startsWith("zh") || flag?.startsWith("en") ? flag : undefined;
  return {
    language: languageOf(known, process.env),
    help: () => parseFlags(argv, flags)["help"] === true,
    config: () => readConfig({ argv, environment: process.env, cwd: callersFolder(), flags }),
  };
}

/** npm runs scripts in the folder of package.json and tells in INIT_CWD where the caller stands. */
function callersFolder(): string {
  const cwd = process.cwd();
  return cwd === TOOL_FOLDER ? (filled(process.env["INIT_CWD"]) ?? cwd) : cwd;
}

/** The language to speak: `--lang`, else the locale's (LC_ALL, LC_MESSAGES, LANG in POSIX order). */
export function languageOf(flag: string | undefined, environment: Environment): Language {
  if (flag !== undefined) return oneOf("--lang", flag.toLowerCase().slice(0, 2), ["en", "zh"], flag);
  const locale =
    filled(environment["LC_ALL"]) ?? filled(environment["LC_MESSAGES"]) ?? filled(environment["LANG"]) ?? "";
  return locale.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A registry apart from the content store, for what makes sense with one only. Throws `setting-missing`. */
export function requireRegistry(config: Config): void {
  if (config.embedded) throw missing("registry");
  requireMirror(config);
}

/** `registry` and `namespace`, which every command that names the mirror needs. Throws `setting-missing`. */
export function requireMirror(config: Config): { readonly registry: string; readonly namespace: string } {
  const { registry, namespace } = config;
  if (registry === undefined) throw missing("registry");
  if (namespace === undefined) throw missing("namespace");
  return { registry, namespace };
}

/** A configuration that names a mirror. */
export type MirrorConfig = Config & ReturnType<typeof requireMirror>;

/** `config`, once it is known to name a mirror. Throws `setting-missing`. */
export function withMirror(config: Config): MirrorConfig {
  return { ...config, ...requireMirror(config) };
}

/** The hosts to deploy to. Throws `setting-missing`. */
export function requireHosts({ hosts }: Config): readonly [string, ...string[]] {
  const [first, ...others] = hosts;
  if (first === undefined) throw missing("host");
  return [first, ...others];
}

/** The bytes that the content store may keep. Throws `setting-missing`. */
export function requireStoreLimit({ storeLimit }: Config): number {
  if (storeLimit === undefined) throw missing("store-limit");
  return storeLimit;
}

function missing(flag: FlagName): MirrorError {
  const spec: FlagSpec = FLAGS[flag];
  return new MirrorError("setting-missing", { flag: `--${flag}`, variable: spec.variable ?? "" });
}

function parseFlags(
  argv: readonly string[],
  flags: readonly FlagName[],
): Record<string, string | boolean | readonly string[] | undefined> {
  const specs = flags.map((name) => {
    const { type, short, multiple }: FlagSpec = FLAGS[name];
    return [name, { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) }];
  });
  const positional = flags.find((name) => "positional" in FLAGS[name]);
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(specs),
      strict: true,
      allowPositionals: positional !== undefined,
    });
    const [alone, stray] = positionals;
    if (stray !== undefined) throw new Error(`unexpected argument "${stray}"`);
    return {
      ...(values as Record<string, string | boolean | readonly string[] | undefined>),
      ...(positional === undefined || alone === undefined ? {} : { [positional]: alone }),
    };
  } catch (cause) {
    throw new MirrorError("flag-unknown", { detail: detailOf(cause) }, { cause });
  }
}

function readSettings(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new MirrorError("file-read", { file, detail: detailOf(cause) }, { cause });
  }
  return parseEnvFile(text, () => undefined, file);
}

/** Throws `credentials-half` when only one of the two is set. */
function credentialsOf(username: string | undefined, password: string | undefined): Credentials | undefined {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) throw new MirrorError("credentials-half", { set: VARIABLES[1], missing: VARIABLES[0] });
  if (password === undefined) throw new MirrorError("credentials-half", { set: VARIABLES[0], missing: VARIABLES[1] });
  return { username, password: new Secret(password) };
}

/** The values of a repeatable flag, else of its variable, each once; one text may hold several with commas between. */
function listOf(given: readonly string[], variable = ""): readonly string[] {
  const named = (given.length > 0 ? given : [variable]).flatMap((text) => text.split(","));
  return [...new Set(named.map((each) => each.trim()).filter((each) => each !== ""))];
}

function oneOf<const T extends string>(
  flag: string,
  value: string | undefined,
  choices: readonly T[],
  shown = value,
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new MirrorError("flag-value", {
    flag,
    value: shown ?? "",
    detail: `it takes ${choices.join(" or ")}`,
  });
}

interface Limits {
  readonly least: number;
  readonly most: number;
}

function count(flag: string, value = "", { least, most }: Limits): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new MirrorError("flag-value", {
    flag,
    value,
    detail: `it takes a number from ${least} to ${most}`,
  });
}

const UNITS = ["", "k", "m", "g", "t"];

/** Bytes as `20GB` (decimal, as sizes are shown), `20GiB` (binary), `500M` or a plain number. */
function size(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, number, unit, binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(value) ?? [];
  if (number === undefined || unit === undefined || (binary !== "" && unit === "")) {
    throw new MirrorError("flag-value", { flag, value, detail: "it takes a size such as 20GB or 500MB" });
  }
  return Math.round(Number(number) * (binary === "" ? 1000 : 1024) ** UNITS.indexOf(unit.toLowerCase()));
}

/** An empty variable counts as unset, as in `DEPLOY_HOST= task mirror`. */
function filled(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** Leaves out what is undefined, so that optional properties are absent rather than undefined. */
function dropUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

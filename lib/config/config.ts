/**
 * The only reader of flags and environment. A flag beats the environment, which beats `mirror.env` beside the compose
 * file, which beats `.env` beside package.json; the rows of flags.ts say what there is. Every value is parsed and checked here, so the rooms behind get values that they
 * can trust.
 */
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import type { Facts } from "../messages/facts.ts";
import type { Language } from "../messages/format.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { readProxies } from "../registry/proxy.ts";
import { Secret } from "../system/secret.ts";
import { TOOL_FOLDER } from "../system/tool-folder.ts";
import { type Given, parseCommandLine } from "./command-line.ts";
import { FLAG_NAMES, type FlagName, FLAGS, type FlagValues, rowOf, VARIABLES } from "./flags.ts";
import { namesOf, readProjectSettings, readSettings } from "./settings.ts";
import { nearest } from "./suggest.ts";
import { checkTaskVariables } from "./task-variables.ts";
import { type Environment, language as parseLanguage } from "./values.ts";

/** The namespace of the local store, where that is the mirror. */
const EMBEDDED_NAMESPACE = "mirror";

export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

/** Flags whose values are used under another name (see `Config`) or by the command frame alone. */
type Inner = "ship" | "noShip" | "help" | "version";

/** What a command works with: the value of every flag (see flags.ts), and what follows from them. */
export interface Config extends Omit<FlagValues, Inner> {
  /** The folder that the command was started in. */
  readonly cwd: string;
  /** The folder of package.json, with this tool's own ignore list. */
  readonly toolFolder: string;
  readonly home: string;
  /** The process environment, for compose's interpolation and docker's configuration. */
  readonly environment: Environment;
  /**
   * Neither registry nor namespace is set: the mirror is this machine's local store, served as a registry, and hosts
   * reach it through the ssh connection.
   */
  readonly embedded: boolean;
  readonly credentials?: Credentials;
  /** Of the files besides the compose files: those missing on the host, all that differ, or none are sent. */
  readonly send: "missing" | "all" | "none";
  /** What is odd about the settings, though no error. */
  readonly notices: readonly Message[];
}

export interface Invocation {
  readonly argv: readonly string[];
  readonly environment: Environment;
  /** The folder that the command was started in. */
  readonly cwd: string;
  /** The flags that the command takes. */
  readonly flags: readonly FlagName[];
  /** This tool's `.env`, or another file in its place. */
  readonly settingsFile?: string;
}

/**
 * Reads an invocation. Throws `flag-unknown`, `flag-repeated`, `flag-value`, `value-quotes`, `task-variable-unknown`,
 * `file-read`, `settings-line`, `credentials-half`, `proxy-invalid`, and what the parsers of values.ts throw.
 */
export function readConfig({
  argv,
  environment,
  cwd,
  flags,
  settingsFile = join(TOOL_FOLDER, ".env"),
}: Invocation): Config {
  const given = parseCommandLine(argv, flags);
  checkTaskVariables(environment);
  const project = readProjectSettings(folderOf(given, environment, cwd));
  const settings: ReadonlyMap<string, string> = new Map([...readSettings(settingsFile), ...project.settings]);
  const variable = (name: string, from = settings): string | undefined => {
    const value = filled(environment[name]) ?? filled(from.get(name));
    return value === undefined ? undefined : plainlyQuoted(value, name);
  };
  const home = filled(environment["HOME"]) ?? homedir();
  const parse = (name: FlagName): unknown => {
    const row = rowOf(name);
    const origin = { name: `--${name}`, cwd, home, environment };
    const onLine = given.get(name);
    if (onLine !== undefined) {
      const plain = row.afterDashes ? onLine : onLine.map((value) => plainlyQuoted(value, origin.name));
      return row.parse(plain, origin);
    }
    const ofVariable = row.variable === undefined || row.foreign ? undefined : variable(row.variable);
    if (ofVariable !== undefined) return row.parse([ofVariable], { ...origin, name: row.variable! });
    return row.parse(row.default === undefined ? [] : [row.default], origin);
  };
  const values = dropUndefined(
    Object.fromEntries(FLAG_NAMES.map((name) => [FLAGS[name].property, parse(name)])),
  ) as unknown as FlagValues;

  const { ship, noShip, help: _help, version: _version, ...others } = values;
  const embedded = values.engine === "direct" && values.registry === undefined && values.namespace === undefined;
  // The login of the tool's own `.env` is for the registry that is named there, not for one that a project names.
  const isOfProject =
    !given.has("registry") &&
    filled(environment["MIRROR_REGISTRY"]) === undefined &&
    project.settings.has("MIRROR_REGISTRY");
  const [username, password] = VARIABLES.map((name) => variable(name, isOfProject ? project.settings : settings));
  const credentials = credentialsOf(username, password);
  // A proxy that cannot be used is an error before anything starts, for the commands that go to registries themselves;
  // the container engines have settings of their own.
  if (flags.includes("insecure") && values.engine === "direct") readProxies(environment);
  return {
    ...others,
    ...(embedded ? { registry: `localhost:${values.port}`, namespace: EMBEDDED_NAMESPACE } : {}),
    cwd,
    toolFolder: TOOL_FOLDER,
    home,
    environment,
    embedded,
    ...(credentials === undefined ? {} : { credentials }),
    send: noShip ? "none" : ship ? "all" : "missing",
    notices: [
      ...unknownVariables(environment, settings),
      ...(given.has("help") ? [] : misplacedSettings(cwd, values, { settingsFile, place: project.file })),
    ],
  };
}

/** What hints may depend on. */
export function factsOf(config: Config): Facts {
  const { engine, tunnel, embedded, registry, pullRegistry, sourceMirrors, credentials, environment } = config;
  const names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
  return {
    engine,
    tunnel: tunnel || embedded,
    proxies: names.filter((name) => filled(environment[name.toLowerCase()]) ?? filled(environment[name])),
    sourceMirrors: [...new Set(sourceMirrors.map((mirror) => mirror.registry))],
    sourceMirrorHosts: [...new Set(sourceMirrors.map((mirror) => mirror.host))],
    ...(pullRegistry === undefined ? {} : { pullRegistry }),
    ...(embedded || registry === undefined ? {} : { mirror: registry }),
    credentials: credentials !== undefined,
  };
}

/**
 * This process's own invocation. Language and `json` come first, so that even a wrong flag is answered in them. `given`
 * tells whether a flag stands on the command line, which no wrong setting keeps back, and throws `flag-unknown` and
 * `flag-repeated`; `config` reads the rest and throws what `readConfig` throws.
 */
export function readInvocation(flags: readonly FlagName[]): {
  readonly language: Language;
  readonly json: boolean;
  readonly given: () => Given;
  readonly config: () => Config;
} {
  const argv = process.argv.slice(2);
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const at = own.lastIndexOf("--lang");
  const inline = own.findLast((arg) => arg.startsWith("--lang="))?.slice("--lang=".length);
  const flag = (at < 0 ? inline : own[at + 1])?.toLowerCase();
  const known = flag?.startsWith("zh") || flag?.startsWith("en") ? flag : undefined;
  return {
    language: languageOf(known, process.env),
    json: flags.includes("json") && own.includes("--json"),
    given: () => parseCommandLine(argv, flags),
    config: () => readConfig({ argv, environment: process.env, cwd: callersFolder(), flags }),
  };
}

/** npm runs scripts in the folder of package.json and says in INIT_CWD where it was called. */
function callersFolder(): string {
  const cwd = process.cwd();
  return cwd === TOOL_FOLDER ? (filled(process.env["INIT_CWD"]) ?? cwd) : cwd;
}

/** The language to speak: `--lang`, else the locale's (LC_ALL, LC_MESSAGES, LANG in POSIX order). */
export function languageOf(flag: string | undefined, environment: Environment): Language {
  return parseLanguage(flag === undefined ? [] : [flag], { name: "--lang", cwd: "/", home: "/", environment });
}

/** Refuses the local store as the mirror, for commands that need a registry. Throws `setting-missing`. */
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

/**
 * `config` for a command that works with the content store whatever engine is set; the store is the mirror where none is
 * named. Throws `setting-missing` where half of one is.
 */
export function withStore(config: Config): MirrorConfig {
  const { registry, namespace, port } = config;
  const direct = { ...config, engine: "direct" as const };
  if (registry !== undefined || namespace !== undefined) return withMirror(direct);
  return { ...direct, registry: `localhost:${port}`, namespace: EMBEDDED_NAMESPACE, embedded: true };
}

/** The archive to import. Throws `argument-missing`. */
export function requireArchive({ archive }: Config): string {
  if (archive === undefined) throw new MirrorError("argument-missing", { argument: rowOf("archive").value ?? "" });
  return archive;
}

/** The hosts to deploy to. Throws `setting-missing`. */
export function requireHosts({ hosts }: Config): readonly [string, ...string[]] {
  const [first, ...others] = hosts;
  if (first === undefined) throw missing("host");
  return [first, ...others];
}

/** What `exec` is to run, and where. Throws `exec-usage`, `exec-hosts`, `setting-missing`. */
export function requireExec(config: Config): {
  readonly host: string;
  readonly service: string;
  readonly command: readonly string[];
} {
  const [host, ...others] = requireHosts(config);
  const [service, ...more] = config.services;
  const { command } = config;
  if (service === undefined || more.length > 0 || command.length === 0) throw new MirrorError("exec-usage");
  if (others.length > 0) throw new MirrorError("exec-hosts", { hosts: config.hosts });
  return { host, service, command };
}

/** The size that the local store may keep, in bytes. Throws `setting-missing`. */
export function requireStoreLimit({ storeLimit }: Config): number {
  if (storeLimit === undefined) throw missing("store-limit");
  return storeLimit;
}

/** The shell to complete for. Throws `argument-missing`. */
export function requireShell({ shell }: Config): Exclude<Config["shell"], undefined> {
  if (shell === undefined) throw new MirrorError("argument-missing", { argument: rowOf("shell").value ?? "" });
  return shell;
}

function missing(flag: FlagName): MirrorError {
  return new MirrorError("setting-missing", { flag: `--${flag}`, variable: rowOf(flag).variable ?? "" });
}

/** Every variable of ours. */
const KNOWN: readonly string[] = [
  ...VARIABLES,
  ...FLAG_NAMES.flatMap((name) => (rowOf(name).foreign ? [] : (rowOf(name).variable ?? []))),
];

/**
 * Variables that look like ours and are none. `DEPLOY_` is a usual prefix for variables of others, so in the environment
 * one of those counts only when it is close to one of ours.
 */
function unknownVariables(environment: Environment, settings: ReadonlyMap<string, string>): readonly Message[] {
  const ofSettings = [...settings.keys()].filter(looksLikeOurs);
  const ofEnvironment = Object.keys(environment).filter(
    (name) => looksLikeOurs(name) && (name.startsWith("MIRROR_") || nearest(name, KNOWN) !== undefined),
  );
  return [...new Set([...ofEnvironment, ...ofSettings])].map((variable) => {
    const near = nearest(variable, KNOWN);
    return near === undefined
      ? message("variable-unknown", { variable })
      : message("variable-unknown-near", { variable, near });
  });
}

function looksLikeOurs(name: string): boolean {
  return /^(?:MIRROR|DEPLOY)_/.test(name) && !KNOWN.includes(name);
}

/** The folder that the project is looked for in: that of the first compose file named, else the current one. */
function folderOf(given: Given, environment: Environment, cwd: string): string {
  const [first] = given.get("file") ?? (filled(environment["COMPOSE_FILE"]) ?? "").split(delimiter);
  return first === undefined || first === "" ? cwd : dirname(resolve(cwd, first));
}

/**
 * Our variables in the compose project's env files, where nothing reads them. Throws `settings-shipped` for the password:
 * a deploy sends these files.
 */
function misplacedSettings(
  cwd: string,
  { files, envFiles }: FlagValues,
  { settingsFile, place }: { readonly settingsFile: string; readonly place: string },
): readonly Message[] {
  const folder = files[0] === undefined ? cwd : dirname(resolve(cwd, files[0]));
  const candidates = envFiles.length > 0 ? envFiles.map((file) => resolve(cwd, file)) : [join(folder, ".env")];
  return candidates
    .filter((file) => file !== settingsFile)
    .flatMap((file) => {
      const variables = namesOf(file).filter((name) => KNOWN.includes(name));
      if (variables.includes(VARIABLES[1]))
        throw new MirrorError("settings-shipped", { file, variables: [VARIABLES[1]], place });
      return variables.length === 0 ? [] : [message("setting-misplaced", { file, variables, place })];
    });
}

/** Throws `credentials-half` when only one of the two is set. */
function credentialsOf(username: string | undefined, password: string | undefined): Credentials | undefined {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) throw new MirrorError("credentials-half", { set: VARIABLES[1], missing: VARIABLES[0] });
  if (password === undefined) throw new MirrorError("credentials-half", { set: VARIABLES[0], missing: VARIABLES[1] });
  return { username, password: new Secret(password) };
}

/**
 * `value`, once it is not enclosed in the quotes that an input method or a chat program writes in the place of `"` and
 * `'`: neither a shell nor the settings file takes those off. Throws `value-quotes`, which may be about a password and
 * does not repeat the value.
 */
function plainlyQuoted(value: string, name: string): string {
  const [, open, close] = /^\s*([“”„‘’＂＇「『])[^]*([“”‘’＂＇」』])\s*$/u.exec(value) ?? [];
  if (open === undefined || close === undefined) return value;
  throw new MirrorError("value-quotes", { name, open, close });
}

/** An empty variable counts as unset, as in `DEPLOY_HOST= task mirror`. */
function filled(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** Drops what is undefined, so that optional properties are absent rather than undefined. */
function dropUndefined(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * Logins that docker and podman keep. Both write the same file: `auths` holds base64 of `user:password` by registry,
 * `credHelpers` names a program for one registry, `credsStore` one for all. Such a program is called
 * `docker-credential-NAME`, is run with `get`, reads the registry's key on its standard input and answers in JSON
 * (https://github.com/docker/docker-credential-helpers). podman also keeps logins for a part of a registry, by keys with a
 * path (`quay.io/org`); the longest that fits counts
 * (https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md). Docker Hub has a key of its own,
 * `https://index.docker.io/v1/`.
 *
 * A login goes to the registry that it is stored for, and to the token server that this registry names: nowhere else.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { type Cause, theirs } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import type { Command, Ran, Run } from "../system/process.ts";
import { DOCKER_HUB } from "../image/reference.ts";
import { Secret } from "../system/secret.ts";
import { RegistryError, type SentLogin } from "./errors.ts";

/** A user name and password, or an identity token from a login made elsewhere (OAuth 2 refresh token). */
export type RegistryCredentials =
  | { readonly username: string; readonly password: Secret }
  | { readonly identityToken: Secret; readonly username?: string };

/** Credentials and where they are from. */
export interface StoredOrGiven {
  readonly credentials: RegistryCredentials;
  readonly sent: Exclude<SentLogin, { kind: "none" }>;
}

export interface CredentialSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly run: Run;
}

export interface Logins {
  /**
   * The stored login for `host`, or the one for the part of it that `repository` belongs to; the same value for the same
   * login. The first file that knows the host wins: REGISTRY_AUTH_FILE, docker's config.json, podman's auth.json. Throws
   * `file-read` for a broken file and `registry-helper` when a helper fails and no file has the login either.
   */
  of(host: string, repository?: string): Promise<StoredOrGiven | undefined>;
}

interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry | null>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

export const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_NAME = /^[A-Za-z0-9][\w.-]*$/;
/** Milliseconds; a keychain may ask its user. */
const HELPER_TIMEOUT = 30_000;
/** `Ran.code` of a program that took too long. */
const TIMED_OUT = 124;
/** What helpers print when they know nothing of the registry. */
const NOT_FOUND = /credentials not found|no credentials (?:server URL|username)|could not be found in the keychain/i;
/** What a helper's output may hold of the login itself. */
const SECRET = /("(?:secret|password|token|auth|identitytoken)"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi;
const MOST_SAID = 300;
/** Bytes of a file of logins. */
const FILE_LIMIT = 4 * 1000 * 1000;
/** What docker puts into the name's place when a token is all there is. */
const TOKEN_USER = "<token>";

/** The stored credentials for `host`: what `Logins.of` gives, without where they are from. */
export async function findCredentials(
  host: string,
  sources: CredentialSources,
): Promise<RegistryCredentials | undefined> {
  return (await openLogins(sources).of(host))?.credentials;
}

/** The Authorization header of a login (RFC 7617). */
export function basicAuthorization(credentials: RegistryCredentials): string {
  const plain =
    "password" in credentials
      ? `${credentials.username}:${credentials.password.reveal()}`
      : `${credentials.username ?? TOKEN_USER}:${credentials.identityToken.reveal()}`;
  return `Basic ${Buffer.from(plain).toString("base64")}`;
}

/** `text`, which somebody answered to a request with this Authorization header, without the login or token in it. */
export function withoutLogin(text: string, authorization: string | undefined): string {
  const [scheme = "", sent = ""] = authorization?.split(" ") ?? [];
  if (scheme !== "Basic") return new Secret(sent).hideIn(text);
  const plain = Buffer.from(sent, "base64").toString("utf8");
  const colon = plain.indexOf(":");
  return new Secret(plain.slice(colon + 1)).hideIn(text, plain.slice(0, colon));
}

/** Makes a value once for each key. */
function once<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

async function stored(
  file: string,
  credentials: Promise<RegistryCredentials | undefined>,
): Promise<StoredOrGiven | undefined> {
  const known = await credentials;
  return known === undefined ? undefined : { credentials: known, sent: { kind: "stored", file } };
}

/** Opens the stored logins; each file is read once, each helper asked once for a key. */
export function openLogins(sources: CredentialSources): Logins {
  const files = new Map<string, Promise<AuthFile>>();
  const found = new Map<string, Promise<StoredOrGiven | undefined>>();
  const lookUp = async (file: string, levels: readonly (readonly string[])[]): Promise<StoredOrGiven | undefined> => {
    const content = await once(files, file, () => readAuthFile(file));
    const auths = table(content.auths);
    for (const keys of levels) {
      const helper = helperFor(content, keys, keys === levels.at(-1));
      let failure: unknown;
      if (helper !== undefined) {
        const asked = `${file} helper ${helper.name} ${helper.key}`;
        const answer = await once(found, asked, () => stored(file, askHelper(helper, sources.run))).catch(
          (error: unknown) => {
            failure = error;
            return undefined;
          },
        );
        if (answer !== undefined) return answer;
      }
      for (const key of keys) {
        const credentials = decode(auths[key]);
        if (credentials !== undefined)
          return once(found, `${file} auths ${key}`, () => stored(file, Promise.resolve(credentials)));
      }
      if (failure !== undefined) throw failure;
    }
    return undefined;
  };

  return {
    of: async (host, repository) => {
      for (const file of authFiles(sources)) {
        const login = await lookUp(file, levelsOf(host, repository));
        if (login !== undefined) return login;
      }
      return undefined;
    },
  };
}

/** Where docker keeps the user's configuration. */
export function dockerFolder({ environment, home }: Pick<CredentialSources, "environment" | "home">): string {
  return environment["DOCKER_CONFIG"] || join(home, ".docker");
}

function authFiles({ environment, home }: CredentialSources): readonly string[] {
  const set = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name]);
  const named = set("REGISTRY_AUTH_FILE");
  const runtime = set("XDG_RUNTIME_DIR");
  return [
    ...(named === undefined ? [] : [named]),
    join(dockerFolder({ environment, home }), "config.json"),
    ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
    join(set("XDG_CONFIG_HOME") ?? join(home, ".config"), "containers", "auth.json"),
  ];
}

async function readAuthFile(file: string): Promise<AuthFile> {
  const fail = (detail: Cause, cause?: unknown): MirrorError =>
    new MirrorError("file-read", { file, detail }, { cause });
  let text: string;
  try {
    // without waiting for the other end of a pipe
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw fail(message("authorities-no-file"));
      if (stat.size > FILE_LIMIT) throw fail(message("authorities-large", { limit: FILE_LIMIT }));
      text = (await handle.readFile()).toString("utf8");
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw fail(causeOf(cause), cause);
  }
  let value: AuthFile | null;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, "")) as AuthFile | null;
  } catch {
    // the parser's message would quote from a file of secrets
    throw fail(message("credentials-json"));
  }
  return typeof value === "object" && value !== null ? value : {};
}

/** The keys that an entry may have: those of the longest path first, those of the whole registry last. */
function levelsOf(host: string, repository: string | undefined): readonly (readonly string[])[] {
  const parts = repository?.split("/") ?? [];
  const paths = parts.map((_, index) => [`${host}/${parts.slice(0, parts.length - index).join("/")}`]);
  return [...paths, keysOf(host)];
}

/** The keys a registry's entry may have, the usual one first. */
function keysOf(host: string): readonly string[] {
  if (host === DOCKER_HUB)
    return [HUB_KEY, "index.docker.io", "docker.io", "registry-1.docker.io", "https://index.docker.io/v2/"];
  return [
    host,
    ...["https://", "http://"].flatMap((scheme) => ["", "/", "/v1/", "/v2/"].map((path) => `${scheme}${host}${path}`)),
  ];
}

interface Helper {
  readonly name: string;
  readonly key: string;
}

/** The program to ask: the one for these keys, else the one for all; an empty name means none. */
function helperFor(file: AuthFile, keys: readonly string[], isRegistry: boolean): Helper | undefined {
  const helpers = table(file.credHelpers);
  const key = keys.find((each) => typeof helpers[each] === "string");
  const name = key === undefined ? (isRegistry ? file.credsStore : undefined) : helpers[key];
  return typeof name === "string" && name !== "" ? { name, key: key ?? keys[0]! } : undefined;
}

async function askHelper({ name, key }: Helper, run: Run): Promise<RegistryCredentials | undefined> {
  const fail = (detail: Cause, cause?: unknown): RegistryError =>
    new RegistryError("registry-helper", { helper: `docker-credential-${name}`, registry: key, detail }, { cause });
  if (!HELPER_NAME.test(name)) throw fail(message("helper-name"));
  const command: Command = [`docker-credential-${name}`, "get"];
  const ran = await run(command, { input: key, timeout: HELPER_TIMEOUT }).catch((error: unknown) => {
    if (error instanceof MirrorError && error.code === "interrupted") throw error;
    throw fail(message("helper-missing"), error);
  });
  if (ran.code !== 0) {
    if (NOT_FOUND.test(ran.stdout) || NOT_FOUND.test(ran.stderr)) return undefined;
    if (ran.code === TIMED_OUT) throw fail(message("helper-silent", { seconds: HELPER_TIMEOUT / 1000 }));
    throw fail(saidBy(ran) ?? message("helper-exit", { code: ran.code }));
  }
  const answer = readAnswer(ran.stdout);
  if (answer === undefined) throw fail(saidBy({ ...ran, stdout: "" }) ?? message("helper-answer"));
  const { Username, Secret: secret } = answer;
  if (!isFilled(secret) || typeof Username !== "string") return undefined;
  // the helper protocol's mark for a token in the password's place
  return Username === TOKEN_USER
    ? { identityToken: new Secret(secret) }
    : { username: Username, password: new Secret(secret) };
}

/** The JSON in a helper's output; a wrapper may print lines of its own before and after it. */
function readAnswer(stdout: string): { readonly Username?: unknown; readonly Secret?: unknown } | undefined {
  const ends = [stdout.lastIndexOf("}") + 1, stdout.length];
  for (let start = stdout.indexOf("{"); start >= 0; start = stdout.indexOf("{", start + 1)) {
    for (const end of ends) {
      try {
        const value: unknown = JSON.parse(stdout.slice(start, end));
        if (typeof value === "object" && value !== null) return value;
      } catch {
        // not from here
      }
    }
  }
  return undefined;
}

/** What a helper printed, on one line and without secrets; helpers print their errors on either stream. */
function saidBy({ stdout, stderr }: Pick<Ran, "stdout" | "stderr">): Cause | undefined {
  const text = [stderr, stdout]
    .map((each) => each.replace(SECRET, '$1"[REDACTED]"').replace(/\s+/g, " ").trim())
    .filter((each) => each !== "")
    .join("; ")
    .slice(0, MOST_SAID);
  return text === "" ? undefined : theirs(text);
}

function decode(entry: AuthEntry | null | undefined): RegistryCredentials | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const plain = isFilled(entry.auth) ? Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "") : "";
  const colon = plain.indexOf(":");
  const username = colon < 0 ? entry.username : plain.slice(0, colon);
  if (isFilled(entry.identitytoken)) {
    const identityToken = new Secret(entry.identitytoken);
    return isFilled(username) ? { identityToken, username } : { identityToken };
  }
  if (plain !== "")
    return colon < 0 ? undefined : { username: plain.slice(0, colon), password: new Secret(plain.slice(colon + 1)) };
  if (!isFilled(entry.username) || !isFilled(entry.password)) return undefined;
  return { username: entry.username, password: new Secret(entry.password) };
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function table<T>(value: Readonly<Record<string, T>> | undefined): Readonly<Record<string, T | undefined>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

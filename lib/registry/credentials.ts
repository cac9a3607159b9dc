/**
 * Credentials that docker and podman keep. Both write the same file: `auths` holds base64 of `user:password` by
 * registry, `credHelpers` names a program for one registry, `credsStore` one for all. Such a program is called
 * `docker-credential-NAME`, is run with `get`, reads the registry's key on its standard input and answers in JSON.
 * Docker Hub has a key of its own, `https://index.docker.io/v1/`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { detailOf, MirrorError } from "../messages/errors.ts";
import type { Command, Run } from "../system/process.ts";
import { DOCKER_HUB } from "../image/reference.ts";
import { Secret } from "../system/secret.ts";
import { RegistryError } from "./errors.ts";

/** What a registry is told: a name and password, or a token that stands for a login made elsewhere. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: Secret }
  | { readonly identityToken: Secret };

export interface CredentialSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly run: Run;
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

const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_NAME = /^[A-Za-z0-9][\w.-]*$/;
const HELPER_TIMEOUT = 30_000;
/** What a helper prints when it knows nothing of the registry. */
const NOT_FOUND = /credentials not found/i;

/**
 * The stored credentials for `host`, or `undefined` when there are none. The first file that knows the host wins:
 * REGISTRY_AUTH_FILE, docker's config.json, podman's auth.json. Throws `file-read` for a broken file and
 * `registry-helper` when a helper fails.
 */
export async function findCredentials(
  host: string,
  sources: CredentialSources,
): Promise<RegistryCredentials | undefined> {
  for (const file of authFiles(sources)) {
    const found = await lookUp(host, await readAuthFile(file), sources.run);
    if (found !== undefined) return found;
  }
  return undefined;
}

function authFiles({ environment, home }: CredentialSources): readonly string[] {
  const set = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name]);
  const named = set("REGISTRY_AUTH_FILE");
  const runtime = set("XDG_RUNTIME_DIR");
  return [
    ...(named === undefined ? [] : [named]),
    join(set("DOCKER_CONFIG") ?? join(home, ".docker"), "config.json"),
    ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
    join(set("XDG_CONFIG_HOME") ?? join(home, ".config"), "containers", "auth.json"),
  ];
}

async function readAuthFile(file: string): Promise<AuthFile> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new MirrorError("file-read", { file, detail: detailOf(cause) }, { cause });
  }
  let value: AuthFile | null;
  try {
    value = JSON.parse(text) as AuthFile | null;
  } catch {
    // the parser's message would quote from a file of secrets
    throw new MirrorError("file-read", { file, detail: "it is not valid JSON" });
  }
  return typeof value === "object" && value !== null ? value : {};
}

async function lookUp(host: string, file: AuthFile, run: Run): Promise<RegistryCredentials | undefined> {
  const keys = keysOf(host);
  const helpers = table(file.credHelpers);
  const ownKey = keys.find((key) => typeof helpers[key] === "string");
  const helper = ownKey === undefined ? file.credsStore : helpers[ownKey];
  if (typeof helper === "string" && helper !== "") {
    const found = await askHelper(helper, ownKey ?? keys[0]!, run);
    if (found !== undefined) return found;
  }
  const auths = table(file.auths);
  for (const key of keys) {
    const found = decode(auths[key]);
    if (found !== undefined) return found;
  }
  return undefined;
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

async function askHelper(name: string, key: string, run: Run): Promise<RegistryCredentials | undefined> {
  const fail = (detail: string, cause?: unknown): RegistryError =>
    new RegistryError("registry-helper", { helper: `docker-credential-${name}`, registry: key, detail }, { cause });
  if (!HELPER_NAME.test(name)) throw fail("its name cannot be that of a program");
  const command: Command = [`docker-credential-${name}`, "get"];
  const { code, stdout, stderr } = await run(command, { input: key, timeout: HELPER_TIMEOUT }).catch(
    (error: unknown) => {
      if (error instanceof MirrorError && error.code === "interrupted") throw error;
      throw fail("it is not installed", error);
    },
  );
  if (code !== 0) {
    if (NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return undefined;
    throw fail(stderr.trim() === "" ? `exit code ${code}` : detailOf(stderr));
  }
  try {
    const { Username, Secret: secret } = JSON.parse(stdout) as { Username?: unknown; Secret?: unknown };
    if (typeof Username !== "string" || typeof secret !== "string" || secret === "") return undefined;
    // the helper protocol's mark for a token in the password's place
    return Username === "<token>"
      ? { identityToken: new Secret(secret) }
      : { username: Username, password: new Secret(secret) };
  } catch {
    throw fail("its answer is not JSON");
  }
}

function decode(entry: AuthEntry | null | undefined): RegistryCredentials | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  if (isFilled(entry.identitytoken)) return { identityToken: new Secret(entry.identitytoken) };
  if (isFilled(entry.auth)) {
    const plain = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = plain.indexOf(":");
    return colon < 0 ? undefined : { username: plain.slice(0, colon), password: new Secret(plain.slice(colon + 1)) };
  }
  if (!isFilled(entry.username) || !isFilled(entry.password)) return undefined;
  return { username: entry.username, password: new Secret(entry.password) };
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function table<T>(value: Readonly<Record<string, T>> | undefined): Readonly<Record<string, T | undefined>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

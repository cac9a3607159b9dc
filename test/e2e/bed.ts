/** Helpers of the end-to-end tests, which run on the workstation of the test bed. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, type Ran, run, type RunOptions } from "../../lib/system/process.ts";
import { ask, forgetRequests, setFaults } from "../bed/control.ts";
import type { Logged } from "../bed/front.ts";
import { must } from "../bed/must.ts";
import type { SeededImage } from "../bed/seed.ts";
import { CHECKOUT, CREDENTIALS, SETTINGS, STATE } from "../bed/state.ts";

export { requests } from "../bed/control.ts";
export { CHECKOUT, forgetRequests, SETTINGS, setFaults };

export const TASK = "/opt/compose-mirror-bed/bin/task";
const COMPOSE_V2 = "/opt/compose-mirror-bed/docker-compose-v2";
/** Where the server's docker looks for plugins. */
const PLUGINS = "/usr/local/lib/docker/cli-plugins";

export const { registry: REGISTRY, namespace: NAMESPACE, username: USERNAME, password: PASSWORD } = CREDENTIALS;
export const MIRROR = `${REGISTRY}/${NAMESPACE}`;
/** Another registry, whose credentials are the same. */
export const OWN_REGISTRY = "registry.example.com";

/** The public images by name. */
export const IMAGES = JSON.parse(await readFile(join(STATE, "images.json"), "utf8")) as Readonly<
  Record<string, SeededImage>
>;

export type Runtime = "node" | "deno";

/** The command that runs `scripts/NAME.ts` under `runtime` from any folder. */
export function script(name: string, args: readonly string[] = [], runtime: Runtime = "node"): Command {
  const file = join(CHECKOUT, "scripts", `${name}.ts`);
  return runtime === "node"
    ? ["node", "--import", join(CHECKOUT, "node_modules/tsx/dist/esm/index.mjs"), file, ...args]
    : [join(CHECKOUT, "node_modules/.bin/deno"), "run", "-A", "--no-check", file, ...args];
}

/** Runs a command with SETTINGS in its environment; `env` overrides them. */
export function asUser(command: Command, { env, ...options }: RunOptions = {}): Promise<Ran> {
  return run(command, { ...options, env: { ...SETTINGS, ...env } });
}

/** Runs a shell command on the server over ssh; throws when it fails. */
export function onServer(line: string, options?: RunOptions): Promise<string> {
  return must(["ssh", "-o", "BatchMode=yes", "server", line], options);
}

/** Makes the network in front of both registries good again. */
export async function clearFaults(): Promise<void> {
  await ask("hub", "DELETE", "faults");
  await ask("acr", "DELETE", "faults");
}

/** The requests that wrote something: parts of blobs, mounts and manifests. Opening an upload writes nothing. */
export function writes(log: readonly Logged[]): readonly Logged[] {
  return log.filter(
    ({ method, status }) => ((method === "PUT" || method === "PATCH") && status < 400) || status === 201,
  );
}

/** What `mirror --json` prints. */
export interface MirrorReport {
  readonly images: readonly {
    readonly source: string;
    readonly target: string;
    readonly status: string;
    readonly digest: string | null;
    readonly bytes: number | null;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly compose?: string;
  readonly deploy?: DeployReport;
}

/** What `deploy --json` and `status --json` print for one host. */
export interface DeployReport {
  readonly dir: string;
  readonly compose: { readonly flavour: string; readonly version: string };
  readonly services: readonly { readonly name: string; readonly state: string; readonly image: string }[];
}

/** The requests that read content; a HEAD reads none. */
export function contentReads(log: readonly Logged[]): readonly Logged[] {
  return log.filter(({ method, kind }) => method === "GET" && (kind === "manifest" || kind === "blob"));
}

const EMPTY_ENGINE = `containers=$(docker ps -aq); [ -z "$containers" ] || docker rm -f $containers
docker network prune -f; docker volume prune -f; docker image prune -af; rm -rf /root/.docker /root/.cache/compose-mirror`;

/**
 * Removes everything that earlier tests left: empties the mirror registry, both engines and their logins, the content
 * store, the server's home and the request logs, clears all faults, and leaves the server with docker-compose v1 only.
 */
export async function cleanSlate(): Promise<void> {
  await clearFaults();
  await Promise.all([
    ask("acr", "POST", "wipe"),
    must(["sh", "-c", EMPTY_ENGINE]),
    onServer(
      `${EMPTY_ENGINE}; find /root -xdev -mindepth 1 -maxdepth 1 ! -name .ssh -exec rm -rf --one-file-system {} + || :`,
    ),
  ]);
  await forgetRequests();
}

/** Removes containers and networks from the server; its images stay. */
export async function stopServer(): Promise<void> {
  await onServer(
    'containers=$(docker ps -aq); [ -z "$containers" ] || docker rm -f $containers; docker network prune -f',
  );
}

/** Installs the compose plugin on the server while `body` runs. */
export async function withComposeV2<T>(body: () => Promise<T>): Promise<T> {
  await onServer(`mkdir -p ${PLUGINS} && ln -sf ${COMPOSE_V2} ${PLUGINS}/docker-compose && docker compose version`);
  try {
    return await body();
  } finally {
    await onServer(`rm ${PLUGINS}/docker-compose`);
  }
}

/** Calls `body` with a temporary folder, and removes it afterwards. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "e2e "));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The body of `GET /` on the server's `port`; retries for 30 s, as a container needs time to start. */
export async function answerOn(port: number): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const response = await fetch(`http://server:${port}/`, { signal: AbortSignal.timeout(2000) });
      return await response.text();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no answer on port ${port}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The manifest and config that the mirror registry has for `NAME:TAG` in the namespace. */
export async function mirrored(name: string, tag: string) {
  const headers = {
    authorization: `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString("base64")}`,
    accept: [
      "application/vnd.docker.distribution.manifest.v2+json",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.oci.image.index.v1+json",
    ].join(", "),
  };
  const base = `https://${OWN_REGISTRY}/v2/${NAMESPACE}/${name}`;
  const manifest = await fetch(`${base}/manifests/${tag}`, { headers });
  if (!manifest.ok) throw new Error(`${name}:${tag}: ${manifest.status}`);
  const body = (await manifest.json()) as { readonly mediaType: string; readonly config?: { readonly digest: string } };
  const config = body.config && (await fetch(`${base}/blobs/${body.config.digest}`, { headers }));
  return {
    digest: manifest.headers.get("docker-content-digest"),
    mediaType: body.mediaType,
    architecture: config && ((await config.json()) as { readonly architecture: string }).architecture,
  };
}

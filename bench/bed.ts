/** What the benchmark does to the test bed. It runs beside the bed's hosts, in the workstation's network. */
import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, run } from "../lib/system/process.ts";
import { openControl, type Registry } from "../test/bed/control.ts";
import type { Faults } from "../test/bed/faults.ts";
import { must } from "../test/bed/must.ts";
import { setRoundTrip } from "./line.ts";
import { type Bytes, PLAIN_CONNECTIONS } from "./results.ts";

export const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));
export const STATE = process.env["BED_STATE"] ?? "";
/** Where the tools keep what they keep: on a real disk, unlike the rest of the workstation. */
export const WORK = join(STATE, "work");
export const STORE = join(WORK, "store");
export const TEMPORARY = join(WORK, "tmp");
export const DOCKER_DATA = join(STATE, "docker/ws");

export const NETWORK = "compose-mirror-bed-bench";
export const PLATFORM = "linux/amd64";

export const MIRROR = JSON.parse(readFileSync(join(STATE, "credentials.json"), "utf8")) as Readonly<
  Record<"registry" | "namespace" | "username" | "password", string>
>;

const ADDRESSES = new Map(
  readFileSync(join(STATE, "hosts.ws"), "utf8")
    .split("\n")
    .map((line) => line.split(" ").toReversed() as [string, string]),
);

type Host = Registry | "ws";

/** What is between the workstation and the registries. */
export interface Link {
  /** Mbit/s in each direction; absent = as fast as it goes. */
  readonly bandwidth?: number;
  /** Milliseconds that a packet and its answer take. */
  readonly roundTrip?: number;
  /** Bytes after which a connection is cut: those that come from a public registry, those that go to the mirror. */
  readonly cutAfter?: number;
}

/** The command that runs `command` on a host of the bed, in `folder` there. */
export function on(host: Host, command: Command, folder = "/"): Command {
  return ["nsenter", "-t", pidOf(host), "-n", "-m", "-p", "-u", "-i", `--wdns=${folder}`, "--", ...command];
}

export function pidOf(host: Host): string {
  return readFileSync(join(STATE, `${host}.pid`), "utf8").trim();
}

const control = openControl((registry) => ADDRESSES.get(registry)!);
export const { requests, forgetRequests } = control;

/** Bytes that crossed the workstation's wire, since the bed is up. */
export async function wireBytes(): Promise<{ readonly down: number; readonly up: number }> {
  const [link] = JSON.parse(await must(["ip", "-n", NETWORK, "-j", "-s", "link", "show", "v-ws"])) as readonly [
    { readonly stats64: Readonly<Record<"rx" | "tx", { readonly bytes: number }>> },
  ];
  return { down: link.stats64.tx.bytes, up: link.stats64.rx.bytes };
}

/**
 * Seconds that as many bytes take over the link both ways at once, in PLAIN_CONNECTIONS plain HTTP transfers each way:
 * nobody logs in, asks for a manifest, checks a digest or waits for one way before the other.
 */
export async function plainSeconds({ down, up }: Bytes): Promise<number> {
  const headers = { "x-length": String(Math.ceil(down / PLAIN_CONNECTIONS)) };
  const body = Buffer.alloc(Math.ceil(up / PLAIN_CONNECTIONS));
  const started = performance.now();
  const transfers = Array.from({ length: PLAIN_CONNECTIONS }, () => [
    control.ask("hub", "GET", "bytes", { headers }).then(discard),
    control.ask("acr", "PUT", "bytes", { body }).then(discard),
  ]);
  await Promise.all(transfers.flat());
  return (performance.now() - started) / 1000;
}

async function discard(response: Response): Promise<void> {
  for await (const _ of response.body ?? []);
}

export async function setLink({ bandwidth, roundTrip = 0, cutAfter }: Link): Promise<void> {
  await setRoundTrip(roundTrip);
  // the far end of the workstation's cable shapes what comes down, the near end what goes up
  for (const [tc, device] of [
    [["tc", "-n", NETWORK], "v-ws"],
    [on("ws", ["tc"]), "eth0"],
  ] as const) {
    await run([...tc, "qdisc", "del", "dev", device, "root"]);
    // a longer queue would add as much again to the round trip as soon as the link is busy
    const shape = ["tbf", "rate", `${bandwidth}mbit`, "burst", "256kb", "latency", "50ms"];
    if (bandwidth !== undefined) await must([...tc, "qdisc", "add", "dev", device, "root", ...shape]);
  }
  for (const [registry, direction] of [
    ["hub", "down"],
    ["acr", "up"],
  ] as const) {
    const cut = { direction, afterBytes: cutAfter ?? 0, action: "reset", times: Number.MAX_SAFE_INTEGER } as const;
    const faults: Faults = { breaks: cutAfter === undefined ? [] : [cut] };
    await control.setFaults(registry, faults);
  }
}

const FORGET = `docker image prune -af >/dev/null
rm -rf /var/lib/docker/image/overlay2/distribution/* /var/lib/containers /root/.cache /root/.docker`;

/** The mirror registry is empty, and no tool finds anything of what it did before. */
export async function cleanSlate(): Promise<void> {
  await control.ask("acr", "POST", "wipe");
  await rm(WORK, { recursive: true, force: true });
  await must(on("ws", ["sh", "-c", FORGET]));
  await mkdir(TEMPORARY, { recursive: true });
}

/** Logs docker's configuration on the workstation in to the mirror registry. */
export async function logIn(): Promise<void> {
  const auth = Buffer.from(`${MIRROR.username}:${MIRROR.password}`).toString("base64");
  const file = join(WORK, "config.json");
  await writeFile(file, JSON.stringify({ auths: { [MIRROR.registry]: { auth } } }));
  await must(on("ws", ["install", "-D", "-m", "600", file, "/root/.docker/config.json"]));
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/** One platform's image as a registry holds it. */
export interface Held {
  readonly config: string;
  /** Digest to size: config and layers. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Bytes of the manifests on the way to it, the platform's own last. */
  readonly manifests: readonly number[];
}

/** Reads an image from the registry's disk, so that no log shows it; `undefined` when it is not there. */
export async function heldImage(registry: Registry, repository: string, tag: string): Promise<Held | undefined> {
  const root = `/proc/${pidOf(registry)}/root/var/lib/registry/docker/registry/v2`;
  const link = `${root}/repositories/${repository}/_manifests/tags/${tag}/current/link`;
  const sizes: number[] = [];
  const read = async (digest: string): Promise<Manifest> => {
    const hex = digest.slice("sha256:".length);
    const text = await readFile(`${root}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, "utf8");
    sizes.push(Buffer.byteLength(text));
    return JSON.parse(text) as Manifest;
  };
  let manifest: Manifest;
  try {
    manifest = await read((await readFile(link, "utf8")).trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const child = manifest.manifests?.find(
    ({ platform }) => platform !== undefined && `${platform.os}/${platform.architecture}` === PLATFORM,
  );
  if (child !== undefined) manifest = await read(child.digest);
  const { config, layers = [] } = manifest;
  if (config === undefined) return undefined;
  const blobs = new Map([config, ...layers].map(({ digest, size }) => [digest, size]));
  return { config: config.digest, blobs, manifests: sizes };
}

/** Writes the benchmark's own images into the public registries. */
export async function seed(): Promise<void> {
  const seeding = ["node", "--import", "tsx", "test/bed/seed.ts", "http://127.0.0.1:5000"] as const;
  const files = [join(STATE, "images-bench.json"), join(CHECKOUT, "bench/catalog.ts")];
  await must(on("hub", [...seeding, ...files], CHECKOUT));
}

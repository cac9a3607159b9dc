/** What the benchmark does to the test bed. It runs in the workstation's network namespace, outside the workstation. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../lib/system/process.ts";
import { ask, type Registry, setFaults } from "../test/bed/control.ts";
import type { Faults } from "../test/bed/faults.ts";
import { must } from "../test/bed/must.ts";
import { CHECKOUT, CREDENTIALS, STATE } from "../test/bed/state.ts";
import { setRoundTrip } from "./delay.ts";
import { NETWORK, on, pidOf } from "./hosts.ts";
import { PLATFORM, TEMPORARY, WORK } from "./places.ts";
import { type Bytes, PLAIN_CONNECTIONS } from "./results.ts";

/** The network between the workstation and the registries. */
export interface Link {
  /** Mbit/s in each direction; absent = unlimited. */
  readonly bandwidth?: number;
  /** Round trip time in milliseconds. */
  readonly roundTrip?: number;
  /** Bytes after which a connection is reset: downloaded from a public registry, or uploaded to the mirror. */
  readonly cutAfter?: number;
}

/** Bytes that crossed the workstation's network device since the bed was started. */
export async function wireBytes(): Promise<{ readonly down: number; readonly up: number }> {
  const [link] = JSON.parse(await must(["ip", "-n", NETWORK, "-j", "-s", "link", "show", "v-ws"])) as readonly [
    { readonly stats64: Readonly<Record<"rx" | "tx", { readonly bytes: number }>> },
  ];
  return { down: link.stats64.tx.bytes, up: link.stats64.rx.bytes };
}

/**
 * Seconds that plain HTTP needs to move the same number of bytes in both directions at once, over PLAIN_CONNECTIONS
 * connections each: no login, no manifests, no digests, and no upload that waits for a download. The tools' times
 * are compared with it.
 */
export async function plainSeconds({ down, up }: Bytes): Promise<number> {
  const headers = { "x-length": String(Math.ceil(down / PLAIN_CONNECTIONS)) };
  const body = Buffer.alloc(Math.ceil(up / PLAIN_CONNECTIONS));
  const started = performance.now();
  const transfers = Array.from({ length: PLAIN_CONNECTIONS }, () => [
    ask("hub", "GET", "bytes", { headers }).then(discard),
    ask("acr", "PUT", "bytes", { body }).then(discard),
  ]);
  await Promise.all(transfers.flat());
  return (performance.now() - started) / 1000;
}

async function discard(response: Response): Promise<void> {
  for await (const _ of response.body ?? []);
}

export async function setLink({ bandwidth, roundTrip = 0, cutAfter }: Link): Promise<void> {
  await setRoundTrip(roundTrip);
  // the far end of the workstation's veth pair limits downloads, the near end uploads
  for (const [tc, device] of [
    [["tc", "-n", NETWORK], "v-ws"],
    [on("ws", ["tc"]), "eth0"],
  ] as const) {
    await run([...tc, "qdisc", "del", "dev", device, "root"]);
    // a longer queue would add its delay to the round trip whenever the link is busy
    const shape = ["tbf", "rate", `${bandwidth}mbit`, "burst", "256kb", "latency", "50ms"];
    if (bandwidth !== undefined) await must([...tc, "qdisc", "add", "dev", device, "root", ...shape]);
  }
  for (const [registry, direction] of [
    ["hub", "down"],
    ["acr", "up"],
  ] as const) {
    const cut = { direction, afterBytes: cutAfter ?? 0, action: "reset", times: Number.MAX_SAFE_INTEGER } as const;
    const faults: Faults = { breaks: cutAfter === undefined ? [] : [cut] };
    await setFaults(registry, faults);
  }
}

const FORGET = `docker image prune -af >/dev/null
rm -rf /var/lib/docker/image/overlay2/distribution/* /var/lib/containers /root/.cache /root/.docker`;

/** Empties the mirror registry and removes everything that a tool kept of earlier runs. */
export async function cleanSlate(): Promise<void> {
  await ask("acr", "POST", "wipe");
  await rm(WORK, { recursive: true, force: true });
  await must(on("ws", ["sh", "-c", FORGET]));
  await mkdir(TEMPORARY, { recursive: true });
}

/** Writes a login to the mirror registry into docker's configuration on the workstation. */
export async function logIn(): Promise<void> {
  const auth = Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString("base64");
  const file = join(WORK, "config.json");
  await writeFile(file, JSON.stringify({ auths: { [CREDENTIALS.registry]: { auth } } }));
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

/** The image of one platform as a registry stores it. */
export interface StoredImage {
  readonly config: string;
  /** Digest to size: config and layers. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Bytes of the index, if there is one, and of the platform's own manifest, in this order. */
  readonly manifests: readonly number[];
}

/** Reads an image from the registry's disk, so that the request log does not show it; `undefined` = not there. */
export async function storedImage(
  registry: Registry,
  repository: string,
  tag: string,
): Promise<StoredImage | undefined> {
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

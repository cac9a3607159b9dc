/** What the tests of the store share: a store in a temporary folder, and other processes that work in it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../lib/image/digest.ts";
import { openStore } from "../../lib/store/open.ts";
import type { Store } from "../../lib/store/store.ts";

/** Calls `use` with the path of a folder that does not exist yet, and removes it. */
export async function inStoreFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = await mkdtemp(join(tmpdir(), "store-"));
  try {
    return await use(join(parent, "store"));
  } finally {
    await rm(parent, { recursive: true });
  }
}

export function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  return inStoreFolder(async (folder) => {
    const store = await openStore(folder);
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  });
}

/** Stores a blob and gives its digest. */
export async function addBlob(store: Store, text: string | Uint8Array): Promise<string> {
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  await store.writeBytes(digest, bytes);
  return digest;
}

/** An image of the given layers, stored and named. */
export async function addImage(store: Store, name: string, layers: readonly string[]): Promise<string> {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const describe = async (text: string, type: string) => ({
    mediaType: type,
    digest: await addBlob(store, text),
    size: text.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: await describe(`{"name":"${name}"}`, "application/vnd.oci.image.config.v1+json"),
    layers: await Promise.all(layers.map((layer) => describe(layer, "application/vnd.oci.image.layer.v1.tar"))),
  });
  const digest = await addBlob(store, manifest);
  await store.setReference(name, { mediaType, digest, size: manifest.length });
  return digest;
}

export const CHUNK = 65_536;

/** Chunk `index` of the endless content that the tests transfer. */
export function chunkOf(index: number): Buffer {
  return Buffer.alloc(CHUNK, createHash("sha256").update(String(index)).digest());
}

/** The first `count` chunks as one. */
export function content(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => chunkOf(index)));
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

export interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints; `undefined` when it has ended. */
  readonly line: () => Promise<string | undefined>;
  /** Ends it as a power cut would, and waits until it is gone. */
  readonly kill: () => Promise<void>;
  readonly ended: Promise<number | null>;
}

/** Runs `store-child.ts` in a process of its own, by the runtime that runs the tests; `before` is what starts it. */
export function startChild(args: readonly string[], before: readonly string[] = []): Child {
  const options = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", import.meta.resolve("tsx")];
  const [program, ...rest] = [
    ...before,
    process.execPath,
    ...options,
    fileURLToPath(new URL("store-child.ts", import.meta.url)),
    ...args,
  ];
  const child = spawn(program!, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const lines: string[] = [];
  let wake: (() => void) | undefined;
  let unfinished = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (unfinished + text).split("\n");
    unfinished = parts.pop()!;
    lines.push(...parts);
    wake?.();
  });
  void ended.then(() => wake?.());
  return {
    process: child,
    ended,
    line: async () => {
      while (lines.length === 0 && child.exitCode === null && child.signalCode === null) {
        await new Promise<void>((resolve) => void (wake = resolve));
      }
      return lines.shift();
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

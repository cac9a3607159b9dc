/**
 * The names in index.json (https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file). Changes of one process are gathered and written together; each write takes the file as it is
 * then, under a lock, so that processes do not lose each other's names.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { byName } from "../system/compare.ts";
import { writeWhole } from "../system/write-file.ts";
import { codeOf, guard, markOf, type Paths, syncFolder } from "./files.ts";
import { takeLock } from "./process-lock.ts";
import { type Descriptor, isDigest } from "../image/manifest.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

interface Entry extends Descriptor {
  /** Of any kind where another tool, or damage, made them. */
  readonly annotations?: Readonly<Record<string, unknown>> | null;
}

/** index.json: what other tools put there is kept. */
interface Index {
  readonly manifests: readonly Entry[];
}

export interface References {
  readonly all: () => Promise<ReadonlyMap<string, Descriptor>>;
  /** Sets each name, or removes it where the descriptor is `undefined`; returns when that is on the disk. */
  readonly change: (changes: ReadonlyMap<string, Descriptor | undefined>) => Promise<void>;
}

const EMPTY: Index = { manifests: [] };

export function openReferences(paths: Paths): References {
  let pending = new Map<string, Descriptor | undefined>();
  let queued: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let seen:
    | { readonly mark: string; readonly index: Index; readonly names: ReadonlyMap<string, Descriptor> }
    | undefined;

  const read = async (): Promise<NonNullable<typeof seen>> => {
    const mark = await markOfFile(paths.index);
    if (seen?.mark === mark) return seen;
    const index = mark === "" ? EMPTY : parseIndex(await readFile(paths.index, "utf8"));
    const named = index.manifests.flatMap((entry) => {
      const name = nameOf(entry);
      return name === undefined ? [] : [[name, bare(entry)] as const];
    });
    const names = new Map(named.toSorted(byName(([name]) => name)));
    seen = { mark, index, names };
    return seen;
  };

  const write = async (): Promise<void> => {
    const changes = pending;
    pending = new Map();
    queued = undefined;
    const lock = await takeLock(join(paths.locks, "index"));
    try {
      const { index } = await read();
      const kept = index.manifests.filter((entry) => !changes.has(nameOf(entry) ?? ""));
      const set = [...changes].flatMap(([name, manifest]) =>
        manifest === undefined ? [] : [{ ...bare(manifest), annotations: { [REF_NAME]: name } }],
      );
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        ...index,
        manifests: [...kept, ...set],
      });
      await writeWhole(paths.index, text, { confidential: true });
      await syncFolder(paths.folder);
    } finally {
      await lock.release();
    }
  };

  return {
    all: () => guard(paths.folder, "store-read", async () => (await read()).names),
    change: (changes) => {
      for (const [name, manifest] of changes) pending.set(name, manifest);
      if (queued === undefined) {
        queued = guard(paths.folder, "store-write", () => writing.then(write));
        writing = queued.catch(() => {});
      }
      return queued;
    },
  };
}

function nameOf({ annotations }: Entry): string | undefined {
  const name = annotations?.[REF_NAME];
  return typeof name === "string" ? name : undefined;
}

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** Changes whenever the file does, as it is only ever replaced; empty when there is none. */
async function markOfFile(file: string): Promise<string> {
  try {
    return markOf(await stat(file));
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw cause;
  }
}

/**
 * Reads index.json, leniently: the blobs are good whatever happened to the file that names them, so what can be read of a
 * damaged one is kept (the next change writes it whole again), and the rest is fetched and named again by the next run.
 */
function parseIndex(text: string): Index {
  let index: { readonly manifests?: unknown } | null;
  try {
    index = JSON.parse(text) as typeof index;
  } catch {
    return { manifests: salvaged(text) };
  }
  if (!Array.isArray(index?.manifests)) return EMPTY;
  return { ...index, manifests: (index.manifests as readonly unknown[]).filter(isEntry) };
}

function isEntry(value: unknown): value is Entry {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Entry>;
  return typeof mediaType === "string" && typeof digest === "string" && isDigest(digest) && typeof size === "number";
}

/** The entries of ours that are whole in a text that is no JSON any more: each is one object with one level of others. */
function salvaged(text: string): readonly Entry[] {
  const entries = (text.match(/\{"mediaType":(?:[^{}]|\{[^{}]*\})*\}/g) ?? []).flatMap((part) => {
    try {
      const entry: unknown = JSON.parse(part);
      return isEntry(entry) ? [entry] : [];
    } catch {
      return [];
    }
  });
  return entries;
}

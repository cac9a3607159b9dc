/**
 * The names in index.json. Changes of one process are gathered and written together; each write takes the file as it is
 * then, under a lock, so that processes do not lose each other's names.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseDigest } from "../image/digest.ts";
import { MirrorError } from "../messages/errors.ts";
import { byName } from "../system/compare.ts";
import { writeWhole } from "../system/write-file.ts";
import { codeOf, guard, type Paths, syncFolder } from "./files.ts";
import { takeLock } from "./process-lock.ts";
import type { Descriptor } from "../image/manifest.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

interface Entry extends Descriptor {
  readonly annotations?: Readonly<Record<string, string>>;
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
    const mark = await markOf(paths.index);
    if (seen?.mark === mark) return seen;
    const index = mark === "" ? EMPTY : parseIndex(await readFile(paths.index, "utf8"), paths);
    const named = index.manifests.flatMap((entry) => {
      const name = entry.annotations?.[REF_NAME];
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
      const kept = index.manifests.filter(({ annotations }) => !changes.has(annotations?.[REF_NAME] ?? ""));
      const set = [...changes].flatMap(([name, manifest]) =>
        manifest === undefined ? [] : [{ ...bare(manifest), annotations: { [REF_NAME]: name } }],
      );
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        ...index,
        manifests: [...kept, ...set],
      });
      await writeWhole(paths.index, text);
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

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** Changes whenever the file does, as it is only ever replaced; empty when there is none. */
async function markOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw cause;
  }
}

function parseIndex(text: string, { folder }: Paths): Index {
  const fail = (detail: string): never => {
    throw new MirrorError("store-foreign", { folder, detail: `its index.json ${detail}` });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("is not JSON");
  }
  const index = value as { readonly manifests?: unknown } | null;
  if (!Array.isArray(index?.manifests)) return fail("has no manifests");
  for (const entry of index.manifests as readonly (Partial<Entry> | null)[]) {
    if (typeof entry?.mediaType !== "string" || typeof entry.digest !== "string" || typeof entry.size !== "number") {
      return fail("has an entry that is not a descriptor");
    }
    parseDigest(entry.digest);
  }
  return index as Index;
}

/** Opens a store: see store.ts for what it is. */
import { chmod, mkdir, open, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { hashFor, matchesDigest, parseDigest } from "../image/digest.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Cause, Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { writeWhole } from "../system/write-file.ts";
import { blobStream } from "./blob-stream.ts";
import { codeOf, FLUSH_FROM, guard, markOf, type Paths, pathsOf, readFrom, sizeOfFile, syncFolder } from "./files.ts";
import { openPartial } from "./partial.ts";
import { takeLock } from "./process-lock.ts";
import { planPrune, type PrunePlan, without } from "./prune.ts";
import { openReferences, type References } from "./references.ts";
import { clearLeftovers, readContents, sizeOfContents } from "./scan.ts";
import { NO_WRITER, openWriter, type Writer } from "./writers.ts";
import type { OpenStore, Pruned, Store, StoreOptions } from "./store.ts";
import { readUpload, writeUpload } from "./upload-records.ts";

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md#oci-layout-file */
const LAYOUT_VERSION = "1.0.0";
/** Images may be private: the folder is for this user alone. */
const PRIVATE = 0o700;

export const openStore: OpenStore = async (folder, { access = "write", signal, onWait } = {}) => {
  const paths = pathsOf(resolve(folder));
  await guard(paths.folder, "store-write", () => prepareFolder(paths));
  const writer =
    access === "read"
      ? NO_WRITER
      : await guard(paths.folder, "store-write", () => openWriter(paths, { signal, onWait }));
  const references = openReferences(paths);
  return { ...blobsOf(paths, onWait), ...namesOf(paths, references), ...upkeepOf(paths, references, writer) };
};

/** Makes what is missing, the mark of the layout first, so that a folder is a store from its first file on. */
async function prepareFolder(paths: Paths): Promise<void> {
  await mkdir(paths.folder, { recursive: true, mode: PRIVATE });
  const fail = (detail: Message): never => {
    throw new MirrorError("store-foreign", { folder: paths.folder, detail });
  };
  const layout = await readFile(paths.layout, "utf8").catch((cause) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  });
  if (layout === undefined) {
    const other = (await readdir(paths.folder)).find((name) => !name.startsWith("."));
    // Another process may be making the store at this moment: then the mark is there by now.
    if (other !== undefined && (await sizeOfFile(paths.layout)) === undefined)
      fail(message("store-no-layout", { other }));
    await writeWhole(paths.layout, JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }));
  } else if (!/"imageLayoutVersion"\s*:\s*"1\./.test(layout)) fail(message("store-layout-version"));
  // earlier versions made it open to all; a folder of another user stays as it is
  await chmod(paths.folder, PRIVATE).catch(() => {});
  const folders = [join(paths.blobs, "sha256"), join(paths.blobs, "sha512"), paths.partials, paths.locks];
  for (const each of [...folders, paths.sessions, paths.uploads]) await mkdir(each, { recursive: true, mode: PRIVATE });
}

type Blobs = Pick<Store, "has" | "sizeOf" | "read" | "readBytes" | "writeBytes" | "verify" | "partial">;

function blobsOf(paths: Paths, onWait: StoreOptions["onWait"]): Blobs {
  /** Blobs whose hash this process has seen to be right, with the mark of their file at that time. */
  const verified = new Map<string, string>();
  const reading = <T>(action: () => Promise<T>): Promise<T> => guard(paths.folder, "store-read", action);
  const missing = (digest: string): MirrorError => new MirrorError("blob-missing", { digest, folder: paths.folder });

  const sizeOf = (digest: string): Promise<number | undefined> => reading(() => sizeOfFile(paths.blob(digest)));

  const openBlob = async (digest: string) => {
    try {
      return await open(paths.blob(digest), "r");
    } catch (cause) {
      throw codeOf(cause) === "ENOENT" ? missing(digest) : cause;
    }
  };

  /** Takes a corrupt blob out, unless another process has put a new file in its place since `inode` was read. */
  const takeOut = async (digest: string, inode: number, detail: Cause): Promise<MirrorError> => {
    const file = paths.blob(digest);
    const now = await stat(file).catch(() => undefined);
    if (now?.ino === inode) await rm(file, { force: true });
    return new MirrorError("blob-corrupt", { digest, detail });
  };

  const verify = (digest: string): Promise<boolean> =>
    reading(async () => {
      const handle = await openBlob(digest).catch((error) => {
        if (error instanceof MirrorError && error.code === "blob-missing") return undefined;
        throw error;
      });
      if (handle === undefined) return false;
      try {
        const info = await handle.stat();
        const { size, ino } = info;
        const hash = hashFor(digest);
        for await (const chunk of readFrom(handle, 0, () => size)) hash.update(chunk);
        const right = hash.digest("hex") === parseDigest(digest).hex;
        if (right) verified.set(digest, markOf(info));
        else await takeOut(digest, ino, message("blob-other-hash", { hash: digest }));
        return right;
      } finally {
        await handle.close();
      }
    });

  return {
    sizeOf,
    verify,

    has: async (digest, size) => {
      const actual = await sizeOf(digest);
      if (actual === undefined || size === undefined || actual === size) return actual !== undefined;
      return verify(digest);
    },

    read: (digest, { start = 0, end } = {}) =>
      reading(async () => {
        const handle = await openBlob(digest);
        const info = await handle.stat();
        const { size, ino } = info;
        const seen = verified.get(digest);
        const isWhole = start === 0 && (end === undefined || end >= size);
        // a part cannot be hashed by itself, so a file that has changed since is hashed before
        if (!isWhole && seen !== undefined && seen !== markOf(info) && !(await verify(digest))) {
          await handle.close();
          throw missing(digest);
        }
        const whole = isWhole && seen !== markOf(info);
        const check = async (hex: string): Promise<void> => {
          if (hex !== parseDigest(digest).hex)
            throw await takeOut(digest, ino, message("blob-other-hash", { hash: hex }));
          verified.set(digest, markOf(info));
        };
        return blobStream({
          handle,
          start,
          end: Math.min(size, end ?? size),
          ...(whole ? { hash: hashFor(digest), check } : {}),
        });
      }),

    readBytes: (digest) =>
      reading(async () => {
        const handle = await openBlob(digest);
        try {
          const bytes = await handle.readFile();
          if (matchesDigest(bytes, digest)) return bytes;
          const { ino } = await handle.stat();
          throw await takeOut(digest, ino, message("blob-other-bytes", { size: bytes.length }));
        } finally {
          await handle.close();
        }
      }),

    writeBytes: (digest, bytes) =>
      guard(paths.folder, "store-write", async () => {
        if (!matchesDigest(bytes, digest)) {
          throw new MirrorError("blob-corrupt", {
            digest,
            detail: message("blob-other-bytes", { size: bytes.length }),
          });
        }
        const file = paths.blob(digest);
        if ((await sizeOfFile(file)) === bytes.length) return;
        const flush = bytes.length >= FLUSH_FROM;
        await writeWhole(file, bytes, { flush });
        if (flush) await syncFolder(dirname(file));
      }),

    partial: (digest, { size, signal } = {}) =>
      guard(paths.folder, "store-write", async () => {
        const moved = async (): Promise<unknown> => sizeOfFile(paths.partial(digest));
        const lock = await takeLock(paths.lock(digest), {
          signal,
          moved,
          onWait: (process) => onWait?.({ reason: "blob", process }),
        });
        try {
          if ((await sizeOfFile(paths.blob(digest))) === undefined) {
            return await openPartial({
              paths,
              digest,
              total: size,
              lock,
              onFinished: (info) => verified.set(digest, markOf(info)),
            });
          }
        } catch (error) {
          await lock.release();
          throw error;
        }
        await lock.release();
        return undefined;
      }),
  };
}

type Names = Pick<Store, "setReference" | "reference" | "references" | "upload" | "setUpload">;

function namesOf(paths: Paths, references: References): Names {
  /** The time of a manifest's file tells when its image was last used. */
  const touch = async (digest: string): Promise<void> => {
    const now = new Date();
    await utimes(paths.blob(digest), now, now);
  };
  return {
    setReference: (name, manifest) =>
      guard(paths.folder, "store-write", async () => {
        await touch(manifest.digest).catch((cause) => {
          if (codeOf(cause) !== "ENOENT") throw cause;
          throw new MirrorError("blob-missing", { digest: manifest.digest, folder: paths.folder });
        });
        await references.change(new Map([[name, manifest]]));
      }),
    reference: async (name) => {
      const manifest = (await references.all()).get(name);
      // A store that may only be read keeps its times.
      if (manifest !== undefined) await touch(manifest.digest).catch(() => {});
      return manifest;
    },
    references: references.all,
    upload: (target) => guard(paths.folder, "store-read", () => readUpload(paths, target)),
    setUpload: (target, record) => guard(paths.folder, "store-write", () => writeUpload(paths, target, record)),
  };
}

type Upkeep = Pick<Store, "folder" | "size" | "planPrune" | "prune" | "close">;

function upkeepOf(paths: Paths, references: References, writer: Writer): Upkeep {
  const contents = async () => readContents(paths, await references.all());
  return {
    folder: paths.folder,
    size: () => guard(paths.folder, "store-read", async () => sizeOfContents(await contents())),
    planPrune: ({ limit }) =>
      guard(paths.folder, "store-read", async () => {
        const held = await contents();
        const plan = planPrune(held, limit);
        return { ...prunedBy(plan), left: sizeOfContents(without(held, plan)) };
      }),
    prune: ({ limit }) =>
      writer.alone(() =>
        guard(paths.folder, "store-write", async () => {
          await clearLeftovers(paths);
          const plan = planPrune(await contents(), limit);
          const { references: names, files } = plan;
          // The names go first: a name without its blobs would be worse than blobs without a name.
          if (names.length > 0) await references.change(new Map(names.map((name) => [name, undefined])));
          for (const { path } of files) await rm(path, { force: true });
          return { ...prunedBy(plan), left: sizeOfContents(await contents()) };
        }),
      ),
    close: writer.close,
  };
}

function prunedBy({ references, files }: PrunePlan): Omit<Pruned, "left"> {
  return { references, blobs: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

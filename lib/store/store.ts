/**
 * The content store: an OCI image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), so that
 * other tools read it too (`skopeo inspect oci:FOLDER:NAME`).
 *
 *     oci-layout                       marks the folder
 *     index.json                       names: one descriptor of a manifest for each reference
 *     blobs/ALGORITHM/HEX              finished blobs, named by their hash
 *     partial/ALGORITHM-HEX            blobs under way: whatever ended the process, what was written is kept
 *     locks/, sessions/                who is at work here (see process-lock.ts)
 *     uploads/HEX.json                 how far an upload to a registry got
 *
 * A blob gets its place under `blobs` in the order write, verify, flush, rename, so what is there was whole once, even
 * after a power cut (small ones are not flushed). Bytes can still rot or be changed by hand: `has` compares
 * the size, reading a blob from its start compares the hash, and a blob that fails is taken out, to be fetched again.
 *
 * Any number of processes may use one store at once. Two that want the same blob take turns, and the second finds it.
 */
import type { Readable } from "node:stream";
import type { Descriptor } from "../image/manifest.ts";

/** Every method but `close` throws `digest-invalid`, `store-read`, `store-write` and `store-full` as they apply. */
export interface Store {
  /** Absolute path. */
  readonly folder: string;

  /** Whether the blob is here, and of `size` bytes where that is given; one of another size is removed. */
  has(digest: string, size?: number): Promise<boolean>;
  /** Bytes of the finished blob; `undefined` when it is not here. */
  sizeOf(digest: string): Promise<number | undefined>;
  /**
   * The bytes from `start` up to and without `end`. A blob read whole is verified on the way: the stream fails with
   * `blob-corrupt` before its last bytes, and the blob is removed. Throws `blob-missing`.
   */
  read(digest: string, range?: ReadRange): Promise<Readable>;
  /** A small blob at once, verified. Throws `blob-missing`, and `blob-corrupt` when it had to be removed. */
  readBytes(digest: string): Promise<Uint8Array>;
  /** Stores a small blob. Throws `blob-corrupt` when the bytes are not what `digest` names. */
  writeBytes(digest: string, bytes: Uint8Array): Promise<void>;
  /** Hashes a finished blob. `false` = it is not here, or it was corrupt and is removed. */
  verify(digest: string): Promise<boolean>;
  /**
   * Begins or continues a blob, alone among all processes; `undefined` = it is finished. Waits while another process
   * has it. The caller ends it with `finish` or `close`. Throws `interrupted`, and
   * `store-locked` when that process makes no progress.
   */
  partial(digest: string, options?: PartialOptions): Promise<PartialBlob | undefined>;

  /** Names a manifest, and marks it as used now. Returns when it is on the disk. */
  setReference(name: string, manifest: Descriptor): Promise<void>;
  /** The manifest of a name, which is marked as used now. */
  reference(name: string): Promise<Descriptor | undefined>;
  /** All names, in code-point order. */
  references(): Promise<ReadonlyMap<string, Descriptor>>;

  /** The record of an upload that was started; `undefined` when there is none. */
  upload(target: UploadTarget): Promise<UploadRecord | undefined>;
  /** Keeps the record for later runs, or forgets it when `record` is `undefined`. */
  setUpload(target: UploadTarget, record: UploadRecord | undefined): Promise<void>;

  size(): Promise<StoreSize>;
  /** What `prune` would remove, and what would be left; changes nothing, and works while another process writes. */
  planPrune(options: { readonly limit: number }): Promise<Pruned>;
  /**
   * Removes what was not used for longest until at most `limit` bytes are left: partial blobs, blobs that belong to no
   * name, names with the blobs that are theirs alone. Throws `store-busy` when another process is writing.
   */
  prune(options: { readonly limit: number }): Promise<Pruned>;
  /** Ends this process's part in the store. The store must not be used any more. */
  close(): Promise<void>;
}

export interface ReadRange {
  readonly start?: number;
  /** The first byte not wanted. */
  readonly end?: number;
}

export interface PartialOptions {
  /** Bytes of the whole blob as its descriptor says; content that is longer is refused. */
  readonly size?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A blob under way. One writer at a time. */
export interface PartialBlob {
  readonly digest: string;
  /** Bytes here so far: where the next chunk belongs. */
  readonly size: number;
  /** Adds bytes at the end; await it before the next. The chunk must not be changed afterwards. Throws `blob-corrupt` beyond the size. */
  append(chunk: Uint8Array): Promise<void>;
  /**
   * Verifies the whole and gives it its place. Throws `blob-short` when bytes are missing (what is here is kept, and
   * the blob may go on), `blob-corrupt` when the hash is another (nothing is kept).
   */
  finish(): Promise<void>;
  /** Leaves the blob for later with what is here. Does nothing after `finish`. */
  close(): Promise<void>;
  /**
   * The bytes from `start` on as they come in, from the disk. Ends when the whole is verified, so a reader that got to
   * the end has sent the right bytes; fails with what made the blob fail, `interrupted` after `close`.
   */
  follow(start?: number): AsyncIterable<Uint8Array>;
}

/** Where an upload goes. */
export interface UploadTarget {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

export interface UploadRecord {
  /** Where the registry wants the next chunk; may carry a secret of the session. */
  readonly location: string;
  /** Bytes that the registry has confirmed. */
  readonly offset: number;
}

export interface StoreSize {
  /** Bytes of finished and partial blobs. */
  readonly bytes: number;
  readonly blobs: number;
  readonly partials: number;
  readonly references: number;
}

export interface Pruned {
  /** Names removed, in code-point order. */
  readonly references: readonly string[];
  /** Finished and partial blobs removed. */
  readonly blobs: number;
  /** Bytes removed. */
  readonly bytes: number;
  /** What is left. */
  readonly left: StoreSize;
}

export interface StoreOptions {
  /** `read` only looks: it neither marks the store as in use nor keeps `prune` away. */
  readonly access?: "write" | "read";
  /** Ends the wait for another process that prunes the store. */
  readonly signal?: AbortSignal | undefined;
  /** Called when another process has been waited for for a second: once for each blob, and once for a prune. */
  readonly onWait?: ((wait: StoreWait) => void) | undefined;
}

/** What another process is waited for. */
export interface StoreWait {
  readonly reason: "blob" | "prune";
  /** Its number, where it is known. */
  readonly process: number | "?";
}

/**
 * Opens the store in `folder`, which is made when it is missing. Throws `store-foreign` when the folder holds
 * something else, `store-read`, `store-write`, `interrupted`.
 */
export type OpenStore = (folder: string, options?: StoreOptions) => Promise<Store>;

/**
 * Blobs on their way into the store. Each digest is fetched once however many images want it, from the first of its
 * sources that gives the right bytes; a cut connection goes on at the byte on disk, and what arrives can be followed
 * while it arrives.
 */
import { MirrorError } from "../../messages/errors.ts";
import type { Cause } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import type { Registry } from "../../registry/client.ts";
import { RegistryError } from "../../registry/errors.ts";
import type { Descriptor } from "../../image/manifest.ts";
import { pause } from "../../async/pause.ts";
import type { PartialBlob, Store } from "../../store/store.ts";
import { type BlobQueue, createBlobQueue, type QueueWidths } from "./blob-queue.ts";
import type { ByteCount } from "../byte-count.ts";
import type { ChunkSizer } from "./chunk-sizer.ts";
import { createRetryBudget, type RetrySettings } from "./retry-budget.ts";
import { type LeastFlow, watched } from "./watchdog.ts";

/** A repository that has a blob, or may have it. */
export interface BlobSource {
  readonly registry: Registry;
  readonly repository: string;
}

/** What an image learns of a blob it waits for. */
export interface BlobWatcher {
  /** Bytes of it are here that were not before. */
  readonly onBytes?: (bytes: number) => void;
  readonly onRetry?: (retry: { readonly attempt: number; readonly delay: number; readonly error: unknown }) => void;
}

export interface Download {
  readonly blob: Descriptor;
  /** Resolves when its turn has come, or when it ended. */
  readonly begun: Promise<void>;
  /** Settles when the blob is verified and in its place. */
  readonly finished: Promise<void>;
  /** Bytes that can be read. */
  readonly available: number;
  /** Counts how often the bytes turned out to be wrong and the download began again. */
  readonly generation: number;
  /** What made it fail, once it did. */
  readonly failure: unknown;
  /** Waits until that many bytes can be read. Throws what made the download fail. */
  reach(bytes: number): Promise<void>;
  /** The bytes from `start` up to `end` as they come in; the last one only when the whole is verified. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

export interface DownloadsOptions {
  readonly store: Store;
  readonly count: ByteCount;
  readonly widths: QueueWidths;
  readonly sizer: ChunkSizer;
  readonly least: LeastFlow;
  readonly retries: RetrySettings;
  readonly signal: AbortSignal | undefined;
}

export interface Downloads {
  /** Brings a blob into the store. `sources` in the order to be tried, after those already known for the blob. */
  want(blob: Descriptor, sources: readonly BlobSource[], watcher: BlobWatcher): Download;
}

/** The end of a blob that a reader gets only when the whole is verified. */
const HELD_BACK = 64 * 1024;
/** A source whose bytes are wrong is asked once more: a proxy in between may have been at fault. */
const MOST_CORRUPT = 2;

export function openDownloads(options: DownloadsOptions): Downloads {
  const running = new Map<string, BlobDownload>();
  const queues = new Map<string, BlobQueue>();
  const queueOf = (host: string): BlobQueue => {
    const known = queues.get(host);
    if (known !== undefined) return known;
    const opened = createBlobQueue(options.widths);
    queues.set(host, opened);
    return opened;
  };
  return {
    want: (blob, sources, watcher) => {
      const known = running.get(blob.digest);
      if (known !== undefined) {
        known.join(sources, watcher);
        return known;
      }
      const download = new BlobDownload(blob, options, queueOf);
      running.set(blob.digest, download);
      download.join(sources, watcher);
      download.start(() => running.delete(blob.digest));
      return download;
    },
  };
}

class BlobDownload implements Download {
  readonly blob: Descriptor;
  readonly #options: DownloadsOptions;
  readonly #queueOf: (host: string) => BlobQueue;
  readonly #sources: BlobSource[] = [];
  readonly #watchers: BlobWatcher[] = [];
  #partial: PartialBlob | undefined;
  #isFinished = false;
  #waiting: { readonly bytes: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  failure: unknown;
  readonly begun: Promise<void>;
  #begin!: () => void;
  finished!: Promise<void>;
  available = 0;
  generation = 0;

  constructor(blob: Descriptor, options: DownloadsOptions, queueOf: (host: string) => BlobQueue) {
    this.blob = blob;
    this.#options = options;
    this.#queueOf = queueOf;
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  join(sources: readonly BlobSource[], watcher: BlobWatcher): void {
    const isKnown = ({ registry, repository }: BlobSource): boolean =>
      this.#sources.some((each) => each.registry === registry && each.repository === repository);
    this.#sources.push(...sources.filter((source) => !isKnown(source)));
    this.#watchers.push(watcher);
    if (this.available > 0) watcher.onBytes?.(this.available);
  }

  start(onEnd: () => void): void {
    this.finished = this.#runToEnd(onEnd);
    // those who wait get the error; there may be none
    this.finished.catch(() => {});
  }

  async #runToEnd(onEnd: () => void): Promise<void> {
    try {
      await this.#run();
      this.#isFinished = true;
      this.#advance(this.blob.size);
    } catch (error) {
      this.failure = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      throw error;
    } finally {
      this.#begin();
      onEnd();
    }
  }

  reach(bytes: number): Promise<void> {
    if (this.#isFinished) return Promise.resolve();
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.available >= bytes) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ bytes, resolve, reject }));
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const { store } = this.#options;
    const { digest, size } = this.blob;
    const { generation } = this;
    let position = start;
    const early = end === size ? size - HELD_BACK : end;
    // between two sources, or after a failure: the end of the download says which
    if (this.#partial === undefined) await this.finished;
    if (!this.#isFinished && this.#partial !== undefined && position < early) {
      for await (const chunk of this.#partial.follow(position)) {
        const wanted = chunk.subarray(0, early - position);
        position += wanted.length;
        yield wanted;
        if (position === early) break;
      }
    }
    if (end === size) await this.finished;
    if (generation !== this.generation)
      throw new MirrorError("blob-corrupt", { digest, detail: message("blob-began-again") });
    if (position === end) return;
    yield* await store.read(digest, { start: position, end });
  }

  /** Sets how much is here, and tells everyone who waits for it. */
  #advance(available: number): void {
    const more = available - this.available;
    this.available = available;
    this.#options.count.reached("down", this.blob, available);
    if (more !== 0) for (const { onBytes } of this.#watchers) onBytes?.(more);
    const reached = this.#waiting.filter(({ bytes }) => bytes <= available);
    if (reached.length === 0) return;
    this.#waiting = this.#waiting.filter(({ bytes }) => bytes > available);
    for (const { resolve } of reached) resolve();
  }

  async #run(): Promise<void> {
    const { store, count, signal } = this.#options;
    const { digest, size } = this.blob;
    if (await store.has(digest, size)) return count.had("down", this.blob, size);
    if (this.#sources.length === 0) throw new MirrorError("blob-missing", { digest, folder: store.folder });
    let corrupt = 0;
    for (let source = 0; ;) {
      const partial = await store.partial(digest, { size, signal });
      if (partial === undefined) return this.available === 0 ? count.had("down", this.blob, size) : undefined;
      if (this.#partial === undefined && this.available === 0) count.had("down", this.blob, partial.size);
      this.#partial = partial;
      this.#advance(partial.size);
      try {
        await this.#fill(partial, this.#sources[source]!);
        await partial.finish();
        return;
      } catch (error) {
        await partial.close();
        this.#partial = undefined;
        const failure = this.#judge(error, this.#sources[source]!);
        if (failure.code === "registry-digest") {
          this.generation += 1;
          corrupt += 1;
        } else corrupt = MOST_CORRUPT;
        if (isOurs(failure)) throw failure;
        if (corrupt < MOST_CORRUPT) continue;
        corrupt = 0;
        source += 1;
        if (source >= this.#sources.length) throw failure;
      }
    }
  }

  /** What a failure says of the source. */
  #judge(error: unknown, { registry, repository }: BlobSource): MirrorError {
    if (!(error instanceof MirrorError)) throw error;
    if (error.code !== "blob-corrupt") return error;
    const { digest } = this.blob;
    const values = { host: registry.host, digest, name: repository, detail: error.values["detail"] as Cause };
    return new RegistryError("registry-digest", values, { cause: error });
  }

  /** Fetches what is missing, over as many connections as it takes. */
  async #fill(partial: PartialBlob, source: BlobSource): Promise<void> {
    const { sizer, signal, retries: settings } = this.#options;
    const retries = createRetryBudget(settings);
    while (partial.size < this.blob.size) {
      const before = partial.size;
      try {
        const queue = this.#queueOf(source.registry.host);
        await queue.use(this.blob.size - before, signal, () => this.#stream(partial, source));
      } catch (error) {
        if (error instanceof MirrorError && error.code === "registry-cut") sizer.cut(partial.size - before);
        const delay = retries.next(error, partial.size > before);
        if (delay === undefined) throw error;
        for (const { onRetry } of this.#watchers) onRetry?.({ ...delay, error });
        await pause(delay.delay, signal);
      }
    }
  }

  /** Fetches over one connection. */
  async #stream(partial: PartialBlob, { registry, repository }: BlobSource): Promise<void> {
    const { least, sizer, count, signal } = this.#options;
    const { host } = registry;
    const before = partial.size;
    this.#begin();
    await watched({ host, least, signal }, async (flow) => {
      const { start, chunks } = await registry.blob(repository, this.blob, partial.size, { signal: flow.signal });
      // where the registry sends the whole again, the bytes that are here already are let through
      let skip = partial.size - start;
      for await (const chunk of chunks) {
        flow.count(chunk.length);
        count.moved("down", chunk.length);
        const fresh = skip === 0 ? chunk : chunk.subarray(skip);
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        await partial.append(fresh);
        this.#advance(partial.size);
        sizer.carried(partial.size - before);
      }
      if (partial.size < this.blob.size) {
        throw new RegistryError("registry-cut", {
          host,
          detail: message("download-ended", { size: partial.size, total: this.blob.size }),
        });
      }
    });
  }
}

/** A failure that another source does not help. */
function isOurs({ code }: MirrorError): boolean {
  return code === "interrupted" || code.startsWith("store-");
}

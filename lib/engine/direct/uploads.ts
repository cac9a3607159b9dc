/**
 * Blobs on their way from the store to one registry. Each digest goes up once; further repositories of that registry
 * take it over by a mount where the registry allows that.
 *
 * A blob goes up while it comes down, in chunks: whatever the registry has confirmed is written down in the store and
 * need not be sent again, within this run or a later one. How a registry and the way to it like their chunks is
 * learned as they go: one that takes no chunks gets blobs whole, and where the network cuts connections after some bytes
 * chunks become smaller than that and get connections of their own.
 */
import { MirrorError } from "../../messages/errors.ts";
import type { Registry, Upload } from "../../registry/client.ts";
import { RegistryError } from "../../registry/errors.ts";
import type { Descriptor } from "../../image/manifest.ts";
import { pause } from "../../async/pause.ts";
import type { Store, UploadTarget } from "../../store/store.ts";
import type { ByteCount } from "../byte-count.ts";
import type { BlobWatcher, Download } from "./downloads.ts";
import { type BlobQueue, type QueueWidths, createBlobQueue } from "./blob-queue.ts";
import { type Chunk, type ChunkSizer, SMALLEST_CHUNK } from "./chunk-sizer.ts";
import { type RetryBudget, createRetryBudget, type RetrySettings } from "./retry-budget.ts";
import { type Flow, type LeastFlow, watched } from "./watchdog.ts";

export interface UploadsOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly count: ByteCount;
  readonly widths: QueueWidths;
  readonly least: LeastFlow;
  readonly retries: RetrySettings;
  readonly sizer: ChunkSizer;
  readonly signal: AbortSignal | undefined;
}

export interface UploadRequest {
  readonly repository: string;
  readonly blob: Descriptor;
  /** Gives the blob's bytes; asked again when they turn out to be bad. */
  readonly fetch: () => Download;
  /** The repository may have the blob already: ask before sending. */
  readonly ask: boolean;
  readonly onBytes?: BlobWatcher["onBytes"];
  readonly onRetry?: BlobWatcher["onRetry"];
}

export interface Uploads {
  /** Sees to it that the repository has the blob. Throws what the download or the registry throws. */
  bring(request: UploadRequest): Promise<void>;
  /** The same when the registry turned out not to have the blob: nothing that was learned about it is believed. */
  repair(request: UploadRequest): Promise<void>;
}

/** What was sent is known in steps of the send buffer, so a slow upload shows signs of life more rarely. */
const UPLOAD_PATIENCE = 4;
/**
 * Bytes that are to be here before they take a lane, so that one that comes slowly does not keep those waiting that are
 * here already.
 */
const LEAD = 256 * 1024;
/** Statuses of a chunk: the session is not there or elsewhere, or the registry does not do this at all. */
const LOST = new Set([400, 404, 416]);
const FORGOTTEN = new Set([404]);
const NO_CHUNKS = new Set([...LOST, 405, 415, 501]);
/** A session may be lost now and then; more often for one blob means that the registry does not keep them. */
const MOST_LOST = 2;
/**
 * Whole blobs in a row whose session was lost. Two replicas that do not share their sessions lose every second one, so
 * that so many in a row are one case in 30,000.
 */
const MOST_LOST_WHOLE = 15;
/** Milliseconds at most before a blob is sent again to replicas: in step with other requests it would meet the same one. */
const OUT_OF_STEP = 100;
const MOST_REFETCHES = 1;

export function openUploads(options: UploadsOptions): Uploads {
  return new RegistryUploads(options);
}

interface Home {
  readonly repository: string;
  readonly done: Promise<void>;
}

class RegistryUploads implements Uploads {
  readonly #options: UploadsOptions;
  readonly #queue: BlobQueue;
  /** The repository that each blob went to first. */
  readonly #homes = new Map<string, Home>();
  readonly #placing = new Map<string, Promise<void>>();
  /** How the registry wants its uploads. */
  readonly #rules: UploadRules = { chunks: true, largestChunk: Infinity };
  /** Whether asking for a mount is worth it. */
  #mounts = true;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#queue = createBlobQueue(options.widths);
  }

  async bring(request: UploadRequest): Promise<void> {
    const { blob } = request;
    const key = `${request.repository} ${blob.digest}`;
    const known = this.#placing.get(key);
    if (known !== undefined) {
      await known;
      request.onBytes?.(blob.size);
      return;
    }
    const placing = this.#place(request);
    this.#placing.set(key, placing);
    try {
      await placing;
    } catch (error) {
      this.#placing.delete(key);
      throw error;
    }
  }

  async repair(request: UploadRequest): Promise<void> {
    const { repository, blob } = request;
    this.#placing.delete(`${repository} ${blob.digest}`);
    this.#homes.delete(blob.digest);
    await this.bring(request);
  }

  async #place(request: UploadRequest): Promise<void> {
    const { repository, blob, onBytes } = request;
    const { registry, count, signal } = this.#options;
    if (request.ask && (await registry.hasBlob(repository, blob.digest, { signal }))) {
      count.had("up", blob, blob.size);
      onBytes?.(blob.size);
      if (!this.#homes.has(blob.digest)) this.#homes.set(blob.digest, { repository, done: Promise.resolve() });
      return;
    }
    let opened: Upload | undefined;
    for (let home = this.#homes.get(blob.digest); home !== undefined; home = this.#homes.get(blob.digest)) {
      const isThere = await succeeded(home.done);
      if (!isThere) {
        if (this.#homes.get(blob.digest) === home) this.#homes.delete(blob.digest);
        continue;
      }
      if (!this.#mounts) break;
      const answer = await this.#mount(request, home.repository);
      if (answer === "mounted") {
        onBytes?.(blob.size);
        return;
      }
      opened = answer;
      break;
    }
    const done = new BlobUpload(request, this.#options, { queue: this.#queue, rules: this.#rules, opened }).run();
    const home = { repository, done };
    if (!this.#homes.has(blob.digest)) this.#homes.set(blob.digest, home);
    await done;
  }

  /** `mounted`, or the upload that the registry opened instead, if any. */
  async #mount({ repository, blob }: UploadRequest, from: string): Promise<"mounted" | Upload | undefined> {
    const { registry, signal } = this.#options;
    try {
      const upload = await this.#queue.use(0, signal, () => registry.mount(repository, blob.digest, from, { signal }));
      return upload ?? "mounted";
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status === undefined || error.retryHelps) throw error;
      // it has no mounts, or not for this user: it may well take the bytes
      this.#mounts = false;
      return undefined;
    }
  }
}

async function succeeded(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch {
    return false;
  }
}

/** How a registry wants its uploads, as far as its answers told. */
interface UploadRules {
  /** Blobs may come in chunks. */
  chunks: boolean;
  largestChunk: number;
}

interface Way {
  readonly queue: BlobQueue;
  readonly rules: UploadRules;
  /** An upload that the registry opened already. */
  readonly opened: Upload | undefined;
}

/** One blob on its way up. */
class BlobUpload {
  readonly #request: UploadRequest;
  readonly #options: UploadsOptions;
  readonly #way: Way;
  readonly #retries: RetryBudget;
  #download: Download;
  /** The download's bytes that the upload so far is made of. */
  #generation: number;
  #upload: Upload | undefined;
  #isRemembered = false;
  /** Bytes of the last request that carried some of the blob. */
  #length = 0;
  #lost = 0;
  #refetches = 0;
  #shown = 0;

  constructor(request: UploadRequest, options: UploadsOptions, way: Way) {
    this.#request = request;
    this.#options = options;
    this.#way = way;
    this.#retries = createRetryBudget(options.retries);
    this.#download = request.fetch();
    this.#generation = this.#download.generation;
    this.#upload = way.opened;
  }

  async run(): Promise<void> {
    this.#upload ??= await this.#resume((await this.#options.store.upload(this.#target()))?.location);
    if (this.#upload !== undefined) this.#options.count.had("up", this.#request.blob, this.#upload.offset);
    for (;;) {
      const before = this.#upload?.offset ?? 0;
      try {
        await this.#send();
        await this.#remember(undefined);
        return;
      } catch (error) {
        await this.#learn(error, (this.#upload?.offset ?? 0) > before);
      }
    }
  }

  /** Sends all that is missing and closes the upload. */
  async #send(): Promise<void> {
    const { queue, rules } = this.#way;
    const { registry, signal, sizer } = this.#options;
    const { size } = this.#request.blob;
    // opened while the first bytes are awaited
    await allOf([this.#open(), this.#lead()]);
    for (;;) {
      const isLast = await queue.use(size, signal, async () => {
        if (this.#download.generation !== this.#generation) await this.#begin();
        this.#upload ??= await registry.startUpload(this.#request.repository, { signal });
        const { offset, smallestChunk = 0 } = this.#upload;
        const left = size - offset;
        const chunk = sizer.chunk(Math.min(left, rules.largestChunk));
        const end = rules.chunks ? offset + Math.min(left, Math.max(chunk.bytes, smallestChunk)) : size;
        await this.#sendPart(this.#upload, end, chunk);
        return end === size;
      });
      if (isLast) return;
      await this.#remember(this.#upload);
      await this.#lead();
    }
  }

  /** Waits until there is something to send that is worth a lane. */
  async #lead(): Promise<void> {
    await this.#download.reach(Math.min(this.#request.blob.size, (this.#upload?.offset ?? 0) + LEAD));
  }

  async #open(): Promise<void> {
    await this.#download.begun;
    const { registry, signal } = this.#options;
    const { repository } = this.#request;
    this.#upload ??= await this.#way.queue.use(0, signal, () => registry.startUpload(repository, { signal }));
  }

  async #sendPart(upload: Upload, end: number, chunk: Chunk): Promise<void> {
    const { registry, signal, least, sizer, count } = this.#options;
    const { repository, blob } = this.#request;
    const length = end - upload.offset;
    this.#length = length;
    let sent = 0;
    try {
      const patient = { ...least, within: least.within * UPLOAD_PATIENCE };
      await watched({ host: registry.host, least: patient, signal }, async (flow) => {
        const stream = counted(this.#download.read(upload.offset, end), flow, (bytes) => {
          sent += bytes;
          count.moved("up", bytes);
          this.#show(upload.offset + sent);
        });
        const options = { signal: flow.signal, fresh: sizer.isApart(length) };
        if (end < blob.size) this.#upload = await registry.uploadChunk(repository, upload, { length, stream }, options);
        else await registry.finishUpload(repository, upload, blob.digest, { length, stream }, options);
      });
      chunk.arrived();
    } catch (error) {
      chunk.failed(error instanceof MirrorError && error.code === "registry-cut" ? sent : undefined);
      throw error;
    }
  }

  /** Prepares the next try after `error`, or throws what the user must know. */
  async #learn(error: unknown, gotOn: boolean): Promise<void> {
    const { signal } = this.#options;
    if (signal?.aborted) throw new MirrorError("interrupted");
    if (!(error instanceof MirrorError) || error === this.#download.failure) throw error;
    // the download left the bytes that were followed: it failed, or it goes on with another source
    if (error.code === "interrupted") {
      await this.#download.finished;
      return this.#synchronise();
    }
    if (await this.#isCorrupt(error)) {
      // a source that keeps sending wrong bytes is what the failure is about
      await this.#download.finished;
      if (this.#download.generation === this.#generation) this.#refetches += 1;
      if (this.#refetches > MOST_REFETCHES) throw error;
      return this.#begin();
    }
    if (await this.#takesRefusal(error)) return;
    const next = this.#retries.next(error, gotOn);
    if (next === undefined) throw error;
    this.#request.onRetry?.({ ...next, error });
    await pause(next.delay, signal);
    await this.#synchronise();
  }

  /** Handles refusals that tell how the registry wants it. `false` = the error stands. */
  async #takesRefusal(error: MirrorError): Promise<boolean> {
    const { rules } = this.#way;
    const { signal } = this.#options;
    if (!(error instanceof RegistryError) || error.status === undefined || error.retryHelps) return false;
    if (error.status === 413 && rules.chunks && this.#length > SMALLEST_CHUNK) {
      rules.largestChunk = Math.max(SMALLEST_CHUNK, Math.floor(this.#length / 2));
      await this.#synchronise();
      return true;
    }
    // an upload that waited long for its bytes may be forgotten
    const isPart = this.#length < this.#request.blob.size;
    if (!(isPart ? NO_CHUNKS : FORGOTTEN).has(error.status)) return false;
    this.#lost += 1;
    if (!isPart) {
      if (this.#lost > MOST_LOST_WHOLE) return false;
      await pause(Math.random() * OUT_OF_STEP, signal);
      // Another replica may be the one that knows the session; after that, a session that was forgotten needs a new one.
      if (this.#lost % 2 === 0) await this.#begin({ isKnown: false });
    } else if (!LOST.has(error.status) || this.#lost > MOST_LOST) {
      rules.chunks = false;
      this.#lost = 0;
      await this.#begin();
    } else await this.#synchronise();
    return true;
  }

  /** Whether bytes that were sent were bad. Where they came from the store, they are gone from it then. */
  async #isCorrupt(error: MirrorError): Promise<boolean> {
    if (error.code === "blob-corrupt" || error.code === "blob-missing") return true;
    if (error.code !== "registry-refused" || !/digest/i.test(error.message)) return false;
    await this.#options.store.verify(this.#request.blob.digest);
    return true;
  }

  /**
   * Forgets what was sent: the next try sends the blob from its first byte. An upload that the registry still knows is
   * cancelled there.
   */
  async #begin({ isKnown = true }: { readonly isKnown?: boolean } = {}): Promise<void> {
    this.#download = this.#request.fetch();
    this.#generation = this.#download.generation;
    const upload = this.#upload;
    this.#upload = undefined;
    await this.#remember(undefined);
    if (isKnown && upload !== undefined) await this.#options.registry.cancelUpload(this.#request.repository, upload);
  }

  /** Asks how much of the upload has arrived. */
  async #synchronise(): Promise<void> {
    if (this.#upload === undefined) return;
    this.#upload = await this.#resume(this.#upload.location.href);
    this.#show(this.#upload?.offset ?? 0);
  }

  async #resume(location: string | undefined): Promise<Upload | undefined> {
    if (location === undefined || !URL.canParse(location)) return undefined;
    const { registry, signal } = this.#options;
    const { repository, blob } = this.#request;
    const upload = await registry.resumeUpload(repository, new URL(location), { signal }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return undefined;
    });
    return upload !== undefined && upload.offset < blob.size ? upload : undefined;
  }

  async #remember(upload: Upload | undefined): Promise<void> {
    if (upload === undefined && !this.#isRemembered) return;
    this.#isRemembered = upload !== undefined;
    const record = upload === undefined ? undefined : { location: upload.location.href, offset: upload.offset };
    await this.#options.store.setUpload(this.#target(), record);
  }

  #target(): UploadTarget {
    const { repository, blob } = this.#request;
    return { registry: this.#options.registry.host, repository, digest: blob.digest };
  }

  #show(sent: number): void {
    const more = sent - this.#shown;
    this.#shown = sent;
    this.#options.count.reached("up", this.#request.blob, sent);
    if (more !== 0) this.#request.onBytes?.(more);
  }
}

/** Waits for all of them to settle; then throws the first error. */
async function allOf(promises: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

/** The chunks of `source`; the flow rests while one is waited for. */
async function* counted(
  source: AsyncIterable<Uint8Array>,
  flow: Flow,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  flow.rest();
  for await (const chunk of source) {
    flow.resume();
    yield chunk;
    flow.count(chunk.length);
    onSent(chunk.length);
    flow.rest();
  }
}

/**
 * The engine without a daemon: manifests and blobs go from registry to registry byte for byte, through the store.
 * Everything that several images share is done once in a run: a blob comes down once, goes up once, and is mounted
 * where another repository has it. The engine limits by itself how much is under way at each registry, so any number
 * of images may be given to it at once; the more it knows of, the better the order.
 */
import { setMaxListeners } from "node:events";
import { causeOf, MirrorError } from "../../messages/errors.ts";
import type { Message } from "../../messages/message.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { familiarName, type ImageReference, withDefaultTag } from "../../image/reference.ts";
import type { CallOptions } from "../../registry/client.ts";
import { asDockerManifest } from "../../image/docker-format.ts";
import { checkPlatform, type Descriptor, parseManifest } from "../../image/manifest.ts";
import type { Registries } from "../../registry/registries.ts";
import { placesOf, type SourceMirror } from "../../registry/source-mirror.ts";
import type { Store } from "../../store/store.ts";
import { storeName } from "../../store/store-name.ts";
import { message } from "../../messages/texts.ts";
import { RegistryError } from "../../registry/errors.ts";
import { type BlobWatcher, type Download, type Downloads, openDownloads } from "./downloads.ts";
import type { Engine, Outcome, Requirements, Step, StepOptions } from "../engine.ts";
import { ByteCount, goalOf } from "../byte-count.ts";
import type { QueueWidths } from "./blob-queue.ts";
import { createChunkSizer } from "./chunk-sizer.ts";
import { type Inspect, openPrefetch } from "./prefetch.ts";
import { RETRY_SETTINGS, type RetrySettings } from "./retry-budget.ts";
import { openSourceImages, type Source, type SourceImage } from "./source-images.ts";
import { openUploads, type UploadRequest, type Uploads } from "./uploads.ts";
import { pause } from "../../async/pause.ts";
import { LEAST_FLOW, type LeastFlow } from "./watchdog.ts";

export interface DirectEngineOptions {
  readonly registries: Registries;
  readonly store: Store;
  readonly sourceMirrors?: readonly SourceMirror[];
  /** Whether an earlier run mirrored the image, so that asking for its digest comes before asking for its manifest. */
  readonly mirroredBefore?: (transfer: Transfer) => boolean;
  /** Blobs that come from each registry at once; as many small ones and twice as many large ones go to one. */
  readonly widths?: QueueWidths;
  readonly least?: LeastFlow;
  readonly retries?: RetrySettings;
  /** Most bytes that are sent in one request, where the registry takes chunks. */
  readonly chunkSize?: number;
  /** `docker` writes every manifest as Docker schema 2; `as-is`, the default, copies it byte for byte. */
  readonly format?: "as-is" | "docker";
  /** Ends everything under way: what no step has taken yet, and what a failed image has left behind. */
  readonly over?: AbortSignal;
}

const WIDTHS = { large: 4, small: 8 };
const CHUNK_SIZE = 32 * 1024 * 1024;
/** Images under way at once: enough to know large blobs early, few enough to bound memory. */
const CONCURRENCY = 32;
/** Milliseconds between two words about one image's bytes. */
const PROGRESS_PAUSE = 100;
/** Times that missing blobs are brought once more and the manifest is put again. */
const MOST_REPAIRS = 3;
/** Left in the store while an image's blobs go up: the next run then asks what has arrived. */
const BEGUN = "begun:";

/** What the images of one run share. */
interface Run {
  readonly downloads: Downloads;
  uploadsTo(host: string): Uploads;
}

/** Nothing but the store's folder, which need not exist yet. */
export function directRequirements(folder: string): Requirements {
  return { engine: "direct", check: async () => ({ folder }) };
}

export function createDirectEngine(options: DirectEngineOptions): Engine {
  const { registries, store, sourceMirrors = [], mirroredBefore = () => false, retries = RETRY_SETTINGS } = options;
  const { widths = WIDTHS, least = LEAST_FLOW, chunkSize = CHUNK_SIZE, format = "as-is", over } = options;
  const sources = openSourceImages({ registries, store, mirrors: sourceMirrors });
  const runs = new Map<AbortSignal | undefined, Run>();
  const count = new ByteCount();

  const runOf = (signal: AbortSignal | undefined): Run => {
    const known = runs.get(signal);
    if (known !== undefined) return known;
    const targets = new Map<string, Uploads>();
    const shared = { store, count, sizer: createChunkSizer(chunkSize), least, retries, signal: eitherOf(signal, over) };
    const downloads = openDownloads({ ...shared, widths });
    // what goes up must keep up with what comes down, and has more round trips to wait for
    const upward = { ...widths, large: widths.large * 2 };
    const run: Run = {
      downloads,
      uploadsTo: (host) => {
        const registry = registries.of(host);
        const uploads = targets.get(host) ?? openUploads({ ...shared, widths: upward, registry });
        targets.set(host, uploads);
        return uploads;
      },
    };
    runs.set(signal, run);
    return run;
  };

  /** The image in the format wanted; a manifest that was made here goes into the store. */
  const inFormat = async (image: SourceImage): Promise<SourceImage> => {
    if (format === "as-is") return image;
    const raw = asDockerManifest(image.raw, image);
    await store.writeBytes(raw.descriptor.digest, raw.bytes);
    return { ...image, raw };
  };

  const inspect: Inspect = async (transfer, kind, call) => {
    const here = await store.reference(storeName(transfer.target));
    const isKnown = here !== undefined || mirroredBefore(transfer);
    const [source, there] = await Promise.all([
      sources.find(transfer, { ...call, isKnown }),
      kind === "mirror" ? headOf(transfer.target, call) : undefined,
    ]);
    const image = await inFormat(await source.image(call));
    const isThere = (kind === "mirror" ? there : here)?.digest === image.raw.descriptor.digest;
    if (!isThere) count.expect(goalOf(kind), blobsOf(image));
    count.known.add(transfer);
    return { source, image, here, there };
  };
  const prefetch = openPrefetch({ inspect, most: CONCURRENCY, over });

  const pull = step("pull", async (work) => {
    const { transfer, call, signal } = work;
    const { source, image, here } = await prefetch.take(transfer, "pull", call);
    const isHere = here?.digest === image.raw.descriptor.digest && (await hasAll(store, image));
    const { downloads } = runOf(signal);
    if (!isHere) {
      await prefetch.gathered();
      const watcher = work.watch(sizeOf(image));
      const want = (blob: Descriptor): Promise<void> => downloads.want(blob, source.places, watcher).finished;
      if (image.isUnchecked) await want(image.config).then(() => checkConfig(work, image));
      await allDone(blobsOf(image).map(want));
    }
    await store.setReference(storeName(transfer.target), image.raw.descriptor);
    return { status: isHere ? "present" : "pulled", ...factsOf(source, image) };
  });

  const push = step("push", async (work) => {
    const { transfer, signal } = work;
    const name = familiarName(transfer.source);
    const [descriptor, there] = await Promise.all([
      store.reference(storeName(transfer.target)),
      headOf(transfer.target, work.call),
    ]);
    if (descriptor === undefined)
      throw new MirrorError("image-not-pulled", { image: name, platform: transfer.platform });
    const raw = { descriptor, bytes: await store.readBytes(descriptor.digest) };
    const manifest = parseManifest(raw, name);
    if (manifest.kind === "index")
      throw new MirrorError("manifest-invalid", { name, detail: message("manifest-is-index") });
    const image = { ...manifest, raw, isUnchecked: false };
    const facts = { digest: descriptor.digest, bytes: sizeOf(image), blobs: blobsOf(image) };
    count.known.add(transfer);
    if (there?.digest === descriptor.digest) return { status: "present", ...facts };
    count.expect("up", blobsOf(image));
    const { downloads } = runOf(signal);
    await sendImage(work, image, { fetch: (blob) => downloads.want(blob, [], {}), mayHave: there !== undefined });
    return { status: "pushed", ...facts };
  });

  const mirror = step("pull", async (work) => {
    const { transfer, call, signal } = work;
    const { source, image, there } = await prefetch.take(transfer, "mirror", call);
    if (there?.digest === image.raw.descriptor.digest) return { status: "present", ...factsOf(source, image) };
    await prefetch.gathered();
    const { downloads } = runOf(signal);
    const fetch = (blob: Descriptor): Download => downloads.want(blob, source.places, { onRetry: work.onRetry });
    if (image.isUnchecked) await fetch(image.config).finished.then(() => checkConfig(work, image));
    await sendImage(work, image, { fetch, mayHave: there !== undefined });
    // what the target had already did not pass through here
    if (await hasAll(store, image)) await store.setReference(storeName(transfer.target), image.raw.descriptor);
    return { status: "pushed", ...factsOf(source, image) };
  });

  /** An image that no index vouches for says in its config which platform it is for. */
  const checkConfig = async ({ transfer, warnings }: Work, { config }: SourceImage): Promise<void> => {
    const bytes = await store.readBytes(config.digest);
    const warning = checkPlatform(bytes, transfer.platform, familiarName(transfer.source));
    if (warning !== undefined) warnings.push(warning);
  };

  /** What the target has under the tag; `undefined` too when it would not say, as some do of what is not there yet. */
  const headOf = async (target: ImageReference, call: CallOptions): Promise<Descriptor | undefined> => {
    const { registry, repository, tag } = withDefaultTag(target);
    try {
      return await registries.of(registry).head(repository, tag!, call);
    } catch (error) {
      if (error instanceof MirrorError && error.code === "registry-pull-denied") return undefined;
      throw error;
    }
  };

  /** Brings all blobs of the image to the target, then its manifest under the tag. */
  const sendImage = async (work: Work, image: SourceImage, { fetch, mayHave }: SendOptions): Promise<void> => {
    const { transfer, call, signal } = work;
    const { registry, repository, tag } = withDefaultTag(transfer.target);
    const uploads = runOf(signal).uploadsTo(registry);
    const mark = { registry, repository, digest: image.raw.descriptor.digest };
    const wasBegun = (await store.upload(mark)) !== undefined;
    if (!wasBegun) await store.setUpload(mark, { location: BEGUN, offset: 0 });
    const watcher = work.watch(sizeOf(image));
    const requestFor = (blob: Descriptor, ask: boolean): UploadRequest => ({
      ...watcher,
      repository,
      blob,
      fetch: () => fetch(blob),
      ask,
    });
    await allDone(blobsOf(image).map((blob) => uploads.bring(requestFor(blob, mayHave || wasBegun))));
    work.phase("push");
    for (let round = 1; ; round += 1) {
      try {
        await registries.of(registry).putManifest(repository, tag!, image.raw, call);
        break;
      } catch (error) {
        if (round > MOST_REPAIRS || !lacksBlob(error)) throw error;
        const delay = retries.firstDelay * 2 ** (round - 1);
        work.onRetry({ attempt: round, delay, error });
        await pause(delay, signal);
        // first the registry is believed about what it has, then everything is sent without asking
        const again = (blob: Descriptor): Promise<void> =>
          uploads.repair({ ...requestFor(blob, round === 1), onBytes: () => {} });
        await allDone(blobsOf(image).map(again));
      }
    }
    await store.setUpload(mark, undefined);
  };

  return {
    requirements: directRequirements(store.folder),
    pull,
    push,
    mirror,
    bytes: count,
    concurrency: CONCURRENCY,
    begin: (transfers, kind) => {
      // every request under way listens to the one signal
      if (over !== undefined) setMaxListeners(0, over);
      expect(registries, transfers, sourceMirrors);
      if (kind !== "push") prefetch.begin(transfers, kind);
    },
  };
}

/**
 * A manifest that is refused because a blob is missing (MANIFEST_BLOB_UNKNOWN, distribution-spec, "Error codes"): another
 * run's upload or mount was believed, and is not there, or not yet.
 */
function lacksBlob(error: unknown): boolean {
  return error instanceof RegistryError && error.codes.some((code) => code.endsWith("BLOB_UNKNOWN"));
}

interface SendOptions {
  readonly fetch: (blob: Descriptor) => Download;
  /** The repository may have some of the blobs. */
  readonly mayHave: boolean;
}

/** One image's step under way. */
interface Work {
  readonly transfer: Transfer;
  readonly signal: AbortSignal | undefined;
  /** For requests of this image. */
  readonly call: CallOptions;
  readonly onRetry: (retry: { readonly attempt: number; readonly delay: number; readonly error: unknown }) => void;
  /** What the user should know, gathered for the outcome. */
  readonly warnings: Message[];
  phase(phase: "pull" | "push"): void;
  /** What tells the image's bytes of `total` as they get on. */
  watch(total: number): Required<BlobWatcher>;
}

/** Makes a step of `action`: its errors become the outcome. */
function step(first: "pull" | "push", action: (work: Work) => Promise<Omit<Outcome, "transfer">>): Step {
  return async (transfer, options = {}) => {
    // every request under way listens to the one signal
    if (options.signal !== undefined) setMaxListeners(0, options.signal);
    const work = workOn(transfer, options);
    try {
      work.phase(first);
      const outcome = await action(work);
      return { transfer, ...outcome, ...(work.warnings.length === 0 ? {} : { warnings: work.warnings }) };
    } catch (error) {
      if (options.signal?.aborted) throw new MirrorError("interrupted");
      if (!(error instanceof MirrorError) || error.code === "interrupted") throw error;
      return { transfer, status: "failed", error };
    }
  };
}

/** A signal that is aborted with the first of two. */
function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const either = AbortSignal.any([one, other]);
  // every request under way listens to it
  setMaxListeners(0, either);
  return either;
}

function workOn(transfer: Transfer, { signal, onProgress }: StepOptions): Work {
  const onRetry: Work["onRetry"] = ({ attempt, delay, error }) =>
    onProgress?.({ kind: "retry", transfer, attempt, delay, reason: causeOf(error) });
  return {
    transfer,
    signal,
    onRetry,
    warnings: [],
    call: { signal, onRetry },
    phase: (phase) => onProgress?.({ kind: "phase", transfer, phase }),
    watch: (total) => {
      let done = 0;
      let told = 0;
      return {
        onRetry,
        onBytes: (bytes) => {
          done += bytes;
          const now = Date.now();
          if (now - told < PROGRESS_PAUSE && done < total) return;
          told = now;
          onProgress?.({ kind: "bytes", transfer, done, total });
        },
      };
    },
  };
}

/** Waits for all, so that nothing goes on unseen; then throws the first error that says something. */
async function allDone(promises: readonly Promise<unknown>[]): Promise<void> {
  const failures = (await Promise.allSettled(promises)).flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  const telling = failures.find((error) => !(error instanceof MirrorError && error.code === "interrupted"));
  if (failures.length > 0) throw telling ?? failures[0];
}

/** Config and layers, each once. */
function blobsOf({ config, layers }: Pick<SourceImage, "config" | "layers">): readonly Descriptor[] {
  return [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()];
}

function sizeOf(image: Pick<SourceImage, "config" | "layers">): number {
  return blobsOf(image).reduce((sum, { size }) => sum + size, 0);
}

async function hasAll(store: Store, image: SourceImage): Promise<boolean> {
  const blobs = [image.raw.descriptor, ...blobsOf(image)];
  const here = await Promise.all(blobs.map(({ digest, size }) => store.has(digest, size)));
  return here.every(Boolean);
}

function factsOf(
  { sourceDigest, descriptor }: Pick<Source, "sourceDigest" | "descriptor">,
  image: SourceImage,
): Pick<Outcome, "digest" | "sourceDigest" | "platformDigest" | "bytes" | "blobs"> {
  const { digest } = image.raw.descriptor;
  return { sourceDigest, platformDigest: descriptor.digest, digest, bytes: sizeOf(image), blobs: blobsOf(image) };
}

function expect(registries: Registries, transfers: readonly Transfer[], mirrors: readonly SourceMirror[]): void {
  const hosts = new Map<string, { readonly pull: Set<string>; readonly push: Set<string> }>();
  const of = (host: string) => {
    const known = hosts.get(host) ?? { pull: new Set<string>(), push: new Set<string>() };
    hosts.set(host, known);
    return known;
  };
  for (const { source, target } of transfers) {
    const { host, repository } = placesOf(source, mirrors)[0]!;
    of(host).pull.add(repository);
    of(target.registry).push.add(target.repository);
  }
  for (const [host, { pull, push }] of hosts) registries.of(host).expect({ pull: [...pull], push: [...push] });
}

/**
 * One registry by the OCI distribution API
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). How requests are sent is in `calls.ts`, how
 * blobs go up in `blob-upload.ts`.
 */
import type { IncomingHttpHeaders } from "node:http";
import { digestOf, matchesDigest } from "../image/digest.ts";
import { ACCEPT, type Descriptor, isDigest, MANIFEST_LIMIT, type RawManifest } from "../image/manifest.ts";
import { message } from "../messages/texts.ts";
import { pullScope, pushScope } from "./auth.ts";
import { type BlobUploads, blobUploads, checkStored, nameOf, pushCall } from "./blob-upload.ts";
import { discard, type HttpAnswer, isEncoded, readBody, streamBody } from "./body.ts";
import { type Call, type Caller, type CallerOptions, type CallOptions, ignored, openCaller } from "./calls.ts";
import { RegistryError } from "./errors.ts";

export type { Upload } from "./blob-upload.ts";
export { askedDelay, type CallOptions, type RetryPolicy } from "./calls.ts";

/** A blob's bytes from `start` on. */
export interface BlobBody {
  /** 0 when the registry cannot give a part: the beginning comes again. */
  readonly start: number;
  /** Throws `registry-cut` and its like. */
  readonly chunks: AsyncIterable<Buffer>;
}

export interface Registry extends BlobUploads {
  /** As image references write it. */
  readonly host: string;
  /** Announces what will be read and written, so that few tokens carry it all. */
  expect(repositories: { readonly pull?: readonly string[]; readonly push?: readonly string[] }): void;
  /**
   * Asks whether this is a registry, and whether it takes the credentials. Where it wants tokens, the one to write to
   * `repository` is the answer: the work needs it anyway. Throws what `answerError` knows, and `registry-helper`.
   */
  ping(options?: CallOptions & { readonly repository?: string }): Promise<{ readonly loggedIn: boolean }>;
  /** What `reference`, a tag or digest, names; `undefined` when there is nothing. */
  head(repository: string, reference: string, options?: HeadOptions): Promise<Descriptor | undefined>;
  /** The manifest's exact bytes. Throws `registry-not-found`, `registry-digest`, `manifest-too-large` and more. */
  manifest(repository: string, reference: string, options?: CallOptions): Promise<RawManifest>;
  /** Every tag of a repository. */
  tags(repository: string, options?: CallOptions): Promise<readonly string[]>;
  /** Whether the registry says that it has the blob; `false` where it cannot tell. */
  hasBlob(repository: string, digest: string, options?: CallOptions): Promise<boolean>;
  /** Begins to read a blob at byte `start`. */
  blob(repository: string, blob: Descriptor, start: number, options?: CallOptions): Promise<BlobBody>;
  /**
   * Stores a manifest under a tag or its digest. Throws `registry-stored-other` when the registry says that it stored
   * something else.
   */
  putManifest(repository: string, reference: string, manifest: RawManifest, options?: CallOptions): Promise<void>;
}

export interface HeadOptions extends CallOptions {
  /** Called when the registry tells how many pulls it still gives to who asks. */
  readonly onPullsLeft?: (left: PullsLeft) => void;
}

/** What a registry still gives to who asks. */
export interface PullsLeft {
  /** Images: one of several platforms counts once for each platform that is pulled. */
  readonly count: number;
  /** Whether that is counted for a login. */
  readonly loggedIn: boolean;
}

export type RegistryOptions = CallerOptions;

/** Bytes of one page of a list of tags. */
const TAGS_LIMIT = 16 * 1024 * 1024;
const MOST_PAGES = 1000;
/** Statuses of a HEAD that say what a GET would say too; any other may be about the method. */
const SAME_FOR_GET = new Set([401, 429]);

export function openRegistry(host: string, options: RegistryOptions): Registry {
  const caller = openCaller(host, options);

  const registry: Registry = {
    host,
    ...blobUploads(caller),
    expect: ({ pull: readable = [], push: writable = [] }) =>
      caller.expect([...readable.map(pullScope), ...writable.map(pushScope)]),

    ping: async ({ repository, signal, ...rest } = {}) => {
      const scopes = repository === undefined ? [] : [pushScope(repository)];
      const call: Call = { method: "GET", to: "", scopes, action: "login", name: host, isLogin: true, signal };
      await caller.small(ignored, call, rest);
      return { loggedIn: await caller.isLoggedIn(scopes) };
    },

    head: async (repository, reference, asked = {}) => {
      const { signal, onPullsLeft, ...rest } = asked;
      const call: Call = {
        ...pullCall(repository, reference),
        method: "HEAD",
        to: `${repository}/manifests/${reference}`,
        headers: { accept: ACCEPT },
        also: [404],
        signal,
      };
      try {
        const found = await caller.small(
          async (answer) => {
            discard(answer);
            const left = pullsLeft(answer.headers);
            if (left !== undefined && onPullsLeft !== undefined)
              onPullsLeft({ count: left, loggedIn: await caller.isLoggedIn(call.scopes) });
            return answer.status === 404 ? "nothing" : headDescriptor(answer.headers, reference);
          },
          call,
          rest,
        );
        if (found === "nothing") return undefined;
        if (found !== undefined) return found;
      } catch (error) {
        // a front may know GET only, and the answer to a HEAD has no words to tell why
        if (!isAnswer(error) || error.retryHelps || SAME_FOR_GET.has(error.status)) throw error;
      }
      // Saying the digest is something that a registry should do (spec, "Checking if content exists").
      try {
        return (await registry.manifest(repository, reference, asked)).descriptor;
      } catch (error) {
        if (isAnswer(error) && error.status === 404) return undefined;
        throw error;
      }
    },

    manifest: (repository, reference, { signal, ...rest } = {}) =>
      caller.small(
        async (answer) => {
          const name = nameOf(repository, reference);
          const announced = Number(answer.headers["content-length"] ?? 0);
          const bytes = announced > MANIFEST_LIMIT ? undefined : await readBody(answer, MANIFEST_LIMIT);
          if (bytes === undefined) {
            answer.body.destroy();
            throw new RegistryError("manifest-too-large", { name, host, limit: MANIFEST_LIMIT });
          }
          return checkedManifest({ host, name, reference, bytes, headers: answer.headers });
        },
        {
          ...pullCall(repository, reference),
          method: "GET",
          to: `${repository}/manifests/${reference}`,
          headers: { accept: ACCEPT },
          signal,
        },
        rest,
      ),

    tags: async (repository, { signal, ...rest } = {}) => {
      const tags: string[] = [];
      let next: string | URL | undefined = `${repository}/tags/list?n=1000`;
      for (let page = 0; next !== undefined; page += 1) {
        if (page === MOST_PAGES) throw new RegistryError("registry-answer", { host, detail: message("link-endless") });
        const call: Call = { ...pullCall(repository, ""), method: "GET", to: next, signal };
        next = await caller.small(
          async (answer) => {
            const body = await readBody(answer, TAGS_LIMIT);
            tags.push(...readTags(host, body?.toString("utf8") ?? ""));
            return nextPage(caller, answer);
          },
          call,
          rest,
        );
      }
      return tags;
    },

    hasBlob: async (repository, digest, { signal, ...rest } = {}) => {
      const to = `${repository}/blobs/${digest}`;
      const call: Call = { ...pullCall(repository, digest), method: "HEAD", to, also: [404], signal };
      try {
        return (await caller.small(ignored, call, rest)).status !== 404;
      } catch (error) {
        // it may redirect to storage that answers to GET alone, or not to us
        const isElsewhere = error instanceof RegistryError && error.values["host"] !== host;
        const isUnknown = isAnswer(error) && !error.retryHelps && !SAME_FOR_GET.has(error.status);
        if (isElsewhere || isUnknown) return false;
        throw error;
      }
    },

    blob: async (repository, { digest, size }, start, { signal } = {}) => {
      const answer = await caller.ask({
        ...pullCall(repository, digest),
        method: "GET",
        to: `${repository}/blobs/${digest}`,
        headers: start === 0 ? {} : { range: `bytes=${start}-` },
        signal,
      });
      const given = answer.status === 206 ? rangeStart(answer.headers, size) : 0;
      if (given !== 0 && given !== start) {
        answer.body.destroy();
        throw new RegistryError("registry-answer", { host, detail: message("blob-other-part", { start }) });
      }
      const announced = answer.headers["content-length"];
      const isWhole = announced === undefined || Number(announced) === size - given;
      // storage may call a layer's own compression an encoding: then the length is the layer's
      const isPacked = isEncoded(answer.headers) && answer.status !== 206 && Number(announced) !== size;
      if (!isWhole && !isPacked) {
        answer.body.destroy();
        const detail = message("blob-other-size", { announced, due: String(size - given) });
        throw new RegistryError("registry-digest", { host, digest, name: nameOf(repository, digest), detail });
      }
      return { start: given, chunks: streamBody(answer, isPacked ? answer.headers["content-encoding"] : undefined) };
    },

    putManifest: async (repository, reference, { descriptor, bytes }, { signal, ...rest } = {}) => {
      const answer = await caller.small(
        ignored,
        {
          ...pushCall(repository, reference),
          method: "PUT",
          to: `${repository}/manifests/${reference}`,
          headers: { "content-type": descriptor.mediaType },
          body: bytes,
          signal,
        },
        rest,
      );
      checkStored({ host, name: nameOf(repository, reference), digest: descriptor.digest, answer });
    },
  };
  return registry;
}

/**
 * `ratelimit-remaining: 76;w=21600`: a number of pulls, and the seconds that it is counted over. A HEAD is not counted.
 * https://docs.docker.com/docker-hub/usage/pulls/
 */
function pullsLeft(headers: IncomingHttpHeaders): number | undefined {
  const count = /^\s*(\d{1,9})\s*(?:;|$)/.exec(String(headers["ratelimit-remaining"] ?? ""))?.[1];
  return count === undefined ? undefined : Number(count);
}

/** A request that reads a repository. */
function pullCall(repository: string, reference: string): Pick<Call, "scopes" | "action" | "name"> {
  return { scopes: [pullScope(repository)], action: "pull", name: nameOf(repository, reference) };
}

function isAnswer(error: unknown): error is RegistryError & { readonly status: number } {
  return error instanceof RegistryError && error.status !== undefined;
}

/** `undefined` when the answer does not tell the manifest's digest. */
function headDescriptor(headers: IncomingHttpHeaders, reference: string): Descriptor | undefined {
  const digest = isDigest(reference) ? reference : headers["docker-content-digest"];
  if (typeof digest !== "string" || !isDigest(digest) || isEncoded(headers)) return undefined;
  return { mediaType: mediaTypeOf(headers), digest, size: Number(headers["content-length"] ?? 0) };
}

interface ReceivedManifest {
  readonly host: string;
  readonly name: string;
  readonly reference: string;
  readonly bytes: Buffer;
  readonly headers: IncomingHttpHeaders;
}

function checkedManifest({ host, name, reference, bytes, headers }: ReceivedManifest): RawManifest {
  const announced = headers["docker-content-digest"];
  const due = [reference, announced].find((each) => typeof each === "string" && isDigest(each));
  const digest = digestOf(bytes);
  if (typeof due === "string" && !matchesDigest(bytes, due))
    throw new RegistryError("registry-digest", { host, digest: due, name, detail: message("digest-is", { digest }) });
  return { descriptor: { mediaType: mediaTypeOf(headers), digest, size: bytes.length }, bytes };
}

function mediaTypeOf(headers: IncomingHttpHeaders): string {
  return (headers["content-type"] ?? "").split(";")[0]!.trim();
}

/** Where a 206 begins; -1 when it does not say or does not fit `size` (RFC 9110, section 14.4). */
function rangeStart(headers: IncomingHttpHeaders, size: number): number {
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (start === undefined || Number(end) !== size - 1 || (total !== "*" && Number(total) !== size)) return -1;
  return Number(start);
}

function readTags(host: string, text: string): readonly string[] {
  try {
    const { tags } = JSON.parse(text) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === "string");
  } catch {
    // said below
  }
  throw new RegistryError("registry-answer", { host, detail: message("tags-invalid") });
}

/**
 * The address in `Link: <…>; rel="next"`
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags); `undefined` on the last page.
 */
function nextPage(caller: Caller, { headers, url }: HttpAnswer): URL | undefined {
  const link = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(String(headers["link"] ?? ""))?.[1];
  if (link === undefined) return undefined;
  const next = caller.address({ kind: "link", text: link, from: url });
  if (next.origin === url.origin) return next;
  const detail = message("link-elsewhere", { place: next.host });
  throw new RegistryError("registry-answer", { host: caller.host, detail });
}

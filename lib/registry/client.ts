/**
 * One registry by the OCI distribution API. A call is one request and what belongs to it: the login, the renewal of a
 * token in mid-transfer, and for small requests further tries. Blob bodies are tried once, because only the caller
 * knows how much of one has arrived.
 */
import type { IncomingHttpHeaders } from "node:http";
import { digestOf, matchesDigest } from "../image/digest.ts";
import { retry, type RetryOptions } from "../async/retry.ts";
import { openAuthorizer, pullScope, pushScope, type Scope } from "./auth.ts";
import type { RegistryCredentials } from "./credentials.ts";
import { answerError, networkError, RegistryError } from "./errors.ts";
import { ACCEPT, type Descriptor, isDigest, MANIFEST_LIMIT, type RawManifest } from "../image/manifest.ts";
import {
  discard,
  type HttpAnswer,
  type HttpRequest,
  readBody,
  readText,
  type RequestBody,
  type Transport,
} from "./transport.ts";

export type CallOptions = Pick<RetryOptions, "signal" | "onRetry">;

/** How often and how soon to try again. */
export type RetryPolicy = Pick<RetryOptions, "attempts" | "firstDelay" | "longestDelay">;

/** A blob's bytes from `start` on. */
export interface BlobBody {
  /** 0 when the registry cannot give a part: the beginning comes again. */
  readonly start: number;
  /** Throws `registry-cut` and its like. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** An upload that a registry has opened; the address is the registry's own affair and good for one request. */
export interface Upload {
  readonly location: URL;
  /** Bytes the registry has taken. */
  readonly offset: number;
  /** The least a chunk but the last one may have. */
  readonly smallestChunk?: number;
}

export interface Registry {
  /** As image references write it. */
  readonly host: string;
  /** Announces what will be read and written, so that few tokens carry it all. */
  expect(repositories: { readonly pull?: readonly string[]; readonly push?: readonly string[] }): void;
  /**
   * Asks whether this is a registry, and whether it takes the credentials. Where it wants tokens, the one to write to
   * `repository` is the answer: the work needs it anyway. Throws what `answerError` knows.
   */
  ping(options?: CallOptions & { readonly repository?: string }): Promise<{ readonly loggedIn: boolean }>;
  /** What `reference`, a tag or digest, names; `undefined` when there is nothing. */
  head(repository: string, reference: string, options?: CallOptions): Promise<Descriptor | undefined>;
  /** The manifest's exact bytes. Throws `registry-not-found`, `registry-digest`, `manifest-too-large` and more. */
  manifest(repository: string, reference: string, options?: CallOptions): Promise<RawManifest>;
  /** Every tag of a repository. */
  tags(repository: string, options?: CallOptions): Promise<readonly string[]>;
  hasBlob(repository: string, digest: string, options?: CallOptions): Promise<boolean>;
  /** Begins to read a blob at byte `start`. */
  blob(repository: string, blob: Descriptor, start: number, options?: CallOptions): Promise<BlobBody>;
  /** Opens an upload. */
  startUpload(repository: string, options?: CallOptions): Promise<Upload>;
  /** Takes over a blob of another repository: `undefined` = done; an upload where the registry wants the bytes. */
  mount(repository: string, digest: string, from: string, options?: CallOptions): Promise<Upload | undefined>;
  /** What the registry has of an upload of an earlier run; `undefined` when it knows it no more. */
  resumeUpload(repository: string, location: URL, options?: CallOptions): Promise<Upload | undefined>;
  /** Sends the next bytes of an upload. */
  uploadChunk(repository: string, upload: Upload, body: RequestBody, options?: ChunkOptions): Promise<Upload>;
  /** Sends the last bytes and closes the upload as the blob `digest`. */
  finishUpload(
    repository: string,
    upload: Upload,
    digest: string,
    body?: RequestBody,
    options?: ChunkOptions,
  ): Promise<void>;
  cancelUpload(repository: string, upload: Upload): Promise<void>;
  /** Stores a manifest under a tag or its digest. */
  putManifest(repository: string, reference: string, manifest: RawManifest, options?: CallOptions): Promise<void>;
}

export interface ChunkOptions extends CallOptions {
  /** A connection of its own. */
  readonly fresh?: boolean;
}

export interface RegistryOptions {
  readonly transport: Transport;
  /** Asked once, when the registry first wants to know who is there. */
  readonly credentials?: (() => Promise<RegistryCredentials | undefined>) | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
}

interface Call extends Omit<HttpRequest, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly scopes: readonly Scope[];
  readonly action: "pull" | "push" | "log in";
  /** The image or blob, for messages. */
  readonly name: string;
  /** Statuses that are an answer; every other one is an error. */
  readonly expect: readonly number[];
  /** It is all about the login: a token is answer enough. */
  readonly isLogin?: boolean;
}

/** A token may be refused as too old, then as one that was asked for too many scopes. */
const MOST_REFUSALS = 2;
/** Checking and moving a large blob takes a registry on slow storage minutes. */
const FINISH_TIMEOUT = 600_000;
const TAGS_LIMIT = 16 * 1024 * 1024;
const MOST_PAGES = 1000;

export function openRegistry(host: string, options: RegistryOptions): Registry {
  const { transport, credentials = async () => undefined, retryPolicy = {} } = options;
  const origin = transport.origin(host);
  const authorizer = openAuthorizer({ host, transport, credentials });
  const url = (path: string): URL => new URL(`/v2/${path}`, origin);
  let first: Promise<void> | undefined;

  /** Sends one request with what the registry wants to see. */
  const send = async (call: Call): Promise<HttpAnswer> => {
    const { scopes, action, name, expect, isLogin = false, ...request } = call;
    for (let refusals = 0; ; refusals += 1) {
      // an upload may go to another host, which has its own permission in the address
      const ours = request.url.origin === origin;
      const authorization = ours ? await authorizer.header(scopes, request.signal) : undefined;
      const answer = await transport.send({
        ...request,
        headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      });
      if (expect.includes(answer.status)) {
        if (ours) authorizer.accepted();
        return answer;
      }
      const repeatable = request.body === undefined || request.body instanceof Uint8Array;
      if (answer.status === 401 && ours && refusals < MOST_REFUSALS) {
        const renewed = await authorizer.refused(answer, scopes, authorization);
        if (renewed && repeatable) {
          discard(answer);
          if (!isLogin || authorization !== undefined || !authorizer.wantsToken) continue;
          await authorizer.header(scopes, request.signal);
          return answer;
        }
        if (renewed) {
          answer.body.destroy();
          throw new RegistryError("registry-cut", { host, detail: "the token ran out" }, { retryAfter: 0 });
        }
      }
      const text = await readText(answer);
      // the answer came before all was sent, and nobody may read the rest
      if (!repeatable) answer.body.destroy();
      if (authorizer.problem !== undefined && (answer.status === 401 || answer.status === 403))
        throw authorizer.problem;
      const question = { host, action, name, loggedIn: authorizer.isLoggedIn };
      throw answerError(question, { status: answer.status, headers: answer.headers, text });
    }
  };

  /** The very first request goes alone: what its answer asks for, all others then know. */
  const ask = async (call: Call): Promise<HttpAnswer> => {
    while (!authorizer.isSettled) {
      if (first === undefined) {
        const answer = send(call);
        first = ended(answer).finally(() => (first = undefined));
        return answer;
      }
      await first;
    }
    return send(call);
  };

  const small = <T>(use: (answer: HttpAnswer) => Promise<T>, call: Call, { onRetry }: CallOptions = {}): Promise<T> =>
    retry(async () => use(await ask(call)), {
      ...retryPolicy,
      askedDelay,
      signal: call.signal,
      ...(onRetry === undefined ? {} : { onRetry }),
    });

  const registry: Registry = {
    host,
    expect: ({ pull: readable = [], push: writable = [] }) =>
      authorizer.expect([...readable.map(pullScope), ...writable.map(pushScope)]),

    ping: async ({ repository, signal, ...rest } = {}) => {
      const call: Call = {
        method: "GET",
        url: url(""),
        scopes: repository === undefined ? [] : [pushScope(repository)],
        action: "log in",
        name: host,
        expect: [200],
        isLogin: true,
        signal,
      };
      await small(ignored, call, rest);
      if (authorizer.problem !== undefined) throw authorizer.problem;
      return { loggedIn: authorizer.isLoggedIn };
    },

    head: (repository, reference, asked = {}) => {
      const { signal, ...rest } = asked;
      return small(
        async (answer) => {
          discard(answer);
          if (answer.status === 404) return undefined;
          const descriptor = headDescriptor(answer.headers, reference);
          // Saying the digest is something that a registry should do (spec, "Checking if content exists").
          return descriptor ?? (await registry.manifest(repository, reference, asked)).descriptor;
        },
        {
          ...pull(repository, reference),
          method: "HEAD",
          url: url(`${repository}/manifests/${reference}`),
          headers: { accept: ACCEPT },
          expect: [200, 404],
          signal,
        },
        rest,
      );
    },

    manifest: (repository, reference, { signal, ...rest } = {}) =>
      small(
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
          ...pull(repository, reference),
          method: "GET",
          url: url(`${repository}/manifests/${reference}`),
          headers: { accept: ACCEPT },
          expect: [200],
          signal,
        },
        rest,
      ),

    tags: async (repository, { signal, ...rest } = {}) => {
      const tags: string[] = [];
      let next: URL | undefined = url(`${repository}/tags/list?n=1000`);
      for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
        const call: Call = { ...pull(repository, ""), method: "GET", url: next, expect: [200], signal };
        const from: URL = next;
        next = await small(
          async (answer) => {
            const body = await readBody(answer, TAGS_LIMIT);
            tags.push(...readTags(host, body?.toString("utf8") ?? ""));
            return nextPage(host, answer.headers, from);
          },
          call,
          rest,
        );
      }
      return tags;
    },

    hasBlob: async (repository, digest, { signal, ...rest } = {}) => {
      const target = url(`${repository}/blobs/${digest}`);
      const call: Call = { ...pull(repository, digest), method: "HEAD", url: target, expect: [200, 404], signal };
      return (await small(ignored, call, rest)).status === 200;
    },

    blob: async (repository, { digest, size }, start, { signal } = {}) => {
      const answer = await ask({
        ...pull(repository, digest),
        method: "GET",
        url: url(`${repository}/blobs/${digest}`),
        headers: start === 0 ? {} : { range: `bytes=${start}-` },
        expect: start === 0 ? [200] : [200, 206],
        signal,
      });
      const given = answer.status === 206 ? rangeStart(answer.headers, size) : 0;
      if (given !== 0 && given !== start) {
        answer.body.destroy();
        throw new RegistryError("registry-answer", {
          host,
          detail: `asked for a blob from byte ${start}, it sent another part`,
        });
      }
      const announced = answer.headers["content-length"];
      if (announced !== undefined && Number(announced) !== size - given) {
        answer.body.destroy();
        const detail = `it announces ${announced} bytes where ${size - given} are due`;
        throw new RegistryError("registry-digest", { host, digest, name: nameOf(repository, digest), detail });
      }
      return { start: given, chunks: chunksOf(answer) };
    },

    startUpload: (repository, { signal, ...rest } = {}) =>
      small(
        async (answer) => openedUpload(host, answer, 0),
        { ...push(repository, ""), method: "POST", url: url(`${repository}/blobs/uploads/`), expect: [202], signal },
        rest,
      ),

    mount: (repository, digest, from, { signal, ...rest } = {}) => {
      const query = new URLSearchParams({ mount: digest, from });
      return small(
        async (answer) => {
          if (answer.status === 202) return openedUpload(host, answer, 0);
          discard(answer);
          return undefined;
        },
        {
          ...push(repository, digest),
          scopes: [pushScope(repository), pullScope(from)],
          method: "POST",
          url: url(`${repository}/blobs/uploads/?${query.toString()}`),
          expect: [201, 202],
          signal,
        },
        rest,
      );
    },

    resumeUpload: (repository, location, { signal, ...rest } = {}) =>
      small(
        async (answer) => {
          if (answer.status !== 204) {
            discard(answer);
            return undefined;
          }
          const end = /^(?:bytes[ =])?0-(\d+)$/.exec(answer.headers["range"] ?? "")?.[1];
          // "0-0" is what registries say of nothing as well as of one byte
          return openedUpload(host, answer, end === undefined || end === "0" ? 0 : Number(end) + 1);
        },
        { ...push(repository, ""), method: "GET", url: location, expect: [204, 400, 404, 405, 416], signal },
        rest,
      ),

    uploadChunk: async (repository, { location, offset }, body, { signal, fresh = false } = {}) => {
      const answer = await ask({
        ...push(repository, ""),
        method: "PATCH",
        url: location,
        headers: {
          "content-type": "application/octet-stream",
          "content-range": `${offset}-${offset + body.length - 1}`,
        },
        body,
        fresh,
        expect: [202, 204],
        signal,
      });
      return openedUpload(host, answer, offset + body.length);
    },

    finishUpload: async (repository, { location, offset }, digest, body, { signal, fresh = false } = {}) => {
      const target = new URL(location);
      target.searchParams.append("digest", digest);
      const range =
        body === undefined || offset === 0 ? {} : { "content-range": `${offset}-${offset + body.length - 1}` };
      const answer = await ask({
        ...push(repository, digest),
        method: "PUT",
        url: target,
        headers: { ...(body === undefined ? {} : { "content-type": "application/octet-stream" }), ...range },
        body,
        fresh,
        expect: [201, 204],
        answerTimeout: FINISH_TIMEOUT,
        signal,
      });
      discard(answer);
    },

    cancelUpload: async (repository, { location }) => {
      const call: Call = { ...push(repository, ""), method: "DELETE", url: location, expect: [200, 202, 204, 404] };
      await ask(call).then(discard, () => {});
    },

    putManifest: async (repository, reference, { descriptor, bytes }, { signal, ...rest } = {}) => {
      await small(
        ignored,
        {
          ...push(repository, reference),
          method: "PUT",
          url: url(`${repository}/manifests/${reference}`),
          headers: { "content-type": descriptor.mediaType },
          body: bytes,
          expect: [201, 202],
          signal,
        },
        rest,
      );
    },
  };
  return registry;
}

/** A request that reads a repository. */
function pull(repository: string, reference: string): Pick<Call, "scopes" | "action" | "name"> {
  return { scopes: [pullScope(repository)], action: "pull", name: nameOf(repository, reference) };
}

/** A request that writes to a repository. */
function push(repository: string, reference: string): Pick<Call, "scopes" | "action" | "name"> {
  return { scopes: [pushScope(repository)], action: "push", name: nameOf(repository, reference) };
}

/** Waits for an end, good or bad. */
async function ended(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => {});
}

async function ignored(answer: HttpAnswer): Promise<HttpAnswer> {
  discard(answer);
  return answer;
}

/** Milliseconds that the registry asked to wait; `undefined` when it did not. */
export function askedDelay(error: unknown): number | undefined {
  return error instanceof RegistryError ? error.retryAfter : undefined;
}

/** The image a repository and a tag or digest make, as messages name it. */
function nameOf(repository: string, reference: string): string {
  if (reference === "") return repository;
  return `${repository}${isDigest(reference) ? "@" : ":"}${reference}`;
}

/** `undefined` when the answer does not tell the manifest's digest. */
function headDescriptor(headers: IncomingHttpHeaders, reference: string): Descriptor | undefined {
  const digest = isDigest(reference) ? reference : headers["docker-content-digest"];
  if (typeof digest !== "string" || !isDigest(digest)) return undefined;
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
    throw new RegistryError("registry-digest", { host, digest: due, name, detail: `it is ${digest}` });
  return { descriptor: { mediaType: mediaTypeOf(headers), digest, size: bytes.length }, bytes };
}

function mediaTypeOf(headers: IncomingHttpHeaders): string {
  return (headers["content-type"] ?? "").split(";")[0]!.trim();
}

/** Where a 206 begins; -1 when it does not say or does not fit `size`. */
function rangeStart(headers: IncomingHttpHeaders, size: number): number {
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (start === undefined || Number(end) !== size - 1 || (total !== "*" && Number(total) !== size)) return -1;
  return Number(start);
}

async function* chunksOf(answer: HttpAnswer): AsyncGenerator<Buffer> {
  try {
    yield* answer.body as AsyncIterable<Buffer>;
  } catch (error) {
    throw networkError(answer.url.host, error);
  }
}

function openedUpload(host: string, answer: HttpAnswer, offset: number): Upload {
  discard(answer);
  const { location } = answer.headers;
  const smallest = Number(answer.headers["oci-chunk-min-length"] ?? 0);
  try {
    return {
      location: new URL(location ?? answer.url, answer.url),
      offset,
      ...(smallest > 0 ? { smallestChunk: smallest } : {}),
    };
  } catch {
    throw new RegistryError("registry-answer", { host, detail: "it opened an upload at something that is no address" });
  }
}

function readTags(host: string, text: string): readonly string[] {
  try {
    const { tags } = JSON.parse(text) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === "string");
  } catch {
    // said below
  }
  throw new RegistryError("registry-answer", { host, detail: "its list of tags is not one" });
}

/** The address in `Link: <…>; rel="next"`. */
function nextPage(host: string, headers: IncomingHttpHeaders, from: URL): URL | undefined {
  const link = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(String(headers["link"] ?? ""))?.[1];
  if (link === undefined) return undefined;
  if (!URL.canParse(link, from.href))
    throw new RegistryError("registry-answer", {
      host,
      detail: "its list of tags goes on at something that is no address",
    });
  const next = new URL(link, from);
  return next.origin === from.origin ? next : undefined;
}

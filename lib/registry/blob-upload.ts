/**
 * Blobs on their way into a registry (distribution-spec, "Pushing blobs":
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs). An upload is opened by POST; its
 * bytes go by PATCH in chunks, in order, and by the PUT that closes it, or by that PUT alone. The Location of each answer
 * is opaque, good for one request, and replaces the one before. Any 2xx is success: registries in use answer 200 or 204
 * where the specification has 201 or 202.
 */
import { isDigest } from "../image/manifest.ts";
import { message } from "../messages/texts.ts";
import { withParameters } from "./addresses.ts";
import { pullScope, pushScope } from "./auth.ts";
import { discard, type HttpAnswer } from "./body.ts";
import { type Call, type Caller, type CallOptions, ignored } from "./calls.ts";
import { RegistryError } from "./errors.ts";
import type { RequestBody } from "./exchange.ts";

/** An upload that a registry has opened. */
export interface Upload {
  /** Opaque and single-use. */
  readonly location: URL;
  /** Bytes the registry has taken. */
  readonly offset: number;
  /** Bytes that every chunk but the last one must have at least (`OCI-Chunk-Min-Length`). */
  readonly smallestChunk?: number;
}

export interface ChunkOptions extends CallOptions {
  /** A connection of its own. */
  readonly fresh?: boolean;
}

export interface BlobUploads {
  /** Opens an upload. */
  startUpload(repository: string, options?: CallOptions): Promise<Upload>;
  /** Takes over a blob of another repository: `undefined` = done; an upload where the registry wants the bytes. */
  mount(repository: string, digest: string, from: string, options?: CallOptions): Promise<Upload | undefined>;
  /** What the registry has of an upload of an earlier run; `undefined` when it knows it no more. */
  resumeUpload(repository: string, location: URL, options?: CallOptions): Promise<Upload | undefined>;
  /** Sends the next bytes of an upload. */
  uploadChunk(repository: string, upload: Upload, body: RequestBody, options?: ChunkOptions): Promise<Upload>;
  /**
   * Sends the last bytes and closes the upload as the blob `digest`. Throws `registry-stored-other` when the registry
   * says that it stored something else.
   */
  finishUpload(
    repository: string,
    upload: Upload,
    digest: string,
    body?: RequestBody,
    options?: ChunkOptions,
  ): Promise<void>;
  cancelUpload(repository: string, upload: Upload): Promise<void>;
}

/** Milliseconds. Checking and moving a large blob takes a registry on slow storage minutes. */
const FINISH_TIMEOUT = 600_000;
/** Statuses by which a registry says that it does not know an upload, or cannot tell. */
const NO_UPLOAD = [400, 404, 405, 416] as const;

export function blobUploads(caller: Caller): BlobUploads {
  const { host } = caller;
  const opened = (repository: string, answer: HttpAnswer, offset: number): Upload =>
    openedUpload(caller, repository, answer, offset);

  return {
    startUpload: (repository, { signal, ...rest } = {}) =>
      caller.small(
        async (answer) => opened(repository, answer, 0),
        { ...pushCall(repository, ""), method: "POST", to: `${repository}/blobs/uploads/`, signal },
        rest,
      ),

    mount: (repository, digest, from, { signal, ...rest } = {}) => {
      const query = new URLSearchParams({ mount: digest, from });
      return caller.small(
        async (answer) => {
          if (isOpened(answer)) return opened(repository, answer, 0);
          discard(answer);
          checkStored({ host, name: `${repository}@${digest}`, digest, answer });
          return undefined;
        },
        {
          ...pushCall(repository, digest),
          scopes: [pushScope(repository), pullScope(from)],
          method: "POST",
          to: `${repository}/blobs/uploads/?${query.toString()}`,
          signal,
        },
        rest,
      );
    },

    resumeUpload: (repository, location, { signal, ...rest } = {}) =>
      caller.small(
        async (answer) => {
          if (answer.status >= 300) {
            discard(answer);
            return undefined;
          }
          const end = /^(?:bytes[ =])?0-(\d+)$/.exec(answer.headers["range"] ?? "")?.[1];
          // "0-0" is what registries say of nothing as well as of one byte
          return opened(repository, answer, end === undefined || end === "0" ? 0 : Number(end) + 1);
        },
        { ...pushCall(repository, ""), method: "GET", to: location, also: NO_UPLOAD, signal },
        rest,
      ),

    uploadChunk: async (repository, { location, offset }, body, { signal, fresh = false } = {}) => {
      const answer = await caller.ask({
        ...pushCall(repository, ""),
        method: "PATCH",
        to: location,
        headers: {
          "content-type": "application/octet-stream",
          "content-range": `${offset}-${offset + body.length - 1}`,
        },
        body,
        fresh,
        signal,
      });
      return opened(repository, answer, offset + body.length);
    },

    finishUpload: async (repository, { location, offset }, digest, body, { signal, fresh = false } = {}) => {
      const target = withParameters(new URL(location), [["digest", digest]]);
      const range =
        body === undefined || offset === 0 ? {} : { "content-range": `${offset}-${offset + body.length - 1}` };
      const answer = await caller.ask({
        ...pushCall(repository, digest),
        method: "PUT",
        to: target,
        headers: { ...(body === undefined ? {} : { "content-type": "application/octet-stream" }), ...range },
        body,
        fresh,
        answerTimeout: FINISH_TIMEOUT,
        signal,
      });
      discard(answer);
      checkStored({ host, name: `${repository}@${digest}`, digest, answer });
    },

    cancelUpload: async (repository, { location }) => {
      const call: Call = { ...pushCall(repository, ""), method: "DELETE", to: location, also: [404] };
      await caller.ask(call).then(ignored, () => {});
    },
  };
}

/** A request that writes to a repository. */
export function pushCall(repository: string, reference: string): Pick<Call, "scopes" | "action" | "name"> {
  return { scopes: [pushScope(repository)], action: "push", name: nameOf(repository, reference) };
}

/** The image a repository and a tag or digest make, as messages name it. */
export function nameOf(repository: string, reference: string): string {
  if (reference === "") return repository;
  return `${repository}${isDigest(reference) ? "@" : ":"}${reference}`;
}

interface Stored {
  readonly host: string;
  readonly name: string;
  /** What was sent. */
  readonly digest: string;
  readonly answer: Pick<HttpAnswer, "headers">;
}

/**
 * Compares the `Docker-Content-Digest` of an answer with what was sent; a registry may leave it out, or use another
 * algorithm. Throws `registry-stored-other`.
 */
export function checkStored({ host, name, digest, answer }: Stored): void {
  const stored = answer.headers["docker-content-digest"];
  if (typeof stored !== "string" || !isDigest(stored) || algorithmOf(stored) !== algorithmOf(digest)) return;
  if (stored !== digest) throw new RegistryError("registry-stored-other", { host, name, stored, digest });
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** Whether the answer to a mount is an upload instead (202 by the specification); a blob in place is named by its own. */
function isOpened({ status, headers }: HttpAnswer): boolean {
  return status === 202 || (status !== 201 && /\/blobs\/uploads\//.test(headers.location ?? ""));
}

function openedUpload(caller: Caller, repository: string, answer: HttpAnswer, offset: number): Upload {
  discard(answer);
  const { headers, url } = answer;
  const smallest = Number(headers["oci-chunk-min-length"] ?? 0);
  const uuid = headers["docker-upload-uuid"];
  const isOpening = url.pathname.endsWith("/uploads/");
  const text =
    headers.location ??
    (isOpening ? (typeof uuid === "string" ? `/v2/${repository}/blobs/uploads/${uuid}` : undefined) : url.href);
  if (text === undefined)
    throw new RegistryError("registry-answer", { host: caller.host, detail: message("location-missing") });
  return {
    location: caller.address({ kind: "location", text, from: url }),
    offset,
    ...(smallest > 0 ? { smallestChunk: smallest } : {}),
  };
}

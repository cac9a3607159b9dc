/**
 * The store as a registry that can be pulled from: the reading half of the OCI distribution API, over plain HTTP on this
 * machine's own address alone, which docker trusts without TLS. A reference of the store is the image's name here:
 * `team/nginx:1.27` is pulled as `localhost:PORT/team/nginx:1.27`. Nothing can be pushed; the engine fills the store.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { causeOf, detailOf, MirrorError } from "../messages/errors.ts";
import { MANIFEST_LIMIT, viewManifest } from "../image/manifest.ts";
import { byCodePoint } from "../system/compare.ts";
import type { Store } from "./store.ts";

/** A request that was answered. */
export interface Served {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

export interface ServeOptions {
  /** 0 = any that is free. */
  readonly port?: number;
  readonly onServed?: (served: Served) => void;
}

export interface EmbeddedRegistry {
  readonly port: number;
  /** `localhost:PORT`, the registry's part of an image name. */
  readonly host: string;
  /** Ends it, requests under way too. */
  readonly close: () => Promise<void>;
}

/** Serves `store`, which the caller closes after the registry. Throws `serve-port`. */
export async function serve(store: Store, { port = 0, onServed }: ServeOptions = {}): Promise<EmbeddedRegistry> {
  const server = createServer((request, response) => {
    const { method = "GET", url = "/" } = request;
    answer(store, request, response)
      .catch((error: unknown) => {
        // A body that was started can only be cut, so that nobody takes it for whole.
        if (response.headersSent) response.destroy();
        else sendError(response, refusalOf(error));
      })
      .finally(() => {
        const bytes = Number(method === "HEAD" ? 0 : response.getHeader("content-length"));
        onServed?.({ method, path: url, status: response.statusCode, bytes });
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new MirrorError("serve-port", { port, detail: causeOf(cause) }, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    port: actual,
    host: `localhost:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An answer of the API's error form. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const ROUTE = /^\/v2\/(?:(?<name>[^?]+)\/(?<kind>manifests|blobs|tags)\/(?<what>[^/?]+))?(?:\?(?<query>.*))?$/;

async function answer(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url = "/" } = request;
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  if (!isOwnHost(request)) throw new Refusal(403, "DENIED", "this registry answers to localhost only");
  if (method !== "GET" && method !== "HEAD") {
    throw new Refusal(405, "UNSUPPORTED", "this registry can only be pulled from", { allow: "GET, HEAD" });
  }
  const { name, kind, what, query } = ROUTE.exec(url === "/v2" ? "/v2/" : url)?.groups ?? {};
  if (url.startsWith("/v2/_catalog")) return sendJson(request, response, { repositories: await repositories(store) });
  if (name === undefined || what === undefined) {
    if (!/^\/v2\/?(\?|$)/.test(url)) throw new Refusal(404, "UNSUPPORTED", "no such address");
    return sendJson(request, response, {});
  }
  if (kind === "blobs") return sendBlob(store, request, response, decode(what));
  if (kind === "manifests") return sendManifest(store, request, response, { name, reference: decode(what) });
  if (what !== "list") throw new Refusal(404, "UNSUPPORTED", "no such address");
  return sendTags(store, request, response, { name, query: new URLSearchParams(query) });
}

/**
 * Whether the request names this machine: a web page whose name was pointed here (DNS rebinding) names its own site.
 * Any port will do, as a forwarded port (`--tunnel`) is another than the one that listens here. Clients that send no
 * Host (HTTP/1.0) are no browsers.
 */
function isOwnHost({ headers: { host } }: IncomingMessage): boolean {
  return host === undefined || /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);
}

async function sendManifest(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  { name, reference }: { readonly name: string; readonly reference: string },
): Promise<void> {
  const unknown = new Refusal(404, "MANIFEST_UNKNOWN", `no image ${name} with tag or digest ${reference}`);
  const isDigest = reference.includes(":");
  const named = isDigest ? undefined : await store.reference(`${name}:${reference}`);
  const digest = isDigest ? reference : named?.digest;
  const size = digest === undefined ? undefined : await store.sizeOf(digest);
  if (digest === undefined || size === undefined || size > MANIFEST_LIMIT) throw unknown;
  const bytes = await store.readBytes(digest);
  const mediaType = named?.mediaType ?? viewManifest(bytes)?.mediaType;
  if (mediaType === undefined) throw unknown;
  send(request, response, bytes, { "content-type": mediaType, "docker-content-digest": digest });
}

async function sendBlob(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  digest: string,
): Promise<void> {
  const size = await store.sizeOf(digest);
  if (size === undefined) throw new Refusal(404, "BLOB_UNKNOWN", `no blob ${digest}`);
  const range = parseRange(request.headers.range, size);
  if (range === "unsatisfiable") {
    throw new Refusal(416, "RANGE_INVALID", `the blob has ${size} bytes`, { "content-range": `bytes */${size}` });
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range === undefined ? 200 : 206, {
    "content-type": "application/octet-stream",
    "content-length": end - start,
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag: `"${digest}"`,
    ...(range === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(await store.read(digest, { start, end }), response);
}

async function sendTags(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  { name, query }: { readonly name: string; readonly query: URLSearchParams },
): Promise<void> {
  const all = [...(await store.references()).keys()]
    .filter((each) => repositoryOf(each) === name)
    .map((each) => each.slice(name.length + 1));
  if (all.length === 0) throw new Refusal(404, "NAME_UNKNOWN", `no repository ${name}`);
  const last = query.get("last") ?? "";
  const rest = all.filter((tag) => byCodePoint(tag, last) > 0);
  const count = /^\d{1,6}$/.test(query.get("n") ?? "") ? Number(query.get("n")) : rest.length;
  const tags = rest.slice(0, count);
  if (tags.length > 0 && tags.length < rest.length) {
    const next = new URLSearchParams({ n: String(count), last: tags.at(-1)! });
    response.setHeader("link", `</v2/${name}/tags/list?${next.toString()}>; rel="next"`);
  }
  sendJson(request, response, { name, tags });
}

async function repositories(store: Store): Promise<readonly string[]> {
  return [...new Set([...(await store.references()).keys()].map(repositoryOf))];
}

function repositoryOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf(":"));
}

/** The bytes that a Range header asks for; `undefined` = all of them, as for a header that is not understood. */
function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") return last === "0" ? "unsatisfiable" : { start: Math.max(0, size - Number(last)), end: size };
  const start = Number(first);
  const end = last === "" ? size : Math.min(size, Number(last) + 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = error instanceof MirrorError ? error.code : undefined;
  if (code === "digest-invalid") return new Refusal(400, "DIGEST_INVALID", detailOf(error));
  if (code === "blob-missing" || code === "blob-corrupt") return new Refusal(404, "BLOB_UNKNOWN", detailOf(error));
  return new Refusal(500, "UNKNOWN", detailOf(error));
}

function sendError(response: ServerResponse, { status, code, message, headers }: Refusal): void {
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  response.writeHead(status, { ...headers, "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function sendJson(request: IncomingMessage, response: ServerResponse, value: unknown): void {
  send(request, response, Buffer.from(JSON.stringify(value)), { "content-type": "application/json" });
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(200, { ...headers, "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

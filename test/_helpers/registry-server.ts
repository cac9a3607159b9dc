/**
 * A little registry in this process: tokens or passwords, ranges, chunked uploads, mounts, and faults on demand. It
 * keeps everything in memory, writes down every request, and is strict where real registries are.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf, matchesDigest } from "../../lib/image/digest.ts";

/** What goes wrong with one request, in place of or on top of its answer. */
export interface Fault {
  /** Answered instead, without looking at the request. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The connection is reset after this many bytes of the answer's body. */
  readonly cutAfter?: number;
  /** The answer stops for good after this many bytes of its body. */
  readonly stallAfter?: number;
  /** The connection is reset after this many bytes of the request's body; -1 takes it all and then resets. */
  readonly cutRequestAfter?: number;
  /** The answer's body is changed on the way. */
  readonly corrupt?: boolean;
  /** Called before anything else. */
  readonly wait?: Promise<void>;
}

export interface Seen {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  /** Bytes of the request's body as announced. */
  readonly length: number;
  /** Bytes of the request's body that arrived. */
  received: number;
  /** Bytes of the answer's body that were sent. */
  sent: number;
  status: number;
}

export interface RegistryServerOptions {
  readonly auth?: "none" | "basic" | "token";
  readonly username?: string;
  readonly password?: string;
  /** With tokens: whether reading is allowed without a login. */
  readonly publicPull?: boolean;
  /** Whether one token carries all scopes it was asked for, or the first only. */
  readonly manyScopes?: boolean;
  /** Uses of a token before it is too old. */
  readonly tokenUses?: number;
  /** Seconds that a token is said to live. */
  readonly expiresIn?: number;
  readonly mount?: "yes" | "ignored" | "denied";
  /** `single` refuses a second PATCH of an upload. */
  readonly chunks?: "yes" | "single" | "no";
  /** What becomes of an upload whose request was cut: `keep` what came, or `cancel` it as distribution 2 does. */
  readonly onDisconnect?: "keep" | "cancel";
  readonly refusesOci?: boolean;
  /** Blobs are sent from this host, by redirect. */
  readonly blobHost?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Bytes that a blob's connection carries in a millisecond, in either direction. */
  readonly pace?: number;
  /** Asked for every request. */
  readonly fault?: (seen: Seen, nth: number) => Fault | undefined;
}

export interface RegistryServer {
  /** `localhost:PORT`. */
  readonly host: string;
  readonly seen: readonly Seen[];
  /** Requests whose method and path match, the path without `/v2/` and query. */
  count(method: string, path?: RegExp): number;
  /** Blobs by repository. */
  readonly blobs: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  /** Manifests by repository, by digest and tag. */
  readonly manifests: ReadonlyMap<string, ReadonlyMap<string, StoredManifest>>;
  putBlob(repository: string, bytes: Uint8Array): string;
  putManifest(repository: string, reference: string, mediaType: string, bytes: Uint8Array): string;
  /** Sets what goes wrong from now on. */
  setFault(fault: RegistryServerOptions["fault"]): void;
  clear(): void;
  close(): Promise<void>;
}

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const PACED = 64 * 1024;

interface Upload {
  readonly repository: string;
  chunks: Buffer[];
  length: number;
  patches: number;
  /** The only address that is good now. */
  state: string;
}

export async function registryServer(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const registry = new LittleRegistry(options);
  await registry.listen();
  return registry;
}

class LittleRegistry implements RegistryServer {
  readonly seen: Seen[] = [];
  readonly blobs = new Map<string, Map<string, Uint8Array>>();
  readonly manifests = new Map<string, Map<string, StoredManifest>>();
  readonly #options: RegistryServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #uploads = new Map<string, Upload>();
  readonly #tokens = new Map<string, { readonly scopes: readonly string[]; uses: number }>();
  readonly #times = new Map<string, number>();
  #fault: RegistryServerOptions["fault"];

  constructor(options: RegistryServerOptions) {
    this.#options = options;
    this.#fault = options.fault;
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((failure: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(failure));
      });
    };
    this.#server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  count(method: string, path = /(?:)/): number {
    return this.seen.filter(
      (each) => each.method === method && path.test(each.url.split("?")[0]!.replace(/^\/v2\//, "")),
    ).length;
  }

  putBlob(repository: string, bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    this.#in(this.blobs, repository).set(digest, bytes);
    return digest;
  }

  putManifest(repository: string, reference: string, mediaType: string, bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    for (const name of [reference, digest]) this.#in(this.manifests, repository).set(name, { mediaType, bytes });
    return digest;
  }

  setFault(fault: RegistryServerOptions["fault"]): void {
    this.#fault = fault;
  }

  clear(): void {
    this.seen.length = 0;
    this.#times.clear();
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #in<T>(map: Map<string, Map<string, T>>, repository: string): Map<string, T> {
    const inner = map.get(repository) ?? new Map<string, T>();
    map.set(repository, inner);
    return inner;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const seen: Seen = {
      method,
      url,
      authorization: headers.authorization,
      range: headers.range,
      length: Number(headers["content-length"] ?? 0),
      received: 0,
      sent: 0,
      status: 0,
    };
    this.seen.push(seen);
    const key = `${method} ${url.split("?")[0]}`;
    const nth = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, nth);
    const fault = this.#fault?.(seen, nth) ?? {};
    await fault.wait;
    const body: Buffer[] = [];
    const { socket } = request;
    let cut = false;
    request.on("error", () => (cut = true));
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const room =
          fault.cutRequestAfter === undefined || fault.cutRequestAfter < 0
            ? chunk.length
            : fault.cutRequestAfter - seen.received;
        if (this.#options.pace !== undefined) await sleep(chunk.length / this.#options.pace);
        body.push(chunk.subarray(0, room));
        seen.received += Math.min(room, chunk.length);
        if (room < chunk.length) {
          cut = true;
          break;
        }
      }
    } catch {
      cut = true;
    }
    const bytes = Buffer.concat(body);
    if (cut) {
      this.#cutUpload(url, bytes);
      socket.destroy();
      return;
    }
    if (fault.status !== undefined)
      return this.#answer(response, seen, fault.status, fault.headers ?? {}, fault.body ?? "", fault);
    const [status, answerHeaders, answerBody] = this.#route(
      method,
      new URL(url, `http://${this.host}`),
      request,
      bytes,
    );
    if (fault.cutRequestAfter === -1) {
      socket.destroy();
      return;
    }
    return this.#answer(
      response,
      seen,
      status,
      { ...answerHeaders, ...fault.headers },
      method === "HEAD" ? undefined : answerBody,
      fault,
    );
  }

  #answer(
    response: ServerResponse,
    seen: Seen,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array | undefined,
    fault: Fault,
  ): void {
    seen.status = status;
    let bytes = Buffer.from(body ?? "");
    if (fault.corrupt) bytes = Buffer.from(bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte)));
    const length = body === undefined ? {} : { "content-length": String(bytes.length) };
    response.writeHead(status, { ...(status === 204 ? {} : length), ...headers });
    if (this.#options.pace !== undefined && bytes.length > PACED) {
      void this.#drip(response, seen, bytes);
      return;
    }
    const end = fault.cutAfter ?? fault.stallAfter;
    if (end === undefined || end >= bytes.length) {
      seen.sent += bytes.length;
      response.end(bytes);
      return;
    }
    seen.sent += end;
    const { socket } = response;
    response.write(bytes.subarray(0, end), () => {
      if (fault.cutAfter !== undefined) socket?.destroySoon();
    });
  }

  /** Sends slowly, and counts what was sent before the other side went away. */
  async #drip(response: ServerResponse, seen: Seen, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !response.destroyed; at += PACED) {
      const piece = bytes.subarray(at, at + PACED);
      seen.sent += piece.length;
      response.write(piece);
      await sleep(piece.length / this.#options.pace!);
    }
    response.end();
  }

  #cutUpload(url: string, bytes: Buffer): void {
    const id = /\/blobs\/uploads\/([^/?]+)/.exec(url)?.[1];
    const upload = id === undefined ? undefined : this.#uploads.get(id);
    if (upload === undefined) return;
    if (this.#options.onDisconnect === "keep") {
      upload.chunks.push(bytes);
      upload.length += bytes.length;
    } else this.#uploads.delete(id!);
  }

  #route(
    method: string,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
  ): [status: number, headers: Record<string, string>, body?: string | Uint8Array] {
    if (url.pathname === "/token") return this.#token(url, request);
    const [, repository = "", kind = "", reference = ""] =
      /^\/v2\/(?:(.+?)\/(manifests|blobs\/uploads|blobs|tags)\/(.*))?$/.exec(url.pathname) ?? [];
    const refusal = this.#authorize(method, repository, url, request);
    if (refusal !== undefined) return refusal;
    if (url.pathname === "/v2/") return [200, {}, "{}"];
    switch (kind) {
      case "manifests":
        return this.#manifest(method, repository, reference, request, body);
      case "tags":
        return this.#tags(repository, url);
      case "blobs":
        return this.#blob(repository, reference, request);
      case "blobs/uploads":
        return this.#upload(method, repository, reference, url, request, body);
    }
    return error(404, "NAME_UNKNOWN", "repository name not known to registry");
  }

  #token(url: URL, request: IncomingMessage): [number, Record<string, string>, string] {
    const { username, password, manyScopes = true, publicPull = true, expiresIn } = this.#options;
    const given = request.headers.authorization;
    const right = given === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    if (given !== undefined && !right) return error(401, "UNAUTHORIZED", "authentication required");
    const asked = url.searchParams.getAll("scope").flatMap((scope) => scope.split(" "));
    const granted = (manyScopes ? asked : asked.slice(0, 1)).filter(
      (scope) => right || (publicPull && !scope.includes("push")),
    );
    const token = randomUUID();
    this.#tokens.set(token, { scopes: granted, uses: 0 });
    return [200, {}, JSON.stringify({ token, ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) })];
  }

  #authorize(
    method: string,
    repository: string,
    url: URL,
    request: IncomingMessage,
  ): [number, Record<string, string>, string] | undefined {
    const { auth = "none", username, password, tokenUses = Number.POSITIVE_INFINITY } = this.#options;
    const given = request.headers.authorization;
    if (auth === "none") return undefined;
    if (auth === "basic") {
      if (given === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`) return undefined;
      return error(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": 'Basic realm="little"' });
    }
    const writes = method !== "GET" && method !== "HEAD";
    const action = writes ? "push" : "pull";
    const token = this.#tokens.get(given?.replace("Bearer ", "") ?? "");
    const allows = (name: string, what: string): boolean =>
      token?.scopes.some(
        (scope) => scope.startsWith(`repository:${name}:`) && scope.split(":").at(-1)!.split(",").includes(what),
      ) === true;
    if (token !== undefined && token.uses < tokenUses && (repository === "" || allows(repository, action))) {
      token.uses += 1;
      const from = url.searchParams.get("from");
      if (from !== null && !allows(from, "pull")) url.searchParams.delete("mount");
      return undefined;
    }
    const scope = repository === "" ? "" : `,scope="repository:${repository}:${writes ? "pull,push" : "pull"}"`;
    return error(401, "UNAUTHORIZED", "authentication required", {
      "www-authenticate": `Bearer realm="${this.#options.tls ? "https" : "http"}://${this.host}/token",service="little"${scope}`,
    });
  }

  #manifest(
    method: string,
    repository: string,
    reference: string,
    request: IncomingMessage,
    body: Buffer,
  ): [number, Record<string, string>, (string | Uint8Array)?] {
    if (method === "PUT") {
      const mediaType = request.headers["content-type"] ?? "";
      if (this.#options.refusesOci && mediaType.includes("oci"))
        return error(400, "MANIFEST_INVALID", "manifest invalid");
      const value = JSON.parse(body.toString()) as { config?: { digest: string }; layers?: { digest: string }[] };
      const missing = [value.config, ...(value.layers ?? [])].find(
        (blob) => blob !== undefined && !this.blobs.get(repository)?.has(blob.digest),
      );
      if (missing !== undefined) return error(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
      if (reference.includes(":") && !matchesDigest(body, reference))
        return error(400, "DIGEST_INVALID", "provided digest did not match");
      return [201, { "docker-content-digest": this.putManifest(repository, reference, mediaType, body) }];
    }
    const found = this.manifests.get(repository)?.get(reference);
    if (found === undefined) return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    const headers = {
      "content-type": found.mediaType,
      "docker-content-digest": digestOf(found.bytes),
      "content-length": String(found.bytes.length),
    };
    return [200, headers, found.bytes];
  }

  #tags(repository: string, url: URL): [number, Record<string, string>, string] {
    const all = [...(this.manifests.get(repository)?.keys() ?? [])].filter((name) => !name.includes(":")).toSorted();
    const start = all.indexOf(url.searchParams.get("last") ?? "") + 1;
    // smaller pages than asked for, as some registries give
    const page = all.slice(start, start + 2);
    const more = start + page.length < all.length;
    const link = `</v2/${repository}/tags/list?n=2&last=${page.at(-1)}>; rel="next"`;
    return [200, more ? { link } : {}, JSON.stringify({ name: repository, tags: page })];
  }

  #blob(
    repository: string,
    digest: string,
    request: IncomingMessage,
  ): [number, Record<string, string>, (string | Uint8Array)?] {
    const found = this.blobs.get(repository)?.get(digest);
    if (found === undefined) return error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    const { blobHost } = this.#options;
    if (blobHost !== undefined && request.method === "GET") {
      return [307, { location: `http://${blobHost}/v2/${repository}/blobs/${digest}?signature=s` }];
    }
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (start >= found.length && start > 0) return error(416, "RANGE_INVALID", "range invalid");
    const range = start === 0 ? {} : { "content-range": `bytes ${start}-${found.length - 1}/${found.length}` };
    const length = { "content-length": String(found.length - start) };
    return [start === 0 ? 200 : 206, { "docker-content-digest": digest, ...length, ...range }, found.subarray(start)];
  }

  #upload(
    method: string,
    repository: string,
    id: string,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
  ): [number, Record<string, string>, string?] {
    const { mount = "yes", chunks = "yes" } = this.#options;
    if (method === "POST") {
      const digest = url.searchParams.get("mount");
      const from = url.searchParams.get("from");
      if (digest !== null && mount === "denied") return error(405, "UNSUPPORTED", "the operation is unsupported");
      const source = from === null ? undefined : this.blobs.get(from)?.get(digest ?? "");
      if (source !== undefined && mount === "yes") {
        this.#in(this.blobs, repository).set(digest!, source);
        return [201, { location: `/v2/${repository}/blobs/${digest}` }];
      }
      const fresh = randomUUID();
      this.#uploads.set(fresh, { repository, chunks: [], length: 0, patches: 0, state: randomUUID() });
      return this.#opened(fresh, 202);
    }
    const upload = this.#uploads.get(id);
    // one that keeps a cut upload lets it be found by its old address
    const isNewest = upload?.state === url.searchParams.get("state");
    const isAddress = isNewest || (method === "GET" && this.#options.onDisconnect === "keep");
    if (upload === undefined || upload.repository !== repository || !isAddress) {
      return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    }
    if (method === "GET") return this.#opened(id, 204);
    if (method === "DELETE") {
      this.#uploads.delete(id);
      return [204, {}];
    }
    const range = /^(\d+)-(\d+)$/.exec(request.headers["content-range"] ?? "");
    if (
      range !== null &&
      (Number(range[1]) !== upload.length || Number(range[2]) !== upload.length + body.length - 1)
    ) {
      return [416, { range: `0-${Math.max(0, upload.length - 1)}` }];
    }
    if (method === "PATCH" && (chunks === "no" || (chunks === "single" && upload.patches > 0))) {
      return error(405, "UNSUPPORTED", "the operation is unsupported");
    }
    upload.chunks.push(body);
    upload.length += body.length;
    upload.patches += 1;
    if (method === "PATCH") return this.#opened(id, 202);
    const digest = url.searchParams.get("digest") ?? "";
    this.#uploads.delete(id);
    const whole = Buffer.concat(upload.chunks);
    if (!matchesDigest(whole, digest))
      return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    this.#in(this.blobs, repository).set(digest, whole);
    return [201, { location: `/v2/${repository}/blobs/${digest}` }];
  }

  #opened(id: string, status: number): [number, Record<string, string>] {
    const upload = this.#uploads.get(id)!;
    upload.state = randomUUID();
    const location = `/v2/${upload.repository}/blobs/uploads/${id}?state=${upload.state}`;
    return [status, { location, range: `0-${Math.max(0, upload.length - 1)}`, "docker-upload-uuid": id }];
  }
}

function error(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): [number, Record<string, string>, string] {
  return [status, { ...headers }, JSON.stringify({ errors: [{ code, message }] })];
}

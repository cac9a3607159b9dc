/**
 * HTTP for registries: one request, one answer, no judgement of statuses and no second tries. node:http rather than
 * fetch, because it gives proxies, own certificate authorities, kept connections and exact backpressure under Node and
 * Deno alike.
 *
 * A registry is spoken to by TLS, but for this machine and hosts named as insecure. Redirects are followed for GET and
 * HEAD, and credentials go to the origin they were meant for only: a registry sends blobs from another host, by a URL
 * that carries its own permission.
 */
import { once } from "node:events";
import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as httpRequest,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { MirrorError } from "../messages/errors.ts";
import { networkError, RegistryError } from "./errors.ts";
import { isThisMachine, type Proxies, proxyFor } from "./proxy.ts";

export interface TransportSettings {
  readonly proxies?: Proxies;
  /** Certificates in PEM that are trusted besides the well-known ones. */
  readonly authorities?: readonly string[];
  /** Registry hosts, with their port if any, that are spoken to without TLS. */
  readonly insecureHosts?: readonly string[];
  /** Milliseconds within which an answer must begin once the request was sent. */
  readonly answerTimeout?: number;
  /** Milliseconds that a connection is kept for further requests. */
  readonly keptFor?: number;
  /** Milliseconds without a byte in either direction, or without coming about, after which a connection is dead. */
  readonly idleTimeout?: number;
}

/** Bytes to send, from memory or as a stream of known length. */
export type RequestBody = Uint8Array | { readonly length: number; readonly stream: AsyncIterable<Uint8Array> };

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A connection of its own, closed afterwards. */
  readonly fresh?: boolean;
  readonly answerTimeout?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Must be read to its end, discarded, or destroyed. Errors of it are `networkError`s by `readBody`. */
  readonly body: IncomingMessage;
}

export interface Transport {
  /** The origin of a registry's API: `https://HOST`, or http where TLS is not wanted. */
  origin(host: string): string;
  /** Whether `url` may be used without TLS. */
  isInsecure(url: URL): boolean;
  /** Throws what `networkError` knows, `registry-redirects`, `registry-timeout`, `interrupted`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends idle connections, so that the process can end. */
  close(): void;
}

const USER_AGENT = "compose-mirror";
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
const ANSWER_TIMEOUT = 60_000;
const IDLE_TIMEOUT = 60_000;
/** Milliseconds that each address of a name gets: the 250 of Node are too few for the other side of the world. */
const ADDRESS_TIMEOUT = 2500;
/** Servers end a connection that rests for five seconds or more, and a request may meet that half way. */
const KEPT_FOR = 4000;

export function openTransport(settings: TransportSettings = {}): Transport {
  const { proxies = { none: [] }, insecureHosts = [], answerTimeout = ANSWER_TIMEOUT, keptFor = KEPT_FOR } = settings;
  const idleTimeout = settings.idleTimeout ?? IDLE_TIMEOUT;
  const insecure = new Set(insecureHosts);
  const context = trust(settings.authorities ?? []);
  const agents = new Map<string, HttpAgent | HttpsAgent>();

  const routeTo = (url: URL, fresh = false): Route => {
    const proxy = proxyFor(url, proxies);
    const key = `${url.protocol} ${proxy?.href ?? ""} ${fresh}`;
    const agent = agents.get(key) ?? makeAgent(url, proxy, { context, idleTimeout, keepAlive: !fresh, keptFor });
    agents.set(key, agent);
    return { agent, proxy };
  };
  const isInsecure = (url: URL): boolean => isThisMachine(url.hostname) || insecure.has(url.host);

  const sendOnce = (request: HttpRequest): Promise<IncomingMessage> => {
    const attempt = (): Promise<IncomingMessage> =>
      exchange(request, routeTo(request.url, request.fresh), {
        answerTimeout: request.answerTimeout ?? answerTimeout,
        idleTimeout,
      });
    return attempt().catch((error: unknown) => {
      // The server may close a kept connection at the moment it is used again; that says nothing of the request.
      if (error instanceof StaleConnection && (request.body === undefined || request.body instanceof Uint8Array))
        return attempt();
      throw error;
    });
  };

  return {
    origin: (host) => {
      const api = host === "docker.io" ? "registry-1.docker.io" : host;
      const url = new URL(`https://${api}`);
      const scheme = isInsecure(url) || insecure.has(host) ? "http" : "https";
      // as other URLs spell theirs: in lower case, and without the port that goes without saying
      return new URL(`${scheme}://${api}`).origin;
    },
    isInsecure,
    send: async (request) => {
      let { url, headers = {} } = request;
      const follows = request.method === "GET" || request.method === "HEAD";
      for (let hops = 0; ; hops += 1) {
        const answer = await sendOnce({ ...request, url, headers }).catch((error: unknown) => {
          if (request.signal?.aborted) throw new MirrorError("interrupted", {}, { cause: error });
          throw networkError(url.host, error instanceof StaleConnection ? error.cause : error);
        });
        const { statusCode: status = 0 } = answer;
        const { location } = answer.headers;
        if (!follows || !REDIRECTS.has(status) || location === undefined) {
          return { status, headers: answer.headers, url, body: answer };
        }
        answer.resume();
        if (hops === MOST_REDIRECTS)
          throw new RegistryError("registry-redirects", { host: request.url.host, count: hops });
        const next = redirectTarget(url, location);
        if (next.protocol === "http:" && url.protocol === "https:" && !isInsecure(next)) {
          throw new RegistryError("registry-answer", {
            host: url.host,
            detail: `it redirects to plain http at "${next.host}"`,
          });
        }
        if (next.origin !== url.origin) headers = withoutAuthorization(headers);
        url = next;
      }
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** Reads a body to its end; a longer one than `limit` is refused by `undefined`. */
export async function readBody(answer: HttpAnswer, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) {
        answer.body.destroy();
        return undefined;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkError(answer.url.host, error);
  }
  return Buffer.concat(chunks, length);
}

/** The beginning of a body, for a message. */
export async function readText(answer: HttpAnswer, limit = 16_384): Promise<string> {
  try {
    return (await readBody(answer, limit))?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}

/** Lets the connection be used again without the body being of interest. */
export function discard(answer: HttpAnswer): void {
  answer.body.on("error", () => {});
  answer.body.resume();
}

/** A kept connection that turned out to be closed. */
class StaleConnection extends Error {
  constructor(cause: unknown) {
    super("a kept connection was closed by the server", { cause });
  }
}

interface Limits {
  readonly answerTimeout: number;
  readonly idleTimeout: number;
}

interface Route {
  readonly agent: HttpAgent | HttpsAgent;
  readonly proxy: URL | undefined;
}

/** Where the connection leads; to a proxy, plain http is sent with the whole URL in the request line. */
function address(url: URL, { agent, proxy }: Route): RequestOptions {
  if (proxy === undefined || url.protocol === "https:") {
    const { hostname, port, pathname, search } = url;
    return { agent, host: hostname.replace(/^\[|\]$/g, ""), port, path: `${pathname}${search}` };
  }
  return { agent, host: proxy.hostname, port: proxy.port === "" ? 80 : proxy.port, path: url.href };
}

function exchange(request: HttpRequest, route: Route, limits: Limits): Promise<IncomingMessage> {
  const { method, url, headers = {}, body, signal, fresh = false } = request;
  if (signal?.aborted) return Promise.reject(new MirrorError("interrupted"));
  const length = body === undefined ? (method === "GET" || method === "HEAD" ? undefined : 0) : body.length;
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send({
      ...address(url, route),
      method,
      headers: {
        host: url.host,
        "user-agent": USER_AGENT,
        ...(route.proxy !== undefined && url.protocol === "http:" ? proxyAuthorization(route.proxy) : {}),
        ...headers,
        ...(length === undefined ? {} : { "content-length": length }),
        ...(fresh ? { connection: "close" } : {}),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    let timer: NodeJS.Timeout | undefined;
    const dead = (): void => void outgoing.destroy(timeout(url.host, limits.idleTimeout));
    outgoing.setTimeout(limits.idleTimeout, dead);
    // that limit counts from the connection on
    const connecting = setTimeout(dead, limits.idleTimeout);
    outgoing.on("socket", (socket: Socket) => {
      if (socket.connecting) socket.once("connect", () => clearTimeout(connecting));
      else clearTimeout(connecting);
    });
    outgoing.on("finish", () => {
      outgoing.setTimeout(Math.max(limits.answerTimeout, limits.idleTimeout));
      timer = setTimeout(() => outgoing.destroy(timeout(url.host, limits.answerTimeout)), limits.answerTimeout);
    });
    outgoing.on("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      const code = (error as NodeJS.ErrnoException).code;
      reject(outgoing.reusedSocket && (code === "ECONNRESET" || code === "EPIPE") ? new StaleConnection(error) : error);
    });
    outgoing.on("close", () => {
      clearTimeout(connecting);
      clearTimeout(timer);
    });
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
    else pour(body.stream, outgoing).catch((error: unknown) => outgoing.destroy(asError(error)));
  });
}

/** Writes `stream` as fast as the connection takes it, and stops when the answer comes before its end. */
async function pour(stream: AsyncIterable<Uint8Array>, outgoing: ClientRequest): Promise<void> {
  for await (const chunk of stream) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  if (!outgoing.destroyed) outgoing.end();
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
    if (outgoing.destroyed) done();
  });
}

function timeout(host: string, milliseconds: number): RegistryError {
  return new RegistryError("registry-timeout", { host, seconds: Math.round(milliseconds / 1000) });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function redirectTarget(from: URL, location: string): URL {
  try {
    const url = new URL(location, from);
    if (url.protocol === "https:" || url.protocol === "http:") return url;
  } catch {
    // said below
  }
  throw new RegistryError("registry-answer", {
    host: from.host,
    detail: "it redirects to something that is no address",
  });
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}

/** The well-known authorities and `extra`; `undefined` leaves it to the runtime. */
function trust(extra: readonly string[]): SecureContext | undefined {
  return extra.length === 0 ? undefined : createSecureContext({ ca: [...rootCertificates, ...extra] });
}

interface AgentSettings {
  readonly context: SecureContext | undefined;
  /** Connections are used for further requests. */
  readonly keepAlive: boolean;
  readonly keptFor: number;
  readonly idleTimeout: number;
}

function makeAgent(url: URL, proxy: URL | undefined, settings: AgentSettings): HttpAgent | HttpsAgent {
  const { context, keepAlive, keptFor } = settings;
  const options = {
    keepAlive,
    timeout: keptFor,
    scheduling: "lifo",
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT,
  } as const;
  if (url.protocol === "http:") return new HttpAgent(options);
  const secure = { ...options, ...(context === undefined ? {} : { secureContext: context }) };
  return proxy === undefined ? new HttpsAgent(secure) : new TunnelAgent(proxy, settings, secure);
}

interface TunnelTarget {
  readonly host?: string;
  readonly port?: number;
  readonly servername?: string;
}

type Connected = (error: Error | null, stream?: Duplex) => void;

/** TLS through a proxy: a tunnel by CONNECT, and the TLS session inside. */
class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;
  readonly #settings: AgentSettings;

  constructor(proxy: URL, settings: AgentSettings, options: ConstructorParameters<typeof HttpsAgent>[0]) {
    super(options);
    this.#proxy = proxy;
    this.#settings = settings;
  }

  override createConnection(target: TunnelTarget, connected: Connected): undefined {
    void this.#connect(target).then(
      (session) => connected(null, session),
      (error: unknown) => connected(asError(error)),
    );
    return undefined;
  }

  async #connect({ host = "", port = 443, servername = host }: TunnelTarget): Promise<Duplex> {
    const { context, idleTimeout } = this.#settings;
    const socket = await openTunnel(this.#proxy, `${host.includes(":") ? `[${host}]` : host}:${port}`, this.#settings);
    const session = tlsConnect({
      socket,
      servername,
      ALPNProtocols: ["http/1.1"],
      ...(context === undefined ? {} : { secureContext: context }),
    });
    session.setTimeout(idleTimeout, () => session.destroy(timeout(host, idleTimeout)));
    await once(session, "secureConnect");
    session.setTimeout(0);
    return session;
  }
}

function openTunnel(proxy: URL, target: string, { context, idleTimeout }: AgentSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : proxy.port,
      method: "CONNECT",
      path: target,
      agent: false,
      headers: { host: target, ...proxyAuthorization(proxy) },
      timeout: idleTimeout,
      ...(context === undefined ? {} : { secureContext: context }),
    });
    request.on("connect", (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(proxyRefusal(proxy, answer.statusCode));
    });
    request.on("response", (answer) => {
      answer.resume();
      reject(proxyRefusal(proxy, answer.statusCode));
    });
    request.on("timeout", () => request.destroy(proxyError(proxy, "it did not answer")));
    request.on("error", (error) => {
      reject(error instanceof RegistryError ? error : proxyError(proxy, error.message));
    });
    request.end();
  });
}

function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "") return {};
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(plain).toString("base64")}` };
}

function proxyRefusal(proxy: URL, status: number | undefined): RegistryError {
  if (status === 407) return new RegistryError("registry-proxy-login", { proxy: proxy.host });
  return proxyError(proxy, `it answered CONNECT with ${status}`);
}

function proxyError(proxy: URL, detail: string): RegistryError {
  return new RegistryError("registry-proxy", { proxy: proxy.host, detail });
}

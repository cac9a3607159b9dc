/**
 * One HTTP request and its answer over one connection, with limits for every wait: until the connection is there, between
 * bytes, and until the answer begins.
 */
import {
  type Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as httpRequest,
} from "node:http";
import { type Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { proxyError, proxyLoginError } from "./errors.ts";
import { bare, type Proxy } from "./proxy.ts";
import { asError, proxyAuthorization, timeoutError } from "./tunnels.ts";

/** Bytes to send, from memory or as a stream of known length. */
export type RequestBody = Uint8Array | { readonly length: number; readonly stream: AsyncIterable<Uint8Array> };

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The Authorization header for an address: asked again for each redirect. */
  readonly authorize?: ((url: URL) => Promise<string | undefined>) | undefined;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A connection of its own, closed afterwards. */
  readonly fresh?: boolean;
  readonly answerTimeout?: number;
}

export interface Limits {
  readonly answerTimeout: number;
  readonly idleTimeout: number;
}

export interface Route {
  readonly agent: HttpAgent | HttpsAgent;
  readonly proxy: Proxy | undefined;
}

/** A kept connection that turned out to be closed. */
export class StaleConnection extends Error {
  constructor(cause: unknown) {
    super("a kept connection was closed by the server", { cause });
  }
}

const USER_AGENT = "compose-mirror";

/** Whether a request can be sent once more as it is. */
export function isRepeatable({ body }: Pick<HttpRequest, "body">): boolean {
  return body === undefined || body instanceof Uint8Array;
}

/** Bytes of an answer's headers: what fronts add in cookies and policies is more than the 16 KiB that Node takes. */
const LARGEST_HEAD = 256 * 1024;

/** Sends `request` and waits for the beginning of the answer. Throws what the connection throws, and `interrupted`. */
export function exchange(request: HttpRequest, route: Route, limits: Limits): Promise<IncomingMessage> {
  const { method, url, headers = {}, body, signal, fresh = false } = request;
  if (signal?.aborted) return Promise.reject(new MirrorError("interrupted"));
  const length = body === undefined ? (method === "GET" || method === "HEAD" ? undefined : 0) : body.length;
  const relay = relayOf(url, route.proxy);
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send({
      ...address(url, route),
      method,
      maxHeaderSize: LARGEST_HEAD,
      headers: {
        host: url.host,
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
        ...(relay === undefined ? {} : proxyAuthorization(relay)),
        ...headers,
        ...(length === undefined ? {} : { "content-length": length }),
        ...(fresh ? { connection: "close" } : {}),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    let timer: NodeJS.Timeout | undefined;
    const dead = (): void => void outgoing.destroy(timeoutError(url.host, limits.idleTimeout));
    outgoing.setTimeout(limits.idleTimeout, dead);
    // that limit counts from the connection on
    const connecting = setTimeout(dead, limits.idleTimeout);
    let isConnected = false;
    const onConnect = (): void => {
      isConnected = true;
      clearTimeout(connecting);
    };
    outgoing.on("socket", (socket: Socket) => {
      if (socket.connecting) socket.once("connect", onConnect);
      else onConnect();
    });
    outgoing.on("finish", () => {
      outgoing.setTimeout(Math.max(limits.answerTimeout, limits.idleTimeout));
      timer = setTimeout(() => outgoing.destroy(timeoutError(url.host, limits.answerTimeout)), limits.answerTimeout);
    });
    outgoing.on("response", (answer) => {
      clearTimeout(timer);
      if (relay === undefined || answer.statusCode !== 407) return resolve(answer);
      answer.resume();
      return reject(proxyLoginError(relay));
    });
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      if (relay !== undefined && !isConnected && !(error instanceof MirrorError) && !signal?.aborted)
        return reject(proxyError(relay, causeOf(error), error));
      const code = (error as NodeJS.ErrnoException).code;
      return reject(
        outgoing.reusedSocket && (code === "ECONNRESET" || code === "EPIPE") ? new StaleConnection(error) : error,
      );
    });
    outgoing.on("close", () => {
      clearTimeout(connecting);
      clearTimeout(timer);
    });
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
    else pour(body.stream, outgoing).catch((error: unknown) => outgoing.destroy(asError(error)));
  });
}

/** The proxy that gets the request itself, and not a tunnel: plain http through an HTTP proxy. */
function relayOf(url: URL, proxy: Proxy | undefined): Proxy | undefined {
  return url.protocol === "http:" && proxy !== undefined && proxy.protocol !== "socks5" ? proxy : undefined;
}

/** Where the connection leads; to a relay the whole URL is sent in the request line (RFC 9112, section 3.2.2). */
function address(url: URL, { agent, proxy }: Route): RequestOptions {
  const relay = relayOf(url, proxy);
  if (relay !== undefined) return { agent, host: relay.hostname, port: relay.port, path: url.href };
  const { hostname, port, pathname, search } = url;
  return { agent, host: bare(hostname), port, path: `${pathname}${search}` };
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

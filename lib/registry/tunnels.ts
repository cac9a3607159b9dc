/**
 * Connections: direct, through an HTTP proxy by CONNECT (RFC 9110, section 9.3.6), or through a SOCKS proxy; and the TLS
 * session inside. An agent keeps them for further requests.
 */
import { once } from "node:events";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, type SecureContext, type TLSSocket } from "node:tls";
import { causeOf } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { describeCertificate } from "./certificates.ts";
import { proxyError, proxyLoginError, RegistryError, type ShownCertificate } from "./errors.ts";
import { bare, type Proxy } from "./proxy.ts";
import { openSocks } from "./socks.ts";

export interface ConnectionSettings {
  readonly context: SecureContext | undefined;
  /** Milliseconds within which a connection, a tunnel or a TLS session must come about. */
  readonly idleTimeout: number;
}

export interface AgentSettings extends ConnectionSettings {
  /** Connections are used for further requests. */
  readonly keepAlive: boolean;
  /** Milliseconds that an idle connection is kept. */
  readonly keptFor: number;
  /** Any certificate will do: the host may be spoken to without TLS as well. */
  readonly anyCertificate: boolean;
}

/** Milliseconds that each address of a name gets: the 250 of Node are too few for the other side of the world. */
const ADDRESS_TIMEOUT = 2500;

/** The agent for `http://` or `https://` through `proxy`. An HTTP proxy needs none of its own for plain http. */
export function makeAgent(
  protocol: string,
  proxy: Proxy | undefined,
  { keepAlive, keptFor, anyCertificate, ...settings }: AgentSettings,
): HttpAgent | HttpsAgent {
  const options = {
    keepAlive,
    timeout: keptFor,
    scheduling: "lifo",
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT,
  } as const;
  if (protocol === "http:")
    return proxy?.protocol === "socks5" ? new SocksAgent(proxy, settings, options) : new HttpAgent(options);
  const secure = {
    ...options,
    ...(settings.context === undefined ? {} : { secureContext: settings.context }),
    ...(anyCertificate ? { rejectUnauthorized: false } : {}),
  };
  return proxy === undefined
    ? new HttpsAgent(secure)
    : new TunnelAgent(proxy, { ...settings, rejectUnauthorized: !anyCertificate }, secure);
}

/** The error for a connection that did not come about within `milliseconds`. */
export function timeoutError(host: string, milliseconds: number): RegistryError {
  return new RegistryError("registry-timeout", { host, seconds: Math.round(milliseconds / 1000) });
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The header that says who is there (RFC 7617). */
export function proxyAuthorization({ login }: Proxy): Readonly<Record<string, string>> {
  if (login === undefined) return {};
  const plain = `${login.username}:${login.password.reveal()}`;
  return { "proxy-authorization": `Basic ${Buffer.from(plain).toString("base64")}` };
}

export interface TlsAnswer {
  /** Its certificate is trusted for the name. */
  readonly isTrusted: boolean;
  readonly shown: ShownCertificate | undefined;
}

/** Asks what speaks at `url` by a TLS handshake and nothing else; `undefined` where none comes about. */
export async function probeTls(
  url: URL,
  proxy: Proxy | undefined,
  settings: ConnectionSettings,
): Promise<TlsAnswer | undefined> {
  const target = { host: bare(url.hostname), port: Number(url.port === "" ? 443 : url.port) };
  let session: TLSSocket | undefined;
  try {
    const socket = proxy === undefined ? connect(target) : await openThrough(proxy, target, settings);
    session = await secured(socket, target, { ...settings, rejectUnauthorized: false });
    const shown = describeCertificate(target.host, session.getPeerCertificate());
    return { isTrusted: session.authorized && shown?.fits !== false, shown };
  } catch {
    return undefined;
  } finally {
    session?.destroy();
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
}

interface TunnelTarget {
  readonly host?: string;
  readonly port?: number | string;
}

type Connected = (error: Error | null, stream?: Duplex) => void;

/** Hands over what `connection` gives, in the way that agents want it. */
function deliver(connection: Promise<Duplex>, connected: Connected): undefined {
  void connection.then(
    (stream) => connected(null, stream),
    (error: unknown) => connected(asError(error)),
  );
  return undefined;
}

/** Plain http through a SOCKS proxy. */
class SocksAgent extends HttpAgent {
  readonly #proxy: Proxy;
  readonly #settings: ConnectionSettings;

  constructor(proxy: Proxy, settings: ConnectionSettings, options: ConstructorParameters<typeof HttpAgent>[0]) {
    super(options);
    this.#proxy = proxy;
    this.#settings = settings;
  }

  override createConnection({ host = "", port = 80 }: TunnelTarget, connected: Connected): undefined {
    return deliver(openThrough(this.#proxy, { host, port: Number(port) }, this.#settings), connected);
  }
}

interface SessionSettings extends ConnectionSettings {
  readonly rejectUnauthorized: boolean;
}

/** TLS through a proxy: a tunnel, and the TLS session inside. */
class TunnelAgent extends HttpsAgent {
  readonly #proxy: Proxy;
  readonly #settings: SessionSettings;

  constructor(proxy: Proxy, settings: SessionSettings, options: ConstructorParameters<typeof HttpsAgent>[0]) {
    super(options);
    this.#proxy = proxy;
    this.#settings = settings;
  }

  override createConnection({ host = "", port = 443 }: TunnelTarget, connected: Connected): undefined {
    const target = { host, port: Number(port) };
    const session = openThrough(this.#proxy, target, this.#settings).then((socket) =>
      secured(socket, target, this.#settings),
    );
    return deliver(session, connected);
  }
}

/** A TLS session over `socket`, which is closed when none comes about. */
async function secured(
  socket: Socket,
  { host }: Target,
  { context, idleTimeout, rejectUnauthorized }: SessionSettings,
): Promise<TLSSocket> {
  const session = tlsConnect({
    socket,
    host,
    // an address is no name for SNI (RFC 6066, section 3)
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized,
    ...(context === undefined ? {} : { secureContext: context }),
  });
  const timer = setTimeout(() => session.destroy(timeoutError(host, idleTimeout)), idleTimeout);
  socket.on("error", (error) => session.destroy(error));
  // the first error rejects the wait below; a second one would be unhandled
  session.on("error", () => {});
  try {
    await once(session, "secureConnect");
    return session;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A connection to `target` through `proxy`. Throws `registry-proxy` and `registry-proxy-login`. */
function openThrough(proxy: Proxy, target: Target, settings: ConnectionSettings): Promise<Socket> {
  return proxy.protocol === "socks5"
    ? openSocks(proxy, target, settings.idleTimeout)
    : openConnect(proxy, target, settings);
}

function openConnect(
  proxy: Proxy,
  { host, port }: Target,
  { context, idleTimeout }: ConnectionSettings,
): Promise<Socket> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === "https" ? httpsRequest : httpRequest;
    const request = send({
      host: proxy.hostname,
      port: proxy.port,
      method: "CONNECT",
      path: authority,
      agent: false,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      ...(context === undefined ? {} : { secureContext: context }),
    });
    // an answer may drip as well as not come at all
    const timer = setTimeout(() => request.destroy(proxyError(proxy, message("proxy-silent"))), idleTimeout);
    request.on("close", () => clearTimeout(timer));
    request.on("connect", (answer, socket: Socket, head: Buffer) => {
      clearTimeout(timer);
      const { statusCode = 0 } = answer;
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      return reject(refusalOf(proxy, statusCode));
    });
    request.on("response", (answer) => {
      answer.resume();
      reject(refusalOf(proxy, answer.statusCode ?? 0));
    });
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error instanceof RegistryError ? error : proxyError(proxy, causeOf(error), error));
    });
    request.end();
  });
}

function refusalOf(proxy: Proxy, status: number): RegistryError {
  return status === 407 ? proxyLoginError(proxy) : proxyError(proxy, message("proxy-status", { status }));
}

/**
 * HTTP for registries: one request, one answer, no judgement of statuses and no second tries. node:http rather than
 * fetch, because it gives proxies, own certificate authorities, kept connections and exact backpressure under Node and
 * Deno alike.
 *
 * A registry is spoken to by TLS. This machine and hosts that are named as insecure are asked by TLS first, as docker
 * does it, and spoken to by plain http where that does not come about; there any certificate will do, because no TLS
 * would do as well. Redirects are followed, and credentials go to the origin they were meant for only: a registry sends
 * blobs from another host, by a URL that carries its own permission (RFC 9110, section 15.4).
 */
import type { Agent as HttpAgent, IncomingMessage } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { MirrorError } from "../messages/errors.ts";
import { readAddress } from "./addresses.ts";
import { discard, type HttpAnswer, LEAST_BYTES, type LeastBytes } from "./body.ts";
import { trust } from "./certificates.ts";
import { networkError, RegistryError, type ShownCertificate } from "./errors.ts";
import { exchange, type HttpRequest, isRepeatable, type Route, StaleConnection } from "./exchange.ts";
import { isThisMachine, type Proxies, proxyFor } from "./proxy.ts";
import { makeAgent, probeTls } from "./tunnels.ts";

export interface TransportSettings {
  readonly proxies?: Proxies;
  /** Certificates in PEM that are trusted besides the well-known ones. */
  readonly authorities?: readonly string[];
  /** Registry hosts, with their port if any, that may be spoken to without TLS. */
  readonly insecureHosts?: readonly string[];
  /** Milliseconds within which an answer must begin once the request was sent. */
  readonly answerTimeout?: number;
  /** Milliseconds that a connection is kept for further requests. */
  readonly keptFor?: number;
  /** Milliseconds without a byte in either direction, or without coming about, after which a connection is dead. */
  readonly idleTimeout?: number;
  /** The least flow of manifests, tokens and lists. */
  readonly leastBytes?: LeastBytes;
}

export interface Transport {
  /** The origin of a registry's API as far as its name tells: `https://HOST`, or http where TLS is not wanted. */
  origin(host: string): string;
  /** The origin that the registry is really spoken to at; asks it by a TLS handshake where http would do. */
  locate(host: string): Promise<string>;
  /** Whether `url` may be used without TLS. */
  isInsecure(url: URL): boolean;
  /** Throws what `networkError` knows, `registry-redirects`, `registry-answer`, `registry-timeout`, `interrupted`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends idle connections, so that the process can end. */
  close(): void;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** These ask for the same method again. */
const SAME_METHOD = new Set([307, 308]);
const MOST_REDIRECTS = 10;
const ANSWER_TIMEOUT = 60_000;
const IDLE_TIMEOUT = 60_000;
/** Milliseconds for the handshake that tells whether a host speaks TLS. */
const PROBE_TIMEOUT = 5000;
/** Servers end a connection that rests for five seconds or more, and a request may meet that half way. */
const KEPT_FOR = 4000;

export function openTransport(settings: TransportSettings = {}): Transport {
  return new RegistryTransport(settings);
}

class RegistryTransport implements Transport {
  readonly #settings: TransportSettings;
  readonly #proxies: Proxies;
  readonly #insecure: ReadonlySet<string>;
  readonly #context: ReturnType<typeof trust>;
  readonly #idleTimeout: number;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  readonly #origins = new Map<string, Promise<string>>();
  /** Origins whose certificate does not matter. */
  readonly #anyCertificate = new Set<string>();
  readonly #shown = new Map<string, Promise<ShownCertificate | undefined>>();

  constructor(settings: TransportSettings) {
    this.#settings = settings;
    this.#proxies = settings.proxies ?? { none: [] };
    this.#insecure = new Set(settings.insecureHosts);
    this.#context = trust(settings.authorities ?? []);
    this.#idleTimeout = settings.idleTimeout ?? IDLE_TIMEOUT;
  }

  origin(host: string): string {
    const api = host === "docker.io" ? "registry-1.docker.io" : host;
    const url = new URL(`https://${api}`);
    const scheme = this.isInsecure(url) || this.#insecure.has(host) ? "http" : "https";
    // as other URLs spell theirs: in lower case, and without the port that goes without saying
    return new URL(`${scheme}://${api}`).origin;
  }

  locate(host: string): Promise<string> {
    const known = this.#origins.get(host) ?? this.#findOrigin(host);
    this.#origins.set(host, known);
    return known;
  }

  isInsecure(url: URL): boolean {
    return isThisMachine(url.hostname) || this.#insecure.has(url.host);
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    let { url, headers = {} } = request;
    for (let hops = 0; ; hops += 1) {
      const authorization = await request.authorize?.(url);
      const answer = await this.#sendOnce({
        ...request,
        url,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      });
      const { statusCode: status = 0 } = answer;
      const { location } = answer.headers;
      if (location === undefined || !follows(request, status)) {
        return {
          status,
          headers: answer.headers,
          url,
          body: answer,
          least: this.#settings.leastBytes ?? LEAST_BYTES,
        };
      }
      discard({ body: answer });
      if (hops === MOST_REDIRECTS)
        throw new RegistryError("registry-redirects", { host: request.url.host, count: hops });
      const from = url;
      const next = readAddress({
        kind: "redirect",
        text: location,
        from,
        host: from.host,
        mayBePlain: (target) => this.#mayBePlain(target, from),
      });
      if (next.origin !== from.origin) headers = withoutAuthorization(headers);
      url = next;
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** Whether an answer from `from` may lead to `url` without TLS: only this machine may redirect to this machine. */
  #mayBePlain(url: URL, from: URL): boolean {
    return this.#insecure.has(url.host) || (isThisMachine(url.hostname) && isThisMachine(from.hostname));
  }

  async #findOrigin(host: string): Promise<string> {
    const assumed = this.origin(host);
    if (assumed.startsWith("https:")) return assumed;
    const { host: place, port } = new URL(assumed);
    // without a port both protocols have their own
    const secure = new URL(`https://${place}${port === "" && host.endsWith(":80") ? ":80" : ""}`);
    const timeout = Math.min(PROBE_TIMEOUT, this.#idleTimeout);
    const found = await probeTls(secure, proxyFor(secure, this.#proxies), {
      context: this.#context,
      idleTimeout: timeout,
    });
    if (found === undefined) return assumed;
    if (!found.isTrusted) this.#anyCertificate.add(secure.origin);
    return secure.origin;
  }

  async #sendOnce(request: HttpRequest): Promise<IncomingMessage> {
    const { url } = request;
    const route = this.#routeTo(url, request.fresh);
    const attempt = (): Promise<IncomingMessage> =>
      exchange(request, route, {
        answerTimeout: request.answerTimeout ?? this.#settings.answerTimeout ?? ANSWER_TIMEOUT,
        idleTimeout: this.#idleTimeout,
      });
    try {
      return await attempt().catch((error: unknown) => {
        // The server may close a kept connection at the moment it is used again; that says nothing of the request.
        if (error instanceof StaleConnection && isRepeatable(request)) return attempt();
        throw error;
      });
    } catch (error) {
      if (request.signal?.aborted) throw new MirrorError("interrupted", {}, { cause: error });
      throw await this.#explain(url, route, error instanceof StaleConnection ? error.cause : error);
    }
  }

  /** The error for a connection that failed; of a certificate it is to be known whose it was. */
  async #explain(url: URL, { proxy }: Route, error: unknown): Promise<MirrorError> {
    const hasAuthorities = (this.#settings.authorities ?? []).length > 0;
    const first = networkError(url.host, error, { proxy, hasAuthorities });
    if (first.code !== "registry-certificate") return first;
    const settings = { context: this.#context, idleTimeout: Math.min(PROBE_TIMEOUT, this.#idleTimeout) };
    const shown = this.#shown.get(url.host) ?? probeTls(url, proxy, settings).then((found) => found?.shown);
    this.#shown.set(url.host, shown);
    return networkError(url.host, error, { proxy, hasAuthorities, shown: await shown });
  }

  #routeTo(url: URL, fresh = false): Route {
    const proxy = proxyFor(url, this.#proxies);
    const anyCertificate = this.#anyCertificate.has(url.origin);
    const key = `${url.protocol} ${proxy?.variable ?? ""} ${fresh} ${anyCertificate ? url.origin : ""}`;
    const agent =
      this.#agents.get(key) ??
      makeAgent(url.protocol, proxy, {
        context: this.#context,
        idleTimeout: this.#idleTimeout,
        keepAlive: !fresh,
        keptFor: this.#settings.keptFor ?? KEPT_FOR,
        anyCertificate,
      });
    this.#agents.set(key, agent);
    return { agent, proxy };
  }
}

/** Whether `status` leads on: reads follow every redirect, other requests the ones that keep their method and body. */
function follows(request: HttpRequest, status: number): boolean {
  if (request.method === "GET" || request.method === "HEAD") return REDIRECTS.has(status);
  return SAME_METHOD.has(status) && isRepeatable(request);
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}

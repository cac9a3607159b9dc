/**
 * Which proxy a request goes through, by the variables every tool reads: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and
 * NO_PROXY, in lower case too. A proxy is reached by HTTP (`http://`, `https://`: RFC 9110, section 9.3.6, CONNECT) or by
 * SOCKS 5 (`socks5://`, `socks5h://`, `socks://`: RFC 1928). The proxy resolves the names in every case, as Go and docker
 * do it: where names are poisoned, the local answer is the wrong one.
 *
 * NO_PROXY is a list of hosts: `example.com` and `.example.com` match it and all below it, `host:port` that port alone,
 * an address or a CIDR block addresses, `10.*` whatever fits, `*` everything. This machine itself is never reached
 * through a proxy.
 */
import { BlockList, isIP } from "node:net";
import { MirrorError } from "../messages/errors.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { Secret } from "../system/secret.ts";

export interface Proxy {
  /** The variable that names it, as it is spelled in the environment. */
  readonly variable: string;
  readonly protocol: "http" | "https" | "socks5";
  /** `HOST:PORT`, for messages. */
  readonly host: string;
  /** Without the brackets of IPv6. */
  readonly hostname: string;
  readonly port: number;
  readonly login?: { readonly username: string; readonly password: Secret };
}

export interface Proxies {
  /** For `http://` addresses. */
  readonly http?: Proxy;
  /** For `https://` addresses. */
  readonly https?: Proxy;
  readonly none: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS: Readonly<Record<string, { readonly protocol: Proxy["protocol"]; readonly port: number }>> = {
  http: { protocol: "http", port: 80 },
  https: { protocol: "https", port: 443 },
  socks: { protocol: "socks5", port: 1080 },
  socks5: { protocol: "socks5", port: 1080 },
  socks5h: { protocol: "socks5", port: 1080 },
};

/**
 * Reads the proxies from the environment. Throws `proxy-invalid` with the variable's name for a value that cannot be
 * used: a connection past the proxy that was asked for is never made.
 */
export function readProxies(environment: Environment): Proxies {
  const read = (name: string): readonly [variable: string, value: string] | undefined =>
    [name.toLowerCase(), name]
      .map((variable) => [variable, environment[variable]?.trim() ?? ""] as const)
      .find(([, value]) => value !== "");
  const proxy = (name: string): Proxy | undefined => {
    const found = read(name) ?? read("ALL_PROXY");
    return found === undefined ? undefined : parseProxy(...found);
  };
  const http = proxy("HTTP_PROXY");
  const https = proxy("HTTPS_PROXY");
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    none: (read("NO_PROXY")?.[1] ?? "")
      .split(/[\s,;]+/)
      .map((entry) => entry.toLowerCase())
      .filter((entry) => entry !== ""),
  };
}

/** The proxy for `target`, or `undefined` for a direct connection. */
export function proxyFor(target: URL, { http, https, none }: Proxies): Proxy | undefined {
  const proxy = target.protocol === "https:" ? https : http;
  if (proxy === undefined || isThisMachine(target.hostname)) return undefined;
  const port = target.port === "" ? (target.protocol === "https:" ? "443" : "80") : target.port;
  const host = bare(target.hostname);
  return none.some((entry) => excludes(entry, host, port)) ? undefined : proxy;
}

/** Whether `hostname` names this machine. */
export function isThisMachine(hostname: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(?:\.\d+){3}$/.test(host);
}

/** An IPv6 address without its brackets. */
export function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, "");
}

/**
 * Reads `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`. User and password end at the last `@`, whatever characters are in
 * them, because that is how people paste them; what is a percent encoding (RFC 3986, section 2.1) is decoded, and a
 * percent sign that is none is taken as it is.
 */
function parseProxy(variable: string, value: string): Proxy {
  const fail = (detail: Cause): MirrorError => new MirrorError("proxy-invalid", { variable, detail });
  const [, scheme = "http", rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(value) as unknown as [
    string,
    string | undefined,
    string,
  ];
  const known = Object.hasOwn(PROTOCOLS, scheme.toLowerCase()) ? PROTOCOLS[scheme.toLowerCase()]! : undefined;
  if (known === undefined) throw fail(message("proxy-scheme", { scheme, schemes: Object.keys(PROTOCOLS) }));
  const at = rest.lastIndexOf("@");
  // a control character would end a line of the request that carries the host
  const place = /^(\[[0-9a-f:.]+\]|[^\s[\]:/?#@"'\\]+)(?::(\d{1,5}))?(?:[/?#]\S*)?$/i.exec(rest.slice(at + 1));
  if (place === null) throw fail(message("proxy-host"));
  const [, hostname = "", portText] = place;
  const port = portText === undefined ? known.port : Number(portText);
  if (port < 1 || port > 65_535) throw fail(message("proxy-port", { port: String(portText) }));
  const login = at < 0 ? undefined : parseLogin(rest.slice(0, at));
  if (login !== undefined && known.protocol === "socks5" && !fitsSocks(login)) throw fail(message("proxy-login-long"));
  return {
    variable,
    protocol: known.protocol,
    host: `${hostname.toLowerCase()}:${port}`,
    hostname: bare(hostname),
    port,
    ...(login === undefined ? {} : { login }),
  };
}

function parseLogin(text: string): Proxy["login"] {
  const colon = text.indexOf(":");
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  return username === ""
    ? undefined
    : { username, password: new Secret(colon < 0 ? "" : decode(text.slice(colon + 1))) };
}

function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** A name and a password have at most 255 bytes each (RFC 1929, section 2). */
function fitsSocks({ username, password }: NonNullable<Proxy["login"]>): boolean {
  return [username, password.reveal()].every((text) => Buffer.byteLength(text) <= 255);
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (isIP(bare(entry)) !== 0) return bare(entry) === host;
  if (isIP(host) !== 0 && entry.includes("/")) return inBlock(entry, host);
  const [, name, wantedPort] = /^(\[[^\]]+\]|[^:]*|[0-9a-f:]+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === undefined || (wantedPort !== undefined && wantedPort !== port)) return false;
  const wanted = bare(name).replace(/^\*?\./, "");
  if (wanted.includes("*")) return fits(wanted, host);
  return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
}

/**
 * Whether `host` is made like `pattern`, in which `*` is any text. Beginning and end are fixed, and between them the
 * first place where each part fits is always right, so no pattern is slow.
 */
function fits(pattern: string, host: string): boolean {
  const [head = "", ...parts] = pattern.split(/\*+/);
  const tail = parts.pop() ?? "";
  const end = host.length - tail.length;
  if (!host.startsWith(head) || !host.endsWith(tail) || end < head.length) return false;
  let at = head.length;
  for (const part of parts) {
    const found = host.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function inBlock(entry: string, host: string): boolean {
  const [network, prefix] = entry.split("/") as [string, string];
  try {
    const block = new BlockList();
    block.addSubnet(network, Number(prefix), family(network));
    return block.check(host, family(host));
  } catch {
    return false;
  }
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

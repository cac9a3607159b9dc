/**
 * Which proxy a request goes through, by the variables every tool reads: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and
 * NO_PROXY, in lower case too. NO_PROXY is a list of hosts: `example.com` and `.example.com` stand for it and all below
 * it, `host:port` for that port alone, an address or a CIDR block for addresses, `*` for everything. This machine itself
 * is never reached through a proxy.
 */
import { BlockList, isIP } from "node:net";

export interface Proxies {
  readonly http?: URL;
  readonly https?: URL;
  readonly none: readonly string[];
}

/** Reads the proxies from the environment; a value that is no URL counts as unset. */
export function parseProxies(environment: Readonly<Record<string, string | undefined>>): Proxies {
  const read = (name: string): string | undefined =>
    [environment[name.toLowerCase()], environment[name]].find((value) => value !== undefined && value !== "");
  const url = (name: string): URL | undefined => parseProxy(read(name) ?? read("ALL_PROXY"));
  const http = url("HTTP_PROXY");
  const https = url("HTTPS_PROXY");
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    none: (read("NO_PROXY") ?? "")
      .split(/[\s,]+/)
      .map((entry) => entry.toLowerCase())
      .filter((entry) => entry !== ""),
  };
}

/** The proxy for `target`, or `undefined` for a direct connection. */
export function proxyFor(target: URL, { http, https, none }: Proxies): URL | undefined {
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

function parseProxy(value: string | undefined): URL | undefined {
  if (value === undefined) return undefined;
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
  } catch {
    return undefined;
  }
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (isIP(bare(entry)) !== 0) return bare(entry) === host;
  if (isIP(host) !== 0 && entry.includes("/")) return inBlock(entry, host);
  const [, name, wantedPort] = /^(\[[^\]]+\]|[^:]*|[0-9a-f:]+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === undefined || (wantedPort !== undefined && wantedPort !== port)) return false;
  const wanted = bare(name).replace(/^\*?\./, "");
  return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
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

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, "");
}

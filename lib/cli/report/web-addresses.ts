/** The published ports of containers that a browser can open. */
import { parseHost } from "../../config/host-address.ts";
import type { Container } from "../../deploy/host/containers.ts";
import { byCodePoint } from "../../system/compare.ts";

export interface WebAddress {
  readonly url: string;
  readonly service: string;
}

/**
 * Ports of databases, caches, queues and the like, which answer no browser
 * (https://www.iana.org/assignments/service-names-port-numbers).
 */
const NO_WEB = new Set([
  21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 1433, 1521, 1883, 2181, 2379, 2380, 3306, 4222, 5432, 5671, 5672,
  5900, 6379, 6432, 8883, 9042, 9092, 11211, 19530, 26379, 27017, 50051,
]);
const TLS = new Set([443, 8443, 9443]);
const DEFAULTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Where to look with a browser, in code-point order: TCP ports that listen at more than the host's loopback address. The
 * name of the host is the one that ssh is given, which may be an alias that only ssh knows.
 */
export function webAddresses(host: string, containers: readonly Container[]): readonly WebAddress[] {
  const { name } = parseHost(host);
  const place = name.includes(":") ? `[${name}]` : name;
  const found = new Map<string, string>();
  for (const { name: service, state, ports } of containers) {
    for (const { address, port, target } of state === "running" ? ports : []) {
      const [inner, protocol] = target.split("/");
      if (protocol !== "tcp" || isLoopback(address) || NO_WEB.has(Number(inner))) continue;
      const scheme = TLS.has(Number(inner)) ? "https" : "http";
      found.set(`${scheme}://${place}${port === DEFAULTS[scheme] ? "" : `:${port}`}`, service);
    }
  }
  return [...found].map(([url, service]) => ({ url, service })).toSorted((a, b) => byCodePoint(a.url, b.url));
}

/** `8080->80/tcp`, each once, as docker ps shows them. */
export function portsText({ ports }: Pick<Container, "ports">): string {
  const shown = ports.map(
    ({ address, port, target }) => `${isLoopback(address) ? `${address}:` : ""}${port}->${target}`,
  );
  return [...new Set(shown)].join(" ");
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

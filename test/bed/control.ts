/** Requests to the control port that `front.ts` opens beside each registry of the bed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Faults } from "./faults.ts";
import type { Logged } from "./front.ts";
import { STATE } from "./state.ts";

/** hub = the public registries, acr = the mirror registry. */
export type Registry = "hub" | "acr";

/** Host name to address. The benchmark runs in the workstation's network but without its /etc/hosts. */
const ADDRESSES = new Map(
  readFileSync(join(STATE, "hosts.ws"), "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([address = "", ...names]) => names.map((name) => [name, address] as const)),
);

/** Sends a request to a registry's control port; throws unless the status is 2xx. */
export async function ask(registry: Registry, method: string, path: string, options?: RequestInit): Promise<Response> {
  const response = await fetch(`http://${ADDRESSES.get(registry)}:9000/${path}`, { method, ...options });
  if (!response.ok) throw new Error(`${method} ${registry} ${path}: ${response.status}`);
  return response;
}

/** The requests that a registry got since its log was last emptied. */
export async function requests(registry: Registry): Promise<readonly Logged[]> {
  return (await (await ask(registry, "GET", "requests")).json()) as readonly Logged[];
}

/** Empties the request logs of both registries. */
export async function forgetRequests(): Promise<void> {
  await Promise.all([ask("hub", "DELETE", "requests"), ask("acr", "DELETE", "requests")]);
}

/** Makes the network in front of a registry faulty, until the next call. */
export async function setFaults(registry: Registry, faults: Faults): Promise<void> {
  await ask(registry, "PUT", "faults", { body: JSON.stringify(faults) });
}

/**
 * Waiting until services are well, by what docker tells of their containers, so that it is the same for compose
 * version 1 and 2. A service is well when it is healthy, or runs and has no health check, or did its work and ended
 * with 0. What only runs must stay so for a moment: what crashes at once was running for an instant.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "../../messages/errors.ts";
import { onEngine } from "../host/remote.ts";
import type { Connection } from "../ssh/connection.ts";
import { type Container, containersOf, type Listing } from "../host/containers.ts";

export type Wellness = "well" | "waiting" | "failed";

/** Judges one container at one moment. */
export function judge({ state, health, exitCode, restartPolicy }: Container): Wellness {
  const startsAgain = restartPolicy === "always" || restartPolicy === "unless-stopped";
  switch (state) {
    case "running":
      // A health check may fail for a while before it passes: the time limit decides.
      return health === undefined || health === "healthy" ? "well" : "waiting";
    case "exited":
      if (startsAgain) return "waiting";
      return exitCode === 0 ? "well" : restartPolicy === "on-failure" ? "waiting" : "failed";
    case "dead":
      return "failed";
    default:
      return "waiting";
  }
}

export interface WaitOptions {
  /** Seconds that the services may take. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the services that are waited for, whenever they change. */
  readonly onWaiting?: (services: readonly string[]) => void;
  readonly pace?: Pace | undefined;
}

/** Milliseconds. */
export interface Pace {
  /** Between two looks. */
  readonly interval: number;
  /** That services without a health check must go on running. */
  readonly settle: number;
}

export const PACE: Pace = { interval: 1000, settle: 3000 };
const LOG_LINES = 10;

/**
 * Waits until all services of `project` are well, and gives their containers. Throws `host-unhealthy` with the last
 * log lines of each that is not, `interrupted`, and what `containersOf` throws.
 */
export async function waitUntilWell(
  connection: Connection,
  project: Listing,
  { seconds, signal, onWaiting, pace = PACE }: WaitOptions,
): Promise<readonly Container[]> {
  const begun = Date.now();
  let shown = "";
  let steady = { since: 0, as: "" };
  for (;;) {
    const containers = await containersOf(connection, project, { signal });
    const now = Date.now();
    const waiting = containers.filter((container) => judge(container) !== "well");
    const names = [...new Set(waiting.map(({ name }) => name))];
    if (names.join() !== shown) onWaiting?.(names);
    shown = names.join();
    const failed = waiting.filter((container) => judge(container) === "failed");
    if (failed.length > 0) throw await unhealthy(connection, project, failed, seconds);
    const as = containers.map(({ id, startedAt, restarts }) => `${id} ${startedAt} ${restarts}`).join();
    if (waiting.length > 0 || as !== steady.as) steady = { since: now, as };
    const isSure = containers.every(({ state, health }) => state !== "running" || health !== undefined);
    if (waiting.length === 0 && (isSure || now - steady.since >= pace.settle)) return containers;
    if (now - begun >= seconds * 1000) {
      throw await unhealthy(connection, project, waiting.length > 0 ? waiting : containers, seconds);
    }
    await sleep(pace.interval, undefined, { signal }).catch(() => {
      throw new MirrorError("interrupted");
    });
  }
}

async function unhealthy(
  connection: Connection,
  { access }: Listing,
  containers: readonly Container[],
  seconds: number,
): Promise<MirrorError> {
  const reports: string[] = [];
  for (const { id, name, state, health, exitCode } of containers) {
    const logs = onEngine(access, ["docker", "logs", "--tail", String(LOG_LINES), id]);
    const { stdout, stderr } = await connection.run(logs, { timeout: 20_000 });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.trim() !== "");
    const how = [state, health ?? (exitCode === undefined ? "" : String(exitCode))].filter((word) => word !== "");
    reports.push([`${name} (${how.join(", ")})`, ...lines.slice(-LOG_LINES).map((line) => `  ${line}`)].join("\n  "));
  }
  const services = [...new Set(containers.map(({ name }) => `"${name}"`))].join(", ");
  return new MirrorError("host-unhealthy", { host: connection.host, services, seconds, detail: reports.join("\n  ") });
}

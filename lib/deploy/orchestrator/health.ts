/**
 * Waiting until services are healthy, by what docker tells of their containers, so that it is the same for compose
 * version 1 and 2. A service counts as healthy when its health check passes, or it runs and has none, or did its work
 * and ended with 0. What only runs must stay so for a moment: what crashes at once was running for an instant.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "../../messages/errors.ts";
import { type Message, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { type Container, containersIn } from "../host/containers.ts";
import { type EngineAccess, onEngine } from "../host/remote.ts";
import type { Connection } from "../ssh/connection.ts";

export type Health = "healthy" | "waiting" | "failed";

/** So many restarts during one wait are a crash loop. */
const MOST_RESTARTS = 3;

/** Judges one container at one moment; `restarts` counts those since the wait began. */
export function judge({ state, health, exitCode, restartPolicy }: Container, restarts = 0): Health {
  const startsAgain = restartPolicy === "always" || restartPolicy === "unless-stopped";
  if (restarts >= MOST_RESTARTS) return "failed";
  switch (state) {
    case "running":
      // docker calls a container unhealthy only after its own start period and retries.
      if (health === "unhealthy") return "failed";
      return health === undefined || health === "healthy" ? "healthy" : "waiting";
    case "exited":
      if (startsAgain) return "waiting";
      return exitCode === 0 ? "healthy" : restartPolicy === "on-failure" ? "waiting" : "failed";
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

export interface Waited {
  readonly dir: string;
  readonly access: EngineAccess;
  /** The services of the release; what else runs in the folder is not waited for. */
  readonly services: readonly string[];
}

/**
 * Waits until all services are healthy, and gives their containers. Throws `host-unhealthy` as soon as one has failed,
 * or the time is over, with the last log lines of each and what its health check said last; `interrupted`, and what
 * `containersIn` throws.
 */
export async function waitUntilHealthy(
  connection: Connection,
  { dir, access, services }: Waited,
  { seconds, signal, onWaiting, pace = PACE }: WaitOptions,
): Promise<readonly Container[]> {
  const waitingSince = Date.now();
  const wanted = new Set(services);
  const before = new Map<string, number>();
  let shown = "";
  let steady = { since: 0, as: "" };
  for (;;) {
    const all = await containersIn(connection, { dir, access }, { signal });
    const containers = all.filter(({ name }) => wanted.has(name));
    const now = Date.now();
    for (const { id, restarts } of containers) if (!before.has(id)) before.set(id, restarts);
    const health = (container: Container): Health =>
      judge(container, container.restarts - (before.get(container.id) ?? 0));
    const waiting = containers.filter((container) => health(container) !== "healthy");
    const names = [...new Set(waiting.map(({ name }) => name))];
    if (names.join() !== shown) onWaiting?.(names);
    shown = names.join();
    const failed = waiting.filter((container) => health(container) === "failed");
    if (failed.length > 0) throw await unhealthy(connection, access, failed, message("unhealthy-failed"));
    const as = containers.map(({ id, startedAt, restarts }) => `${id} ${startedAt} ${restarts}`).join();
    if (waiting.length > 0 || as !== steady.as) steady = { since: now, as };
    const isSure = containers.every(({ state, health: known }) => state !== "running" || known !== undefined);
    if (waiting.length === 0 && (isSure || now - steady.since >= pace.settle)) return containers;
    if (now - waitingSince >= seconds * 1000) {
      const left = waiting.length > 0 ? waiting : containers;
      throw await unhealthy(connection, access, left, message("unhealthy-timeout", { seconds }));
    }
    await sleep(pace.interval, undefined, { signal }).catch(() => {
      throw new MirrorError("interrupted");
    });
  }
}

async function unhealthy(
  connection: Connection,
  access: EngineAccess,
  containers: readonly Container[],
  reason: Message,
): Promise<MirrorError> {
  const reports: string[] = [];
  for (const { id, name, state, health, exitCode, restarts } of containers) {
    const logs = onEngine(access, ["docker", "logs", "--tail", String(LOG_LINES), id]);
    const { stdout, stderr } = await connection.run(logs, { timeout: 20_000 });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.trim() !== "");
    const checked = health === undefined ? [] : await lastCheck(connection, access, id);
    const again = restarts === 0 ? [] : [`restarts: ${restarts}`];
    const how = [
      state,
      ...(health === undefined ? [] : [health]),
      ...(exitCode === undefined ? [] : [exitCode]),
      ...again,
    ];
    reports.push(
      [`${name} (${how.join(", ")})`, ...[...lines.slice(-LOG_LINES), ...checked].map((line) => `  ${line}`)].join(
        "\n  ",
      ),
    );
  }
  const services = [...new Set(containers.map(({ name }) => name))];
  return new MirrorError("host-unhealthy", {
    host: connection.host,
    services,
    reason,
    detail: theirs(reports.join("\n  ")),
  });
}

const CHECKS = "{{if .State.Health}}{{range .State.Health.Log}}check:{{.ExitCode}}|{{json .Output}}\n{{end}}{{end}}";

/** What the health check of a container said last, and its exit code. */
async function lastCheck(connection: Connection, access: EngineAccess, id: string): Promise<readonly string[]> {
  const command = onEngine(access, ["docker", "inspect", "--type", "container", "--format", CHECKS, id]);
  const { stdout } = await connection.run(command, { timeout: 20_000 });
  const [, code, json] = [...stdout.matchAll(/^check:(-?\d+)\|(.*)$/gm)].at(-1) ?? [];
  if (code === undefined) return [];
  let output = "";
  try {
    output = String(JSON.parse(json!)).trim();
  } catch {
    // What is no JSON says nothing here.
  }
  return [
    `healthcheck: exit code ${code}${output === "" ? "" : `: ${output.split("\n").slice(-LOG_LINES).join("\n    ")}`}`,
  ];
}

/**
 * A stack in a swarm that exists already: its steps, as data, and what tells whether it has converged. The host is a
 * manager; the other nodes pull by the login that the manager passes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "../../messages/errors.ts";
import { busyInFolder, type EngineAccess, onEngine } from "../host/remote.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";
import { PACE, type WaitOptions } from "./health.ts";
import type { Container } from "../host/containers.ts";
import type { DeployStep } from "../plan/steps.ts";

export interface Stack {
  readonly name: string;
  readonly dir: string;
  readonly access: EngineAccess;
  /** Names of the stack files in `dir`, in merge order. */
  readonly files: readonly string[];
  /** The folder with the deploy's own login. */
  readonly login?: string | undefined;
}

/** A service of a stack at one moment. */
export interface StackService {
  /** Without the stack's name. */
  readonly name: string;
  /** The number of its specification. */
  readonly version: string;
  readonly image: string;
  readonly wanted: number;
  readonly running: number;
  /** Tasks that ended well and are not started again. */
  readonly complete: number;
  /** `updating`, `completed`, `paused`, `rollback_started`, …; empty when it was never updated. */
  readonly update: string;
  /** What the last failed task said. */
  readonly error: string;
}

/** Starts or updates the stack. */
export function stackStep({ name, dir, access, files, login }: Stack): DeployStep {
  const docker = onEngine(access, ["docker"], login);
  const flags = files.flatMap((file) => ["-c", file]);
  return {
    kind: "up",
    command: busyInFolder(dir, [...docker, "stack", "deploy", "--with-registry-auth", ...flags, name]),
  };
}

/** Lists services and tasks of the stack. */
export function convergeStep(stack: Stack, seconds: number): DeployStep {
  return { kind: "converge", command: listStack(stack), values: { seconds } };
}

/**
 * Takes the update back: services that the deploy has changed get the specification before, those it brought go.
 * `versions` are the services before, as `NAME=VERSION`.
 */
export function stackReturnStep({ name, dir, access }: Stack, versions: readonly string[]): DeployStep {
  const docker = onEngine(access, ["docker"]);
  const command = busyInFolder(dir, ["sh", "-c", RETURN, "sh", name, versions.join(" "), ...docker]);
  return { kind: "return", command, values: { stack: name } };
}

const SERVICE =
  "service:{{.Spec.Name}}|{{.Version.Index}}|{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}|{{.Spec.TaskTemplate.ContainerSpec.Image}}";
const TASK = "task:{{.Name}}|{{.DesiredState}}|{{.CurrentState}}|{{.Error}}";
const REPLICAS = "replicas:{{.Name}}|{{.Replicas}}";

/** A service that is as it was is left alone: its specification before is older than this deploy. */
const RETURN = `name=$1 before=" $2 "; shift 2; failed=0
for service in $("$@" service ls --format '{{.Name}}' --filter "label=com.docker.stack.namespace=$name"); do
  version=$("$@" service inspect --format '{{.Version.Index}}' "$service")
  case $before in
  *" $service=$version "*) ;;
  *" $service="*) "$@" service rollback --detach "$service" || failed=1 ;;
  *) "$@" service rm "$service" || failed=1 ;;
  esac
done
exit "$failed"`;

const LIST = `name=$1 service=$2 task=$3 replicas=$4; shift 4
ids=$("$@" service ls -q --filter "label=com.docker.stack.namespace=$name") || exit
if [ "$ids" = "" ]; then exit 0; fi
"$@" service inspect --format "$service" $ids
"$@" service ls --filter "label=com.docker.stack.namespace=$name" --format "$replicas"
"$@" stack ps --no-trunc --format "$task" "$name"`;

/** Prints what `readStack` reads. */
function listStack({ name, access }: Pick<Stack, "name" | "access">): RemoteCommand {
  return ["sh", "-c", LIST, "sh", name, SERVICE, TASK, REPLICAS, ...onEngine(access, ["docker"])];
}

/** The services of a stack, in code-point order, out of what `listStack` printed. */
export function readStack(name: string, output: string): readonly StackService[] {
  const rows = (kind: string): readonly (readonly string[])[] =>
    output.split("\n").flatMap((line) => (line.startsWith(`${kind}:`) ? [line.slice(kind.length + 1).split("|")] : []));
  const replicas = new Map(rows("replicas").map(([service, count = ""]) => [service, count.split(/[/ ]/).map(Number)]));
  const tasks = rows("task");
  return rows("service")
    .map(([service = "", version = "", update = "", image = ""]) => {
      const [running = 0, wanted = 0] = replicas.get(service) ?? [];
      const own = tasks.filter(([task = ""]) => task.startsWith(`${service}.`));
      return {
        name: service.slice(name.length + 1),
        version,
        image: image.replace(/@sha256:.*/, ""),
        wanted,
        running,
        complete: own.filter(([, , state = ""]) => state.startsWith("Complete")).length,
        update,
        error: own.find(([, , , error = ""]) => error !== "")?.[3] ?? "",
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Judges one service at one moment. */
export function judgeService({ wanted, running, complete, update }: StackService): "well" | "waiting" | "failed" {
  if (update === "paused" || update === "rollback_paused") return "failed";
  if (update !== "" && !update.endsWith("completed")) return "waiting";
  return running >= wanted || (complete > 0 && running + complete >= wanted) ? "well" : "waiting";
}

/**
 * Waits until every service of the stack runs as often as it should and no update is under way, and gives them. Throws
 * `host-unhealthy` with what the tasks and logs say, `host-ps`, `interrupted`, and what `Connection.run` throws.
 */
export async function waitUntilConverged(
  connection: Connection,
  { name, dir, access }: Pick<Stack, "name" | "dir" | "access">,
  { seconds, signal, onWaiting, pace = PACE }: WaitOptions,
): Promise<readonly StackService[]> {
  const begun = Date.now();
  let well = begun;
  let shown = "";
  for (;;) {
    const services = await stackServices(connection, { name, dir, access }, { signal });
    const now = Date.now();
    const waiting = services.filter((service) => judgeService(service) !== "well");
    const names = waiting.map((service) => service.name);
    if (names.join() !== shown) onWaiting?.(names);
    shown = names.join();
    if (waiting.length > 0) well = now;
    // An update begins a moment after it was asked for.
    if (waiting.length === 0 && now - well >= pace.settle) return services;
    const failed = waiting.filter((service) => judgeService(service) === "failed");
    if (failed.length > 0 || now - begun >= seconds * 1000) {
      throw await unhealthy(connection, { name, access }, failed.length > 0 ? failed : waiting, seconds);
    }
    await sleep(pace.interval, undefined, { signal }).catch(() => {
      throw new MirrorError("interrupted");
    });
  }
}

/** The services of a stack. Throws `host-ps` and what `Connection.run` throws. */
export async function stackServices(
  connection: Connection,
  { name, dir, access }: Pick<Stack, "name" | "dir" | "access">,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly StackService[]> {
  const { code, stdout, stderr } = await connection.run(listStack({ name, access }), { signal, timeout: 60_000 });
  if (code !== 0) {
    const detail = stderr.trim().split("\n").slice(-3).join("\n  ");
    throw new MirrorError("host-ps", { host: connection.host, dir, detail });
  }
  return readStack(name, stdout);
}

async function unhealthy(
  connection: Connection,
  { name, access }: Pick<Stack, "name" | "access">,
  services: readonly StackService[],
  seconds: number,
): Promise<MirrorError> {
  const reports: string[] = [];
  for (const service of services) {
    const logs = onEngine(access, ["docker", "service", "logs", "--raw", "--tail", "10", `${name}_${service.name}`]);
    const { stdout, stderr } = await connection.run(logs, { timeout: 20_000 });
    const lines = [service.error, ...`${stdout}${stderr}`.split("\n")].filter((line) => line.trim() !== "");
    const how = [`${service.running}/${service.wanted}`, service.update].filter((word) => word !== "").join(", ");
    reports.push([`${service.name} (${how})`, ...lines.slice(0, 11).map((line) => `  ${line}`)].join("\n  "));
  }
  const names = services.map((service) => `"${service.name}"`).join(", ");
  return new MirrorError("host-unhealthy", {
    host: connection.host,
    services: names,
    seconds,
    detail: reports.join("\n  "),
  });
}

/** The services as containers are told of, one for each. */
export function containersOfStack(services: readonly StackService[]): readonly Container[] {
  return services.map(({ name, image, wanted, running, complete, version }) => ({
    name,
    state: running >= wanted && wanted > 0 ? "running" : complete > 0 ? "exited" : "created",
    ...(running < wanted && complete > 0 ? { exitCode: 0 } : {}),
    image,
    id: version,
    imageId: "",
    restarts: 0,
    restartPolicy: "",
    startedAt: "",
  }));
}

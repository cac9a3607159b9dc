/**
 * A stack in a swarm that exists already: its steps, as data, and what tells whether it has converged. The host is a
 * manager; the other nodes pull by the login that the manager passes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "../../messages/errors.ts";
import { type Message, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { byCodePoint } from "../../system/compare.ts";
import { scriptText } from "../../system/remote-script.ts";
import type { Container } from "../host/containers.ts";
import type { FoundCompose, HostFindings, HostProbe } from "../host/probe.ts";
import { busyInFolder, onEngine } from "../host/remote.ts";
import { removeFilesSteps, restoreStep, setCurrentStep } from "../plan/steps.ts";
import type { DeployStep } from "../plan/step.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";
import type { DeployedProject } from "./compose-project.ts";
import { type Health, PACE, type WaitOptions } from "./health.ts";
import { logFlags, type Orchestrator, type StartRequest } from "./orchestrator.ts";
import { stackFile } from "./stack-file.ts";

export const swarm: Orchestrator = {
  // A swarm keeps one specification before the current one.
  reach: 1,
  readsSources: false,
  runtime: ({ engine }): FoundCompose => ({ flavour: "stack", version: engine?.server ?? "", command: [] }),
  requirements,
  fileNames: () => [STACK_FILE],
  files: async ({ bundle, ...request }) => {
    const { text, warnings } = stackFile(request);
    const [source] = bundle.mirror.composeFiles;
    return { composeFiles: [{ source: source!, text, name: STACK_FILE }], envFiles: [], warnings };
  },
  // A stack has a name of its own, whatever the folder.
  requireOwnName: async () => {},
  list: async (connection, project, options) => {
    const services = await stackServices(connection, project, options);
    return {
      containers: containersOfStack(services),
      versions: services.map(({ name, version }) => `${project.name}_${name}=${version}`),
    };
  },
  logs: ({ name, access }, { services, ...request }) => {
    const names = services.map((service) => `${name}_${service}`);
    return script("service-logs", names.join(" "), logFlags(request).join(" "), ...onEngine(access, ["docker"]));
  },
  runsOnHost: false,
  start: (project, request) => [
    stackStep(project, request.login),
    convergeStep(project, request),
    ...removeSteps(project, request.removed),
  ],
  wait: convergeStep,
  prune: ({ name, dir, access }) => [
    {
      kind: "prune",
      title: message("deploy-prune"),
      command: script("prune-stack", dir, name, STACK_FILE, ...onEngine(access, ["docker"])),
      phase: "recorded",
      failure: "host-record",
    },
  ],
  undo: (project, { target, running: { containers, versions }, everything, ...request }) => {
    const { waitSeconds, login, removed, removedFiles, rejected } = request;
    if (versions.length === 0) return [];
    const goes = new Set(removed.map((service) => `${project.name}_${service}`));
    // No specification has the version 0, so every service counts as changed. A service that is not listed is removed.
    const before = everything
      ? versions.flatMap((each) => {
          const [name = ""] = each.split("=");
          return goes.has(name) ? [] : [`${name}=0`];
        })
      : versions;
    const filesBack =
      target === undefined ? [] : [restoreStep(project.dir, target.id), ...removeFilesSteps(project.dir, removedFiles)];
    const ran = containers.map(({ name }) => name);
    const services = target?.images.map(({ service }) => service) ?? ran;
    const comesBack = everything && services.some((service) => !ran.includes(service));
    return [
      ...filesBack,
      undoStep(project, before),
      // `changed` leaves the other services at the image they went back to, even if its tag has moved since.
      ...(comesBack ? [stackStep(project, login, "--resolve-image=changed")] : []),
      convergeStep(project, { services, waitSeconds }),
      ...(target === undefined ? [] : [setCurrentStep(project.dir, target.id, rejected)]),
    ];
  },
};

function requirements({ host, engine }: HostProbe): HostFindings {
  if (engine === undefined || engine.swarm === "active true") return { errors: [], warnings: [] };
  return { errors: [new MirrorError("host-swarm", { host, state: engine.swarm ?? "unknown" })], warnings: [] };
}

const STACK_FILE = "docker-stack-mirror.json";

/** A service of a stack at one moment. */
export interface StackService {
  /** Without the stack's name. */
  readonly name: string;
  /** The number of its specification. */
  readonly version: string;
  readonly image: string;
  readonly wanted: number;
  readonly running: number;
  /** Tasks that ended with 0 and are not started again. */
  readonly complete: number;
  /** `updating`, `completed`, `paused`, `rollback_started`, …; empty when it was never updated. */
  readonly update: string;
  /** What the last failed task said. */
  readonly error: string;
}

/** Starts or updates the stack. */
function stackStep(
  { name, dir, access, files }: DeployedProject,
  login: string | undefined,
  ...more: readonly string[]
): DeployStep {
  const docker = onEngine(access, ["docker"], login);
  const flags = files.flatMap((file) => ["-c", file]);
  return {
    kind: "up",
    title: message("deploy-up"),
    command: busyInFolder(dir, [...docker, "stack", "deploy", "--with-registry-auth", ...more, ...flags, name]),
    phase: "starting",
    failure: "host-up",
    onDisconnect: "finish",
  };
}

/** Waits until `services` have converged. */
function convergeStep(
  project: DeployedProject,
  { services, waitSeconds: seconds }: Pick<StartRequest, "services" | "waitSeconds">,
): DeployStep {
  return {
    kind: "converge",
    title: message("deploy-converge", { seconds }),
    command: listStack(project),
    phase: "placed",
    failure: "host-ps",
    perform: async ({ connection, signal, pace, onWaiting }) => {
      const options = { seconds, signal, pace, onWaiting };
      return { containers: containersOfStack(await waitUntilConverged(connection, project, services, options)) };
    },
  };
}

/** Takes the update back: services that it has changed get their previous specification, those it brought go. */
function undoStep({ name, dir, access }: DeployedProject, versions: readonly string[]): DeployStep {
  const command = script("undo-stack", name, versions.join(" "), ...onEngine(access, ["docker"]));
  return {
    kind: "return",
    title: message("deploy-return", { stack: name }),
    command: busyInFolder(dir, command),
    phase: "starting",
    failure: "host-return",
    onDisconnect: "finish",
  };
}

function removeSteps({ name, dir, access }: DeployedProject, services: readonly string[]): readonly DeployStep[] {
  if (services.length === 0) return [];
  const names = services.map((service) => `${name}_${service}`);
  return [
    {
      kind: "remove",
      title: message("deploy-remove", { services }),
      command: busyInFolder(dir, [...onEngine(access, ["docker"]), "service", "rm", ...names]),
      phase: "placed",
      failure: "host-up",
    },
  ];
}

function script(name: string, ...args: readonly string[]): RemoteCommand {
  return ["sh", "-c", scriptText("lib/deploy/orchestrator", name), "sh", ...args];
}

const SERVICE =
  "service:{{.Spec.Name}}|{{.Version.Index}}|{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}|{{.Spec.TaskTemplate.ContainerSpec.Image}}";
const TASK = "task:{{.Name}}|{{.DesiredState}}|{{.CurrentState}}|{{.Error}}";
const REPLICAS = "replicas:{{.Name}}|{{.Replicas}}";

/** Prints what `readStack` reads. */
function listStack({ name, access }: Pick<DeployedProject, "name" | "access">): RemoteCommand {
  return script("list-stack", name, SERVICE, TASK, REPLICAS, ...onEngine(access, ["docker"]));
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
    .toSorted((a, b) => byCodePoint(a.name, b.name));
}

/** Judges one service at one moment. */
export function judgeService({ wanted, running, complete, update }: StackService): Health {
  if (update === "paused" || update === "rollback_paused") return "failed";
  if (update !== "" && !update.endsWith("completed")) return "waiting";
  return running >= wanted || (complete > 0 && running + complete >= wanted) ? "healthy" : "waiting";
}

/**
 * Waits until each of the services `wanted` runs as often as it should and no update is under way, and gives them. Throws
 * `host-unhealthy` with what the tasks and logs say, `host-ps`, `interrupted`, and what `Connection.run` throws.
 */
async function waitUntilConverged(
  connection: Connection,
  { name, dir, access }: Pick<DeployedProject, "name" | "dir" | "access">,
  wanted: readonly string[],
  { seconds, signal, onWaiting, pace = PACE }: WaitOptions,
): Promise<readonly StackService[]> {
  const startedAt = Date.now();
  let settled = startedAt;
  let shown = "";
  for (;;) {
    const all = await stackServices(connection, { name, dir, access }, { signal });
    const services = all.filter((service) => wanted.includes(service.name));
    const now = Date.now();
    const waiting = services.filter((service) => judgeService(service) !== "healthy");
    const names = waiting.map((service) => service.name);
    if (names.join() !== shown) onWaiting?.(names);
    shown = names.join();
    if (waiting.length > 0) settled = now;
    // An update begins a moment after it was asked for.
    if (waiting.length === 0 && now - settled >= pace.settle) return services;
    const failed = waiting.filter((service) => judgeService(service) === "failed");
    if (failed.length > 0 || now - startedAt >= seconds * 1000) {
      const reason = failed.length > 0 ? message("unhealthy-failed") : message("unhealthy-timeout", { seconds });
      throw await unhealthy(connection, { name, access }, failed.length > 0 ? failed : waiting, reason);
    }
    await sleep(pace.interval, undefined, { signal }).catch(() => {
      throw new MirrorError("interrupted");
    });
  }
}

/** The services of a stack. Throws `host-ps` and what `Connection.run` throws. */
async function stackServices(
  connection: Connection,
  { name, dir, access }: Pick<DeployedProject, "name" | "dir" | "access">,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly StackService[]> {
  const { code, stdout, stderr } = await connection.run(listStack({ name, access }), { signal, timeout: 60_000 });
  if (code !== 0) {
    const detail = theirs(stderr.trim().split("\n").slice(-3).join("\n  "));
    throw new MirrorError("host-ps", { host: connection.host, dir, detail });
  }
  return readStack(name, stdout);
}

async function unhealthy(
  connection: Connection,
  { name, access }: Pick<DeployedProject, "name" | "access">,
  services: readonly StackService[],
  reason: Message,
): Promise<MirrorError> {
  const reports: string[] = [];
  for (const service of services) {
    const logs = onEngine(access, ["docker", "service", "logs", "--raw", "--tail", "10", `${name}_${service.name}`]);
    const { stdout, stderr } = await connection.run(logs, { timeout: 20_000 });
    const lines = [service.error, ...`${stdout}${stderr}`.split("\n")].filter((line) => line.trim() !== "");
    const how = [`${service.running}/${service.wanted}`, service.update].filter((word) => word !== "").join(", ");
    reports.push([`${service.name} (${how})`, ...lines.slice(0, 11).map((line) => `  ${line}`)].join("\n  "));
  }
  return new MirrorError("host-unhealthy", {
    host: connection.host,
    services: services.map((service) => service.name),
    reason,
    detail: theirs(reports.join("\n  ")),
  });
}

/** The services in the shape of containers, one for each. */
export function containersOfStack(services: readonly StackService[]): readonly Container[] {
  return services.map(({ name, image, wanted, running, complete, version }) => ({
    name,
    state: running >= wanted && wanted > 0 ? "running" : complete > 0 ? "exited" : "created",
    ...(running < wanted && complete > 0 ? { exitCode: 0 } : {}),
    image,
    id: version,
    imageId: "",
    restarts: 0,
    project: "",
    files: [],
    restartPolicy: "",
    startedAt: "",
    ports: [],
  }));
}

/** Looking into services that run on a host: what they wrote, and programs run beside them in their containers. */
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { onHost, projectOn } from "./deploy.ts";
import type { Container } from "./host/containers.ts";
import { probeHost } from "./host/probe.ts";
import { onEngine } from "./host/remote.ts";
import type { DeployOptions } from "./options.ts";
import type { DeployedProject } from "./orchestrator/compose-project.ts";
import type { LogsRequest, Orchestrator } from "./orchestrator/orchestrator.ts";
import { ORCHESTRATORS } from "./orchestrator/orchestrators.ts";
import type { Connection } from "./ssh/connection.ts";

export interface LogsOptions extends LogsRequest {
  /** Empty = all. */
  readonly services: readonly string[];
  readonly onLine: (line: string) => void;
}

/**
 * Passes on what services on `host` wrote. With `follow` it goes on until `options.signal` is aborted, which ends all of
 * it on the host too. Throws `interrupted` then; `host-service-unknown`, `host-services-none`, `host-logs`, and what
 * `statusFor` throws.
 */
export async function showLogs(
  host: string,
  options: DeployOptions,
  { services, onLine, ...request }: LogsOptions,
): Promise<void> {
  await onHost(host, options, async (connection) => {
    const { project, containers, orchestrator } = await lookAtServices(connection, options);
    const known = [...new Set(containers.map(({ name }) => name))];
    for (const service of services) requireKnown(service, known, project);
    const command = orchestrator.logs(project, { ...request, services: services.length === 0 ? known : services });
    const { signal } = options;
    const { code } = await connection.run(command, { onDisconnect: "end", discard: true, onLine, signal });
    if (code !== 0) throw new MirrorError("host-logs", { host, detail: message("exit-code", { code }) });
  });
}

export interface ExecRequest {
  readonly service: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** A person sits at a terminal. */
  readonly terminal: boolean;
}

/**
 * Runs a program in the first container of a service that runs on `host`, with the standard input and output of this
 * process. Gives its exit code. Throws `exec-swarm`, `service-stopped`, `host-service-unknown`, `host-services-none`, and
 * what `statusFor` throws.
 */
export async function execIn(
  host: string,
  options: DeployOptions,
  { service, command, terminal }: ExecRequest,
): Promise<number> {
  return onHost(host, options, async (connection) => {
    const { project, containers, orchestrator } = await lookAtServices(connection, options);
    if (!orchestrator.runsOnHost) throw new MirrorError("exec-swarm", { service });
    const names = [...new Set(containers.map(({ name }) => name))];
    requireKnown(service, names, project);
    const own = containers.filter(({ name }) => name === service);
    const running = own.find(({ state }) => state === "running");
    if (running === undefined) throw new MirrorError("service-stopped", { host, service, state: own[0]!.state });
    const flags = ["--interactive", ...(terminal ? ["--tty"] : [])];
    const { code } = await connection.run(
      onEngine(project.access, ["docker", "exec", ...flags, running.id, ...command]),
      { attach: terminal ? "terminal" : "streams", signal: options.signal },
    );
    return code;
  });
}

interface Found {
  readonly project: DeployedProject;
  readonly containers: readonly Container[];
  readonly orchestrator: Orchestrator;
}

async function lookAtServices(connection: Connection, options: DeployOptions): Promise<Found> {
  const { signal, dir } = options;
  const orchestrator = ORCHESTRATORS[options.orchestrator];
  const probe = await probeHost(connection, dir, { signal });
  const project = projectOn(probe, options);
  const isNew = probe.folder.state === "missing";
  const { containers } = await orchestrator.list(connection, project, { signal, isNew });
  if (containers.length === 0) throw new MirrorError("host-services-none", { host: probe.host, dir: project.dir });
  return { project, containers, orchestrator };
}

function requireKnown(service: string, known: readonly string[], { host }: DeployedProject): void {
  if (!known.includes(service)) throw new MirrorError("host-service-unknown", { host, service, known });
}

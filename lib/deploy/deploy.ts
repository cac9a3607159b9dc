/**
 * A deploy from end to end: connect, look at the host, plan, and carry the plan out. What is going on is told by
 * callback; the terminal decides how to show it.
 */
import { load } from "../compose/load.ts";
import type { Project } from "../compose/project.ts";
import { MIRROR_FILE } from "../compose/rewrite.ts";
import type { Config, Credentials } from "../config.ts";
import { outputPath } from "../prepare.ts";
import { type DeployProgress, type DeployResult, executeDeploy, resultOf } from "./execute.ts";
import { type DeployPlan, planDeploy, projectOn } from "./plan.ts";
import { type HostProbe, probeHost } from "./probe.ts";
import { composeFilesFor, needsOfShipment, readShipment, type Shipment } from "./shipment.ts";
import { connect, type Connection, type ConnectOptions } from "./ssh.ts";
import { statusOf } from "./status.ts";

export interface DeployOptions extends Pick<ConnectOptions, "run" | "signal"> {
  readonly shipment: Shipment;
  /** Folder on the host; `~/PROJECT` by default. */
  readonly dir?: string | undefined;
  readonly profiles: readonly string[];
  /** For the registry of the images; absent when the host's own login is relied on. */
  readonly credentials?: Credentials | undefined;
}

export type DeployStage =
  | { readonly kind: "connecting" | "probing" }
  | { readonly kind: "planned"; readonly plan: DeployPlan }
  | DeployProgress;

/**
 * Reads what is to be deployed by `config`, for the mirror compose file that lies beside the compose file or at
 * `--output`. `source` spares reading the project again. Throws what `load` and `readShipment` throw.
 */
export async function prepareDeploy(config: Config, source?: Project): Promise<DeployOptions> {
  const { dir, profiles, credentials, platform } = config;
  const project = source ?? (await load(config));
  const file = outputPath(config, project, MIRROR_FILE);
  return {
    shipment: await readShipment({ source: project, file, platform, options: config }),
    dir,
    profiles,
    credentials,
  };
}

/** Looks at `host` and plans; changes nothing there. Throws what `connect`, `probeHost` and `planDeploy` throw. */
export async function planFor(host: string, options: DeployOptions): Promise<DeployPlan> {
  return onHost(host, options, (connection) => planOver(connection, options));
}

/** What runs of the project on `host`. Throws what `connect`, `probeHost` and `statusOf` throw. */
export async function statusFor(host: string, options: DeployOptions): Promise<DeployResult> {
  return onHost(host, options, async (connection) => {
    const { shipment, profiles, signal } = options;
    const probe = await probeHost(connection, dirOf(options), { signal });
    const names = composeFilesFor(shipment, probe.compose).map(({ name }) => name);
    const project = projectOn(probe, names, profiles);
    return resultOf(project, await statusOf(connection, project, { signal }));
  });
}

/** Deploys to `host`. Throws what `connect`, `probeHost`, `planDeploy` and `executeDeploy` throw. */
export async function deployTo(
  host: string,
  options: DeployOptions,
  onStage: (stage: DeployStage) => void = () => {},
): Promise<DeployResult> {
  onStage({ kind: "connecting" });
  return onHost(host, options, async (connection) => {
    onStage({ kind: "probing" });
    const plan = await planOver(connection, options);
    onStage({ kind: "planned", plan });
    const { credentials, signal } = options;
    return executeDeploy(connection, plan, { password: credentials?.password, signal, onProgress: onStage });
  });
}

/** What `host` is like. Throws what `connect` and `probeHost` throw. */
export async function lookAt(
  host: string,
  dir: string,
  options: Pick<ConnectOptions, "run" | "signal"> = {},
): Promise<HostProbe> {
  return onHost(host, options, (connection) => probeHost(connection, dir, { signal: options.signal }));
}

/** The folder that a project is deployed to unless told otherwise, named as the project is here. */
export function defaultDir(projectName: string): string {
  return `~/${projectName}`;
}

/** Opens a connection for as long as `body` takes. */
export async function onHost<T>(
  host: string,
  { run, signal }: Pick<ConnectOptions, "run" | "signal">,
  body: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(host, { ...(run === undefined ? {} : { run }), signal });
  try {
    return await body(connection);
  } finally {
    await connection.close();
  }
}

async function planOver(connection: Connection, options: DeployOptions): Promise<DeployPlan> {
  const { shipment, profiles, credentials, signal } = options;
  const probe = await probeHost(connection, dirOf(options), { signal });
  return planDeploy({
    probe,
    ...needsOfShipment(shipment, probe.compose),
    composeFiles: composeFilesFor(shipment, probe.compose),
    registry: shipment.registry,
    username: credentials?.username,
    profiles,
  });
}

function dirOf({ dir, shipment }: DeployOptions): string {
  return dir ?? defaultDir(shipment.source.name);
}

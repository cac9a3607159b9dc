/**
 * A deploy from end to end: connect, look at the host, plan, and carry the plan out. What is going on is told by
 * callback; the terminal decides how to show it.
 */
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { load } from "../compose/load.ts";
import { type Project, requireName } from "../compose/project.ts";
import { MIRROR_FILE } from "../compose/rewrite.ts";
import type { Config, Credentials } from "../config/config.ts";
import { MirrorError } from "../messages/errors.ts";
import { LOCK_FILE, type LockedImage, readLock } from "../mirror/lock-file.ts";
import { outputPath } from "../mirror/prepare.ts";
import { run } from "../system/process.ts";
import { storeName } from "../store/store-name.ts";
import { formatReference, parseReference } from "../image/reference.ts";
import { findCredentials } from "../registry/credentials.ts";
import { buildFoldersOf, requireBuildFolders } from "./files/build-folders.ts";
import { isOutside, type NeededFile, projectFiles } from "./files/project-files.ts";
import { type Drift, driftOf } from "./host/drift.ts";
import { endpointFor } from "./host/pull-endpoint.ts";
import { type DeployProgress, type DeployResult, executeDeploy, executeSteps, resultOf } from "./execute.ts";
import { type HostView, viewOf } from "./host/host-project.ts";
import type { BundleFile } from "./files/bundle-file.ts";
import { type DeployChoices, type DeployPlan, planDeploy, type Unrecorded } from "./plan/plan.ts";
import { accessTo, type FoundCompose, type HostProbe, judgeHost, probeHost } from "./host/probe.ts";
import { type DeployedProject, projectOn } from "./orchestrator/compose-project.ts";
import { releaseId } from "./plan/release.ts";
import { planRollback, type RollbackPlan } from "./plan/rollback.ts";
import { checkedFiles, composeFilesFor, envFilesFor, needsOfBundle, readBundle, type Bundle } from "./files/bundle.ts";
import { connect, type Connection, type ConnectOptions } from "./ssh/connection.ts";
import { stackFile } from "./orchestrator/stack-file.ts";
import { type Container, containersOf } from "./host/containers.ts";
import { containersOfStack, stackServices } from "./orchestrator/swarm.ts";
import { requireInStore, throughTunnel, type Tunnel } from "./ssh/tunnel.ts";
import { listContainers, type WantedImage } from "./plan/steps.ts";

export interface DeployOptions extends Pick<ConnectOptions, "run" | "signal"> {
  readonly bundle: Bundle;
  /** Folder on the host; `~/PROJECT` by default. */
  readonly dir?: string | undefined;
  readonly profiles: readonly string[];
  /** For the registry of the images; absent when the host's own login is relied on. */
  readonly credentials?: Credentials | undefined;
  /** What the mirror compose file's images are to be; absent when no lock file is there. */
  readonly lock?: readonly LockedImage[] | undefined;
  /** The registry to push to, and its name for the host. */
  readonly registry?: string | undefined;
  readonly pullRegistry?: string | undefined;
  /** Folder of the content store that the host pulls from through the connection; absent = it pulls by itself. */
  readonly tunnel?: string | undefined;
  /** Folders outside the project's that links in it may lead to, absolute. */
  readonly allowPaths: readonly string[];
  readonly orchestrator: "compose" | "swarm";
  readonly concurrency: number;
  readonly choices: DeployChoices;
  /** The release to go back to; the one before by default. */
  readonly release?: string | undefined;
}

export type DeployStage =
  | { readonly kind: "connecting" | "probing" }
  | { readonly kind: "planned"; readonly plan: DeployPlan }
  | DeployProgress;

type OnStage = (stage: DeployStage) => void;

/**
 * Reads what is to be deployed by `config`, for the mirror compose file that lies beside the compose file or at
 * `--output`. `source` spares reading the project again. Throws what `load`, `readBundle`, `readLock` and
 * `findCredentials` throw.
 */
export async function prepareDeploy(config: Config, source?: Project): Promise<DeployOptions> {
  const { dir, profiles, platform, environment, home, registry, pullRegistry, concurrency, release } = config;
  const { send, sudo, keepLogin, rollback, waitSeconds, keep } = config;
  const project = source ?? (await load(config));
  requireName(project);
  const file = outputPath(config, project, MIRROR_FILE);
  const bundle = await readBundle({ source: project, file, platform, options: config });
  const stored =
    config.credentials !== undefined || bundle.registry === undefined
      ? undefined
      : ((await findCredentials(bundle.registry, { environment, home, run })) ??
        (registry === undefined ? undefined : await findCredentials(registry, { environment, home, run })));
  return {
    bundle,
    dir,
    profiles,
    credentials: config.credentials ?? (stored !== undefined && "password" in stored ? stored : undefined),
    lock: await readLock(join(dirname(file), LOCK_FILE)),
    registry,
    pullRegistry,
    // Images that were named by the content store are nowhere else.
    ...(config.tunnel || (config.embedded && bundle.registry === registry) ? { tunnel: config.store } : {}),
    allowPaths: config.allowPaths,
    orchestrator: config.orchestrator,
    concurrency,
    choices: { send, sudo, keepLogin, rollback, waitSeconds, keep, lockSeconds: LOCK_SECONDS },
    release,
  };
}

/** Another deploy of an ordinary project ends within this time. */
const LOCK_SECONDS = 600;

/** Looks at `host` and plans; changes nothing there. Throws what `connect`, `probeHost` and `planDeploy` throw. */
export async function planFor(host: string, options: DeployOptions): Promise<DeployPlan> {
  return onHost(host, options, (connection) =>
    withTunnel(connection, options, (tunnel) => planOver(connection, options, tunnel)),
  );
}

/** Deploys to `host`. Throws what `connect`, `probeHost`, `planDeploy` and `executeDeploy` throw. */
export async function deployTo(
  host: string,
  options: DeployOptions,
  onStage: OnStage = () => {},
): Promise<DeployResult> {
  onStage({ kind: "connecting" });
  return onHost(host, options, async (connection) => {
    onStage({ kind: "probing" });
    return withTunnel(connection, options, async (tunnel) => {
      const plan = await planOver(connection, options, tunnel);
      onStage({ kind: "planned", plan });
      const { credentials, signal, concurrency } = options;
      const password = credentials?.password;
      return executeDeploy(connection, plan, { password, signal, concurrency, onProgress: onStage });
    });
  });
}

/** The plan of `rollBack`; changes nothing. */
export async function rollbackPlanFor(host: string, options: DeployOptions): Promise<RollbackPlan> {
  return onHost(host, options, (connection) => rollbackOver(connection, options));
}

/**
 * Brings back an earlier release on `host`. Throws `release-none`, `release-unknown`, and what `connect`, `probeHost`
 * and `executeSteps` throw.
 */
export async function rollBack(
  host: string,
  options: DeployOptions,
  onStage: OnStage = () => {},
): Promise<DeployResult> {
  onStage({ kind: "connecting" });
  return onHost(host, options, async (connection) => {
    onStage({ kind: "probing" });
    const plan = await rollbackOver(connection, options);
    const containers = await executeSteps(connection, plan, { signal: options.signal, onProgress: onStage });
    return resultOf(plan, containers, plan.target.id);
  });
}

/** What `status` shows. */
export interface HostStatus extends DeployResult {
  /** When the release that runs was deployed, ISO 8601. */
  readonly deployed?: string;
  /** Ids of the releases that are kept, the newest last. */
  readonly releases: readonly string[];
  readonly drift: readonly Drift[];
}

/** What runs of the project on `host`. Throws what `connect`, `probeHost` and `containersOf` throw. */
export async function statusFor(host: string, options: DeployOptions): Promise<HostStatus> {
  return onHost(host, options, async (connection) => {
    const { signal, lock } = options;
    const probe = await probeHost(connection, dirOf(options), { signal });
    const project = deployed(probe, options);
    const { name } = options.bundle.source;
    const release = probe.releases.find(({ id }) => id === probe.current);
    const containers =
      options.orchestrator === "swarm"
        ? containersOfStack(await stackServices(connection, { ...project, name }, { signal }))
        : await containersOf(connection, { ...project, list: listContainers(project) }, { signal });
    return {
      ...resultOf(project, containers, probe.current),
      ...(release === undefined ? {} : { deployed: release.time }),
      releases: probe.releases.map(({ id }) => id),
      drift: driftOf(containers, release, lock),
    };
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
async function onHost<T>(
  host: string,
  { run: runProgram, signal }: Pick<ConnectOptions, "run" | "signal">,
  body: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(host, { ...(runProgram === undefined ? {} : { run: runProgram }), signal });
  try {
    return await body(connection);
  } finally {
    await connection.close();
  }
}

function withTunnel<T>(
  connection: Connection,
  { tunnel: folder, signal }: DeployOptions,
  work: (tunnel?: Tunnel) => Promise<T>,
): Promise<T> {
  return folder === undefined ? work() : throughTunnel(connection, folder, { signal }, work);
}

async function planOver(connection: Connection, options: DeployOptions, tunnel?: Tunnel): Promise<DeployPlan> {
  const { bundle, profiles, credentials, lock, registry, pullRegistry, choices, signal } = options;
  const { send } = choices;
  const swarm = options.orchestrator === "swarm";
  const filesOf = (project: Project): Promise<readonly NeededFile[]> =>
    projectFiles(project, {
      envFiles: bundle.mirror.envFiles,
      ...(swarm ? { composeFiles: [] } : {}),
      allowPaths: options.allowPaths,
    });
  const [main] = composeFilesFor(bundle, undefined);
  const namesOf = (files: readonly NeededFile[], project: Project): readonly string[] =>
    [main!, ...files, ...buildFoldersOf(project)].map(({ name }) => name);
  const names = namesOf(await filesOf(bundle.mirror), bundle.mirror);
  const first = await probeHost(connection, dirOf(options), { names, signal });
  const needs = needsOfBundle(bundle, first.compose);
  const fatal = judgeHost(first, { ...needs, sudo: choices.sudo, swarm }).errors[0];
  if (fatal !== undefined) throw fatal;
  const named = bundle.registry;
  const now = new Date();
  const locked = lockedBy(lock, named);
  const view = await viewOf(bundle, first, { profiles, send, locked });
  // The host's own `.env` may lead to other files than the one here.
  const needed = await filesOf(view.project);
  const buildFolders = buildFoldersOf(view.project);
  const others = namesOf(needed, view.project).filter((name) => !names.includes(name));
  const probe =
    others.length === 0 ? first : await probeHost(connection, dirOf(options), { names: [...names, ...others], signal });
  requireBuildFolders(buildFolders, {
    host: probe.host,
    dir: probe.folder.path,
    found: probe.files,
    wanted: (service) => probe.compose?.flavour === "v1" || view.built.includes(service),
  });
  const mirrored = view.images.filter((image) => image.mirrored);
  if (tunnel)
    requireInStore(
      tunnel,
      mirrored.map(({ image }) => storeName(parseReference(image))),
    );
  const files = swarm
    ? await stackFilesOf(connection, bundle, { probe, view, signal })
    : { composeFiles: composeFilesFor(bundle, probe.compose), envFiles: envFilesFor(bundle) };
  return planDeploy({
    probe: swarm ? { ...probe, compose: stackOf(probe) } : probe,
    ...needs,
    ...files,
    composeFiles: await checkedFiles(files.composeFiles, bundle, options.allowPaths),
    images: view.images,
    built: view.built,
    downloadBytes: sizeOf(view.images, locked),
    profiles,
    needed,
    before: swarm ? undefined : await unrecordedOn(connection, probe, options, now),
    registry: named,
    endpoint: tunnel
      ? { pullFrom: tunnel.registry, passing: true }
      : await endpointFor(connection, { named, registry, pullRegistry }, { signal }),
    username: credentials?.username,
    isLocked: lock !== undefined,
    holder: `${userInfo().username}@${hostname()}, ${now.toISOString()}`,
    release: releaseId(now, Math.random()),
    time: now.toISOString(),
    choices,
  });
}

/** What somebody started by hand from a mirror compose file in the same place. */
async function unrecordedOn(
  connection: Connection,
  probe: HostProbe,
  options: DeployOptions,
  now: Date,
): Promise<Unrecorded | undefined> {
  const { signal } = options;
  if (probe.current !== undefined || probe.compose === undefined) return undefined;
  const project = deployed(probe, options);
  if (!project.files.every((name) => probe.files.get(name)?.kind === "file")) return undefined;
  let containers: readonly Container[];
  try {
    containers = await containersOf(connection, { ...project, list: listContainers(project) }, { signal });
  } catch (error) {
    // What compose cannot read there, nobody can go back to.
    if (error instanceof MirrorError && error.code === "host-ps") return undefined;
    throw error;
  }
  if (containers.length === 0) return undefined;
  const { files, envFiles, profiles } = project;
  const images = containers.map(({ name, image, imageId }) => ({ service: name, image, id: imageId }));
  const time = new Date(now.getTime() - 1000);
  const id = releaseId(time, Math.random());
  return {
    release: { id, time: time.toISOString(), files, envFiles, profiles, images, sent: {} },
    names: [...probe.files].flatMap(([name, { kind }]) => (kind === "file" && !isOutside(name) ? [name] : [])),
  };
}

async function rollbackOver(connection: Connection, options: DeployOptions): Promise<RollbackPlan> {
  const { signal, choices, release } = options;
  const probe = await probeHost(connection, dirOf(options), { signal });
  const now = new Date();
  const holder = `${userInfo().username}@${hostname()}, ${now.toISOString()}`;
  const project = deployed(probe, options);
  const { name } = options.bundle.source;
  const stack =
    options.orchestrator === "swarm"
      ? {
          name,
          services: (await stackServices(connection, { ...project, name }, { signal })).map((service) => service.name),
        }
      : undefined;
  return planRollback({ probe, project, release, holder, choices, stack });
}

/** The project as the release that runs there has it, else as it would be deployed. */
function deployed(found: HostProbe, { bundle, profiles, orchestrator }: DeployOptions): DeployedProject {
  const probe = orchestrator === "swarm" ? { ...found, compose: stackOf(found) } : found;
  const current = probe.releases.find(({ id }) => id === probe.current);
  const files = composeFilesFor(bundle, probe.compose).map(({ name }) => name);
  return projectOn(probe, current ?? { files, envFiles: envFilesFor(bundle), profiles });
}

/** The stack file in place of the compose file, and what the swarm runs of it now. */
async function stackFilesOf(
  connection: Connection,
  { source, mirror }: Bundle,
  {
    probe,
    view,
    signal,
  }: { readonly probe: HostProbe; readonly view: HostView; readonly signal: AbortSignal | undefined },
) {
  const services = new Set([...view.images.flatMap((image) => image.services), ...view.built]);
  const { text, warnings } = stackFile({ project: view.project, services });
  const [file] = mirror.composeFiles;
  const stack = { name: source.name, dir: probe.folder.path, access: accessTo(probe) };
  const running = await stackServices(connection, stack, { signal });
  return {
    composeFiles: [{ source: file!, text, name: STACK_FILE }] satisfies readonly BundleFile[],
    envFiles: [],
    translations: warnings,
    stack: { name: source.name, versions: running.map(({ name, version }) => `${source.name}_${name}=${version}`) },
  };
}

const STACK_FILE = "docker-stack-mirror.json";

function stackOf({ engine }: HostProbe): FoundCompose {
  return { flavour: "stack", version: engine?.server ?? "", command: [] };
}

/** What the lock says of images, by their names in the compose file. */
function lockedBy(lock: readonly LockedImage[] = [], registry: string | undefined): ReadonlyMap<string, LockedImage> {
  if (registry === undefined) return new Map();
  return new Map(lock.map((image) => [formatReference({ ...image.mirror, registry }), image]));
}

/** Bytes of the images in all, layers that they share counted for each; `undefined` when one is not known. */
function sizeOf(images: readonly WantedImage[], locked: ReadonlyMap<string, LockedImage>): number | undefined {
  const sizes = images.map(({ image }) => locked.get(image)?.size);
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}

function dirOf({ dir, bundle }: DeployOptions): string {
  return dir ?? defaultDir(bundle.source.name);
}

/**
 * A deploy from end to end: connect, look at the host, plan, and carry the plan out. A callback says what is
 * going on; the terminal decides how to show it.
 */
import { hostname, userInfo } from "node:os";
import type { Project } from "../compose/project.ts";
import { formatReference } from "../image/reference.ts";
import { MirrorError } from "../messages/errors.ts";
import { byCodePoint } from "../system/compare.ts";
import { storeName } from "../store/store-name.ts";
import { type DeployProgress, type DeployResult, executeDeploy, executeRollback, resultOf } from "./execute.ts";
import { buildFoldersOf, requireBuildFolders } from "./files/build-folders.ts";
import { areThere, checkedFiles, needsOfBundle } from "./files/bundle.ts";
import { isReplaced, placedFiles } from "./files/file-diff.ts";
import { isOutside, type NeededFile, projectFiles } from "./files/project-files.ts";
import type { Container } from "./host/containers.ts";
import { type Drift, driftOf } from "./host/drift.ts";
import { viewOf } from "./host/host-project.ts";
import { judgeHost } from "./host/judge.ts";
import { accessTo, type HostProbe, type ProbeOptions, probeHost, programsIn } from "./host/probe.ts";
import { type Endpoint, endpointFor } from "./host/pull-endpoint.ts";
import { layerSizes } from "./host/pull-progress.ts";
import { lockedBy } from "./host/locked-images.ts";
import type { DeployOptions } from "./options.ts";
import type { DeployedProject } from "./orchestrator/compose-project.ts";
import type { Running } from "./orchestrator/orchestrator.ts";
import { ORCHESTRATORS } from "./orchestrator/orchestrators.ts";
import { removedServices } from "./plan/desired-state.ts";
import { type DeployPlan, planDeploy, type Unrecorded } from "./plan/plan.ts";
import { type Release, readHistory, releaseId } from "./plan/release.ts";
import { planRollback, type RollbackPlan } from "./plan/rollback.ts";
import { settingsOf } from "./plan/settings.ts";
import { isUnchanged } from "./plan/unchanged.ts";
import { connect, type Connection, type ConnectOptions } from "./ssh/connection.ts";
import { requireInStore, throughTunnel, type Tunnel } from "./ssh/tunnel.ts";

export type DeployStage =
  | { readonly kind: "connecting" | "probing" }
  | { readonly kind: "planned"; readonly plan: DeployPlan; readonly layerSizes: ReadonlyMap<string, number> }
  | { readonly kind: "rolling-back"; readonly plan: RollbackPlan }
  | { readonly kind: "unchanged" }
  | DeployProgress;

type OnStage = (stage: DeployStage) => void;

/** Looks at `host` and plans; changes nothing there. Throws what `connect`, `probeHost` and `planDeploy` throw. */
export async function planFor(host: string, options: DeployOptions): Promise<DeployPlan> {
  return onHost(host, options, (connection) =>
    withTunnel(connection, options, async (tunnel) => (await planOver(connection, options, tunnel)).plan),
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
    return withTunnel(connection, options, async (tunnel) => {
      for (;;) {
        try {
          return await deployOver(connection, options, onStage, tunnel);
        } catch (error) {
          // Another deploy came first: what is to be done now is planned from what it left.
          if (!(error instanceof MirrorError && error.code === "host-changed")) throw error;
        }
      }
    });
  });
}

/** Throws `host-changed` when what it has planned for runs no longer; then nothing was done. */
async function deployOver(
  connection: Connection,
  options: DeployOptions,
  onStage: OnStage,
  tunnel?: Tunnel,
): Promise<DeployResult> {
  onStage({ kind: "probing" });
  const { plan, layerSizes: sizes, running, unchanged } = await planQuickly(connection, options, tunnel);
  onStage({ kind: "planned", plan, layerSizes: sizes });
  if (unchanged) {
    onStage({ kind: "unchanged" });
    return { ...resultOf(plan, running.containers, plan.previous?.id), unchanged };
  }
  const { credentials, signal, concurrency } = options;
  return executeDeploy(connection, plan, {
    password: credentials?.password,
    signal,
    concurrency,
    onProgress: onStage,
  });
}

/** The plan of `rollBack`; changes nothing. */
export async function rollbackPlanFor(host: string, options: DeployOptions): Promise<RollbackPlan> {
  return onHost(host, options, (connection) => rollbackOver(connection, options));
}

/**
 * Brings back an earlier release on `host`. Throws `release-none`, `release-unknown`, and what `connect`, `probeHost`
 * and `executeRollback` throw.
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
    onStage({ kind: "rolling-back", plan });
    return executeRollback(connection, plan, { signal: options.signal, onProgress: onStage });
  });
}

/** A release that the host keeps, or of which it keeps that it failed. */
export interface KeptRelease {
  readonly id: string;
  /** When it was deployed, ISO 8601. */
  readonly time: string;
  readonly state: "runs" | "ran" | "rejected" | "failed";
  /** Its images by service. */
  readonly images: Readonly<Record<string, string>>;
}

/** What `status` shows. */
export interface HostStatus extends DeployResult {
  /** When the release that runs was deployed, ISO 8601. */
  readonly deployed?: string;
  /** Ids of the releases that are kept, the newest last. */
  readonly releases: readonly string[];
  /** The same releases, with what is known of them, and those that failed. */
  readonly history: readonly KeptRelease[];
  /** Ids of deploys that never came to their end. */
  readonly unfinished: readonly string[];
  /** What runs, with more of each container. */
  readonly containers: readonly Container[];
  /** Services that run and that the release does not have. */
  readonly orphans: readonly string[];
  readonly drift: readonly Drift[];
}

/** What runs of the project on `host`. Throws what `connect`, `probeHost` and `Orchestrator.list` throw. */
export async function statusFor(host: string, options: DeployOptions): Promise<HostStatus> {
  return onHost(host, options, async (connection) => {
    const { signal, lock } = options;
    const probe = await probeHost(connection, options.dir, { signal });
    const project = projectOn(probe, options);
    const release = currentOf(probe);
    const isNew = probe.folder.state === "missing";
    const { containers } = await ORCHESTRATORS[options.orchestrator].list(connection, project, { signal, isNew });
    const services = release?.images.map(({ service }) => service) ?? [];
    return {
      ...resultOf(project, containers, probe.current),
      ...(release === undefined ? {} : { deployed: release.time }),
      releases: probe.releases.map(({ id }) => id),
      history: keptReleases(probe),
      unfinished: probe.unfinished,
      containers,
      orphans:
        release === undefined
          ? []
          : removedServices({ images: [], built: services, previous: release, containers, files: [] }),
      drift: driftOf(containers, release, lock),
    };
  });
}

function keptReleases({ releases, failed, current, history }: HostProbe): readonly KeptRelease[] {
  const { rejected } = readHistory(history, { releases, current });
  const stateOf = (id: string): KeptRelease["state"] =>
    id === current ? "runs" : rejected.has(id) ? "rejected" : "ran";
  return [
    ...releases.map((release) => ({ ...release, state: stateOf(release.id) })),
    ...failed.map((release) => ({ ...release, state: "failed" as const })),
  ]
    .map(({ id, time, state, images }) => ({
      id,
      time,
      state,
      images: Object.fromEntries(images.map(({ service, image }) => [service, image])),
    }))
    .toSorted((a, b) => byCodePoint(a.id, b.id));
}

/** What `host` is like. Throws what `connect` and `probeHost` throw. */
export async function lookAt(
  host: string,
  dir: string,
  options: Pick<ConnectOptions, "run" | "signal"> = {},
): Promise<HostProbe> {
  return onHost(host, options, (connection) => probeHost(connection, dir, { signal: options.signal }));
}

/** Opens a connection for as long as `body` takes. */
export async function onHost<T>(
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

interface Planned {
  readonly plan: DeployPlan;
  /** The bytes of the layers that are pulled, as `layerSizes` gives them. */
  readonly layerSizes: ReadonlyMap<string, number>;
  readonly running: Running;
  /** What is asked for runs already. */
  readonly unchanged?: true;
}

/**
 * The plan, by a look that takes no longer than it must: what the checks before have found is not asked again, and a
 * docker-compose of version 1 is started only when there is something to do.
 */
async function planQuickly(connection: Connection, options: DeployOptions, tunnel?: Tunnel): Promise<Planned> {
  const known = options.known?.get(connection.host);
  const planned = await planOver(connection, options, tunnel, { known, quick: true });
  if (planned.unchanged || planned.plan.probe.compose?.recorded !== true) return planned;
  return planOver(connection, options, tunnel);
}

async function planOver(
  connection: Connection,
  options: DeployOptions,
  tunnel?: Tunnel,
  look: Pick<ProbeOptions, "known" | "quick"> = {},
): Promise<Planned> {
  const { bundle, profiles, credentials, lock, choices, signal } = options;
  const orchestrator = ORCHESTRATORS[options.orchestrator];
  const filesOf = (project: Project): Promise<readonly NeededFile[]> =>
    projectFiles(project, {
      envFiles: bundle.mirror.envFiles,
      ...(orchestrator.readsSources ? {} : { composeFiles: [] }),
      allowPaths: options.allowPaths,
    });
  const own = await filesOf(bundle.mirror);
  const names = [...new Set([...orchestrator.fileNames(bundle), ...namesOf(own, bundle.mirror)])];
  const first = await probeHost(connection, options.dir, { ...look, names, signal });
  const needs = needsOfBundle(bundle, first.compose);
  const manifests = await options.manifests();
  const { errors, warnings } = judgeHost(first, { ...needs, manifests, sudo: choices.sudo }, orchestrator);
  if (errors[0] !== undefined) throw errors[0];
  const locked = lockedBy(lock, bundle.registry);
  const { send } = choices;
  const replacesEnvFile = own.some((file) => file.name === ".env" && isReplaced(file, first, send));
  const view = await viewOf(bundle, first, { profiles, send, replacesEnvFile, locked });
  const { built } = view;
  // The host's own `.env` may lead to other files than the one here.
  const needed = await filesOf(view.project);
  const buildFolders = buildFoldersOf(view.project);
  const others = namesOf(needed, view.project).filter((name) => !names.includes(name));
  const probe =
    others.length === 0
      ? first
      : await probeHost(connection, options.dir, { known: programsIn(first), names: [...names, ...others], signal });
  const images = view.images.map((image) => ({ ...image, size: locked.get(image.image)?.size }));
  requireBuildFolders(buildFolders, {
    host: probe.host,
    dir: probe.folder.path,
    found: probe.files,
    wanted: (service) => probe.compose?.flavour === "v1" || built.includes(service),
  });
  const services = new Set([...images.flatMap((image) => image.services), ...built]);
  const before = projectOn(probe, options);
  const placed = placedFiles(needed, probe, send);
  const files = await orchestrator.files({ bundle, probe, services, project: view.project, name: before.name, placed });
  const project: DeployedProject = {
    ...before,
    files: files.composeFiles.map(({ name }) => name),
    envFiles: files.envFiles,
    profiles,
  };
  const running = await orchestrator.list(connection, project, { signal, isNew: probe.folder.state === "missing" });
  if (running.containers.length === 0) {
    await orchestrator.requireOwnName(connection, project, { name: view.name, signal });
  }
  const composeFiles = await checkedFiles(files.composeFiles, bundle, options.allowPaths);
  const otherFiles = !(await areThere(composeFiles, probe.files));
  const now = new Date();
  const plan = planDeploy({
    probe,
    project,
    orchestrator,
    usesEnvFile: needs.usesEnvFile,
    composeFiles,
    settings: settingsOf(view.project, services),
    otherFiles,
    images,
    built,
    running,
    needed,
    before: unrecordedOn(probe, project, running, now),
    registry: bundle.registry,
    endpoint: await reachedBy(connection, options, tunnel, images),
    username: credentials?.username,
    warnings: [...warnings, ...options.warnings, ...files.warnings],
    isLocked: lock !== undefined,
    holder: holderOf(now),
    release: releaseId(now, Math.random()),
    time: now.toISOString(),
    choices,
  });
  const unchanged = choices.send !== "all" && isUnchanged(plan, { containers: running.containers, built, otherFiles });
  const layers = new Map(manifests.map((manifest) => [manifest.name, manifest.layers]));
  const sizes = layerSizes(
    images.map(({ image }) => {
      const known = locked.get(image);
      return known && layers.get(formatReference(known.mirror));
    }),
  );
  return { plan, layerSizes: sizes, running, ...(unchanged ? { unchanged } : {}) };
}

/** The names in the host's folder that a project needs. */
function namesOf(files: readonly NeededFile[], project: Project): readonly string[] {
  return [...files, ...buildFoldersOf(project)].map(({ name }) => name);
}

/** By which name the host pulls mirrored images. Throws `tunnel-missing`. */
async function reachedBy(
  connection: Connection,
  { bundle, registry, pullRegistry, signal }: DeployOptions,
  tunnel: Tunnel | undefined,
  images: DeployPlan["images"],
): Promise<Endpoint> {
  if (tunnel === undefined) {
    return endpointFor(connection, { named: bundle.registry, registry, pullRegistry }, { signal });
  }
  requireInStore(
    tunnel,
    images.filter(({ mirrored }) => mirrored).map(({ reference }) => storeName(reference)),
  );
  return { pullFrom: tunnel.registry, ephemeral: true };
}

/** What somebody started by hand from a mirror compose file in the same place. */
function unrecordedOn(
  probe: HostProbe,
  { files, envFiles, profiles }: DeployedProject,
  { containers, versions }: Running,
  now: Date,
): Unrecorded | undefined {
  if (probe.current !== undefined || containers.length === 0 || versions.length > 0) return undefined;
  if (!files.every((name) => probe.files.get(name)?.kind === "file")) return undefined;
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
  const orchestrator = ORCHESTRATORS[options.orchestrator];
  const probe = await probeHost(connection, options.dir, { signal });
  const project = projectOn(probe, options);
  const running = await orchestrator.list(connection, project, { signal, isNew: probe.folder.state === "missing" });
  return planRollback({ probe, project, orchestrator, running, release, holder: holderOf(new Date()), choices });
}

function currentOf({ releases, current }: HostProbe): Release | undefined {
  return releases.find(({ id }) => id === current);
}

/** The project as the release that runs there has it. Throws `host-docker-missing`, `host-compose-missing`. */
export function projectOn(probe: HostProbe, { bundle, profiles: asked, orchestrator }: DeployOptions): DeployedProject {
  const { host, folder } = probe;
  const compose = ORCHESTRATORS[orchestrator].runtime(probe);
  if (probe.engine === undefined) throw new MirrorError("host-docker-missing", { host });
  if (compose === undefined) throw new MirrorError("host-compose-missing", { host });
  const { files, envFiles, profiles } = currentOf(probe) ?? { files: [], envFiles: [], profiles: asked };
  const { name } = bundle.source;
  return { name, host, dir: folder.path, access: accessTo(probe), compose, files, envFiles, profiles };
}

function holderOf(now: Date): string {
  return `${userInfo().username}@${hostname()}, ${now.toISOString()}`;
}

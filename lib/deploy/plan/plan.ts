/**
 * A deploy as data: what will be done on the host, in order, with the exact command of every step. Nothing happens
 * here; a dry run shows the very plan that `executeDeploy` carries out.
 *
 * All or nothing: files arrive aside, and every image is pulled and compared, before anything in place is touched. So
 * until `place` a failure leaves the host as it was. After it the steps of `rollback` bring back the previous release.
 */
import { MirrorError } from "../../messages/errors.ts";
import type { Message } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { isRegistryHost } from "../../image/reference.ts";
import { diffFiles, type SendMode } from "../files/file-diff.ts";
import type { NeededFile } from "../files/project-files.ts";
import { type HostProbe, takesPasswordOnInput } from "../host/probe.ts";
import type { Endpoint } from "../host/pull-endpoint.ts";
import { acquireLock, loginFolder } from "../host/remote.ts";
import type { DeployedProject } from "../orchestrator/compose-project.ts";
import type { Orchestrator, Running } from "../orchestrator/orchestrator.ts";
import type { RemoteCommand } from "../ssh/connection.ts";
import {
  filesOnlyIn,
  removedFiles,
  removedServices,
  serviceChanges,
  type ServiceChange,
  servicesOf,
} from "./desired-state.ts";
import type { BundleFile } from "../files/bundle-file.ts";
import type { Release, SentFile } from "./release.ts";
import type { Settings } from "./settings.ts";
import type { DeployStep } from "./step.ts";
import {
  keepStep,
  loginStep,
  placeStep,
  pruneFailedSteps,
  pruneSteps,
  type Pulled,
  pulledBy,
  pullStep,
  recordFailedStep,
  recordStep,
  removeFilesSteps,
  removeImagesStep,
  sendStep,
  tagSteps,
  verifyStep,
  type WantedImage,
} from "./steps.ts";

/** What the user chooses. */
export interface DeployChoices {
  readonly send: SendMode;
  /** docker is called as root where it answers root only. */
  readonly sudo: boolean;
  /** The host stays logged in. */
  readonly keepLogin: boolean;
  /** A failed deploy goes back to the previous release. */
  readonly rollback: boolean;
  /** Seconds that services may take to get healthy. */
  readonly waitSeconds: number;
  /** Seconds to wait for another deploy to end. */
  readonly lockSeconds: number;
  /** Releases to keep on the host, the new one included. */
  readonly keep: number;
  /** Services that run and that the project no longer has are left running. */
  readonly keepOrphans: boolean;
  /** Changed services are restarted one after another. */
  readonly oneByOne: boolean;
}

export interface DeployRequest {
  readonly probe: HostProbe;
  /** The project on the host, as this deploy will have it. */
  readonly project: DeployedProject;
  readonly orchestrator: Orchestrator;
  /** The compose files in merge order; never empty. */
  readonly composeFiles: readonly BundleFile[];
  /** What the project reads besides its compose files. */
  readonly needed: readonly NeededFile[];
  /** What the services will run, each image once. */
  readonly images: readonly WantedImage[];
  /** Services that are built on the host. */
  readonly built: readonly string[];
  /** The configuration of each service, as a digest. */
  readonly settings: Settings;
  /** The compose files differ from those on the host. */
  readonly otherFiles: boolean;
  /** What runs there now. */
  readonly running: Running;
  /** The registry that the mirrored images are named by. */
  readonly registry?: string | undefined;
  /** By which name the host reaches it. */
  readonly endpoint: Endpoint;
  /** Absent when no credentials are known: the host's own login is then relied on. */
  readonly username?: string | undefined;
  /** What was found so far. */
  readonly warnings: readonly Message[];
  /** The project reads an env file. */
  readonly usesEnvFile: boolean;
  /** A lock file says what the images are to be. */
  readonly isLocked: boolean;
  readonly before?: Unrecorded | undefined;
  /** Who deploys, for those who wait for the lock. */
  readonly holder: string;
  /** The id of the release that this deploy makes. */
  readonly release: string;
  /** ISO 8601. */
  readonly time: string;
  readonly choices: DeployChoices;
}

/** What runs on the host although no deploy has recorded it, because somebody started it by hand. */
export interface Unrecorded {
  /** It as a release, which it becomes so that there is something to go back to. */
  readonly release: Release;
  /** Names of its files. */
  readonly names: readonly string[];
}

export interface DeployPlan extends DeployedProject {
  readonly probe: HostProbe;
  readonly release: string;
  readonly time: string;
  /** Everything that goes to the host, the compose files first. */
  readonly shipped: readonly BundleFile[];
  /** Names of files that the host has and that are kept with the release. */
  readonly kept: readonly string[];
  readonly sent: Readonly<Record<string, SentFile>>;
  /** Names of files that go, because nothing names them any more. */
  readonly removedFiles: readonly string[];
  /** The release that runs; the one to go back to. */
  readonly previous?: Release;
  /** The registry that the host pulls mirrored images from; absent when none is mirrored. */
  readonly registry?: string;
  /** Absent when the host's own login is relied on. */
  readonly login?: { readonly registry: string; readonly username: string };
  readonly images: readonly WantedImage[];
  readonly changes: readonly ServiceChange[];
  /** What pulling brings at most, by the lock; absent when it does not tell. */
  readonly downloadBytes?: number;
  /** Acquires the lock, which is held to the end. */
  readonly lock: RemoteCommand;
  readonly steps: readonly DeployStep[];
  /** What is done when a step after `place` fails; empty when there is nothing to go back to. */
  readonly rollback: readonly DeployStep[];
  readonly warnings: readonly Message[];
}

/**
 * The plan for the host that `probe` describes. Throws `ship-missing`, `ship-outside`, `image-pinned` and
 * `registry-invalid`, all before anything was touched.
 */
export function planDeploy(request: DeployRequest): DeployPlan {
  const { probe, project, orchestrator, composeFiles, images, built, registry, release, time, holder, choices } =
    request;
  const { running, endpoint, settings, otherFiles } = request;
  const { keepLogin, lockSeconds, waitSeconds, keep } = choices;
  checkRegistries(registry, endpoint.pullFrom);
  checkPins(images, endpoint.pullFrom);
  const { dir } = project;
  const files = composeFiles.map(({ name }) => name);
  const services = new Set([...images.flatMap((image) => image.services), ...built]);
  const needed = request.needed.filter(({ name }) => !files.includes(name));
  const diff = diffFiles({ needed, probe, services, mode: choices.send });
  const shipped: readonly BundleFile[] = [...composeFiles, ...diff.sent];

  const { login, warnings: loginWarnings } = loginFor(request);
  const loginAt = login === undefined || keepLogin ? undefined : loginFolder(dir);
  const current = probe.releases.find(({ id }) => id === probe.current);
  const before = current === undefined ? request.before : undefined;
  const previous = current ?? before?.release;
  const runs = new Set(previous?.images.map(({ service }) => service));
  const known = new Set([...files, ...request.needed.map(({ name }) => name)]);
  const gone = choices.send === "none" ? {} : removedFiles(previous, known);
  const affected = [...new Set([...diff.affected, ...usersOf(gone)])].filter((name) => services.has(name)).toSorted();
  const recreate = affected.filter((name) => runs.has(name));
  const state = { images, built, previous, containers: running.containers, files, affected, settings, otherFiles };
  const changes = serviceChanges(state).filter(({ change }) => change !== "removed" || !choices.keepOrphans);
  const orphans = removedServices(state);
  const label = running.containers.find(({ project: name }) => name !== "")?.project;
  const pulled = images.map((image) => pulledBy(image, endpoint.pullFrom));
  const starting = { recreate, waitSeconds, login: loginAt, label };
  const changed = changes.filter(({ change }) => change === "added" || change === "changed");
  const added = changes.filter(({ change }) => change === "added").map(({ service }) => service);
  const undo = orchestrator.undo(project, {
    ...starting,
    target: previous,
    running,
    everything: false,
    removed: [...new Set([...added, ...leftByUnfinished(request, previous, files)])].toSorted(),
    removedFiles: broughtFiles(diff.sums, previous, probe),
  });
  const recorded = {
    id: release,
    time,
    files,
    envFiles: project.envFiles,
    profiles: project.profiles,
    sent: diff.sums,
    settings,
    runtime: project.compose.version,
  };
  return {
    ...project,
    files,
    probe,
    release,
    time,
    shipped,
    kept: diff.kept,
    sent: diff.sums,
    removedFiles: Object.keys(gone),
    ...(previous === undefined ? {} : { previous }),
    ...(registry === undefined ? {} : { registry: endpoint.pullFrom ?? registry }),
    ...(login === undefined ? {} : { login }),
    images,
    changes,
    ...downloadOf(images),
    lock: acquireLock(dir, holder, lockSeconds),
    steps: [
      sendStep(dir, shipped),
      ...(login === undefined ? [] : [loginStep(project, login, loginAt)]),
      ...pulled.map((each) => pullStep(project, each, loginAt)),
      ...(pulled.length === 0 ? [] : [verifyStep(project, pulled), ...tagSteps(project, pulled)]),
      ...(before === undefined ? [] : [keepStep(dir, before.release, before.names)]),
      placeStep(dir, release, diff.kept),
      ...removeFilesSteps(dir, gone),
      ...orchestrator.start(project, {
        ...starting,
        services: [...services].toSorted(),
        oneByOne: choices.oneByOne ? changed.map(({ service }) => service).filter((name) => runs.has(name)) : [],
        refreshes: images.some(({ refreshes }) => refreshes),
        removed: choices.keepOrphans ? [] : orphans,
      }),
      recordStep(dir, recorded, images),
      ...(endpoint.ephemeral ? [removeImagesStep(project, namesOf(pulled))] : []),
      ...pruneSteps(project, probe.releases, { keep, current: probe.current, unfinished: probe.unfinished }),
      ...pruneFailedSteps(project.dir, probe.failed, keep),
      ...orchestrator.prune(project),
    ],
    rollback: undo.length === 0 || !choices.rollback ? [] : [...undo, ...cleanUp(request, pulled)],
    warnings: [
      ...request.warnings,
      ...envFileWarnings(request, shipped),
      ...loginWarnings,
      ...diff.warnings,
      ...(choices.keepOrphans && orphans.length > 0
        ? [message("warning-orphans", { host: project.host, services: orphans })]
        : []),
      ...built.map((service) => message("warning-built-on-host", { host: project.host, service })),
      ...(endpoint.unreached === undefined
        ? []
        : [message("warning-pull-registry-unreachable", { host: project.host, registry: endpoint.unreached })]),
      ...(request.isLocked ? [] : [message("warning-lock-missing")]),
    ],
  };
}

/** Bytes of the images in all, layers that they share counted for each; nothing when one is not known. */
function downloadOf(images: readonly WantedImage[]): Pick<DeployPlan, "downloadBytes"> {
  const sizes = images.flatMap(({ size }) => size ?? []);
  return sizes.length < images.length ? {} : { downloadBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function checkRegistries(...names: readonly (string | undefined)[]): void {
  for (const name of names) {
    if (name !== undefined && !isRegistryHost(name)) {
      throw new MirrorError("registry-invalid", { registry: name, detail: message("registry-no-host") });
    }
  }
}

/** Throws `image-pinned` when images are wanted by a name that their digests do not know. */
function checkPins(images: readonly WantedImage[], registry: string | undefined): void {
  const pinned = images.filter(({ reference, mirrored }) => mirrored && reference.digest !== undefined);
  if (registry === undefined || pinned.length === 0) return;
  throw new MirrorError("image-pinned", { images: pinned.map(({ image }) => image), registry });
}

function loginFor({ probe, registry, endpoint, username }: DeployRequest): {
  readonly login: DeployPlan["login"];
  readonly warnings: readonly Message[];
} {
  if (registry === undefined || endpoint.ephemeral) return { login: undefined, warnings: [] };
  const values = { host: probe.host, registry: endpoint.pullFrom ?? registry };
  if (username === undefined) return { login: undefined, warnings: [message("warning-login-skipped", values)] };
  if (takesPasswordOnInput(probe)) return { login: { registry: values.registry, username }, warnings: [] };
  const version = probe.engine?.client ?? "";
  return { login: undefined, warnings: [message("warning-login-unsupported", { ...values, version })] };
}

/** The project reads an env file, and none is there nor on its way. */
function envFileWarnings({ probe, usesEnvFile }: DeployRequest, shipped: readonly BundleFile[]): readonly Message[] {
  const { host, folder } = probe;
  const isThere = folder.hasEnvFile || shipped.some(({ name }) => name === ".env");
  return usesEnvFile && !isThere ? [message("warning-env-file-missing", { host, dir: folder.path })] : [];
}

/** The files that this deploy brings and the host had not in any shape. */
function broughtFiles(
  sent: Readonly<Record<string, SentFile>>,
  previous: Release | undefined,
  probe: HostProbe,
): Readonly<Record<string, SentFile>> {
  return Object.fromEntries(Object.entries(filesOnlyIn({ sent }, previous)).filter(([name]) => !probe.files.has(name)));
}

/** The services that an unfinished deploy has added to the `previous` release. */
function leftByUnfinished(
  { probe, running, choices }: DeployRequest,
  previous: Release | undefined,
  files: readonly string[],
): readonly string[] {
  if (probe.unfinished.length === 0 || choices.keepOrphans) return [];
  return removedServices({
    images: [],
    built: servicesOf(previous),
    previous,
    containers: running.containers,
    files,
  });
}

function usersOf(files: Readonly<Record<string, SentFile>>): readonly string[] {
  return Object.values(files).flatMap(({ services }) => services);
}

/** The names that were good for the pull alone. */
function namesOf(pulled: readonly Pulled[]): readonly string[] {
  return pulled.filter(({ image }) => image.mirrored).map(({ from }) => from);
}

/**
 * Takes away what only the failed deploy had: its files, and images of the mirror that no kept release has. That it
 * failed is recorded.
 */
function cleanUp(
  { project, probe, images, release, time, choices: { keep } }: DeployRequest,
  pulled: readonly Pulled[],
): readonly DeployStep[] {
  const kept = new Set(
    probe.releases.flatMap((each) => each.images.flatMap(({ pulledBy: by }) => by?.split("@")[1] ?? [])),
  );
  const unwanted = pulled.filter(
    ({ image: { digest, mirrored } }) => mirrored && digest !== undefined && !kept.has(digest),
  );
  return [
    ...(unwanted.length === 0 ? [] : [removeImagesStep(project, namesOf(unwanted))]),
    recordFailedStep(project.dir, { id: release, time }, images),
    // One more has come.
    ...pruneFailedSteps(project.dir, probe.failed, keep - 1),
  ];
}

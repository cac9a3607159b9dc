/**
 * A deploy as data: what will be done on the host, in order, with the exact command of every step. Nothing happens
 * here; a dry run shows the very plan that `executeDeploy` carries out.
 *
 * All or nothing: files arrive aside, and every image is pulled and compared, before anything in place is touched. So
 * until `place` a failure leaves the host as it was. After it the steps of `rollback` bring back the release before.
 */
import { MirrorError } from "../../messages/errors.ts";
import { formatReference, isRegistryHost, parseReference } from "../../image/reference.ts";
import type { BundleFile } from "../files/bundle-file.ts";
import type { NeededFile } from "../files/project-files.ts";
import type { Endpoint } from "../host/pull-endpoint.ts";
import { type DeployWarning, type HostNeeds, type HostProbe, judgeHost, takesPasswordOnInput } from "../host/probe.ts";
import { type ComposeArguments, type DeployedProject, projectOn } from "../orchestrator/compose-project.ts";
import type { Release, SentFile } from "./release.ts";
import {
  dropReleases,
  hold,
  keepAs,
  loginFolder,
  onEngine,
  place,
  receive,
  record,
  removeImages,
  restore,
} from "../host/remote.ts";
import { diffFiles, type SendMode } from "../files/file-diff.ts";
import type { RemoteCommand } from "../ssh/connection.ts";
import { convergeStep, type Stack, stackReturnStep, stackStep } from "../orchestrator/swarm.ts";
import {
  type DeployStep,
  pruneSteps,
  pullStep,
  returnSteps,
  startSteps,
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
  /** A failed deploy goes back to the release before. */
  readonly rollback: boolean;
  /** Seconds that services may take to get healthy. */
  readonly waitSeconds: number;
  /** Seconds to wait for another deploy to end. */
  readonly lockSeconds: number;
  /** Releases to keep on the host, the new one included. */
  readonly keep: number;
}

export interface DeployRequest extends Omit<HostNeeds, "sudo">, Omit<ComposeArguments, "files"> {
  readonly probe: HostProbe;
  /** The compose files in merge order; never empty. */
  readonly composeFiles: readonly BundleFile[];
  /** What the project reads besides its compose files. */
  readonly needed: readonly NeededFile[];
  /** What the services will run, each image once. */
  readonly images: readonly WantedImage[];
  /** Services that are built on the host. */
  readonly built: readonly string[];
  /** The registry that the mirrored images are named by. */
  readonly registry?: string | undefined;
  /** By which name the host reaches it. */
  readonly endpoint: Endpoint;
  /** Absent when no credentials are known: the host's own login is then relied on. */
  readonly username?: string | undefined;
  /** Bytes of the images by the lock. */
  readonly downloadBytes?: number | undefined;
  /** What was left out or translated on the way here. */
  readonly translations?: readonly DeployWarning[];
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
  /** Where the services run in a swarm: its stack, and the services that it has now, as `NAME=VERSION`. */
  readonly stack?: { readonly name: string; readonly versions: readonly string[] } | undefined;
}

/** What runs on the host although no deploy has recorded it, because somebody started it by hand. */
export interface Unrecorded {
  /** It as a release, which it becomes so that there is something to go back to. */
  readonly release: Release;
  /** Names of its files. */
  readonly names: readonly string[];
}

/** What becomes of a service. */
export interface ServiceChange {
  readonly service: string;
  /** What it ran in the release before. */
  readonly from?: { readonly image: string; readonly digest?: string };
  readonly to: { readonly image: string; readonly digest?: string };
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
  readonly before?: Unrecorded;
  /** The registry that the host pulls mirrored images from; absent when none is mirrored. */
  readonly registry?: string;
  /** Absent when the host's own login is relied on. */
  readonly login?: { readonly registry: string; readonly username: string };
  readonly images: readonly WantedImage[];
  readonly changes: readonly ServiceChange[];
  /** What pulling brings at most, by the lock; absent when it does not tell. */
  readonly downloadBytes?: number;
  /** Takes the lock, which is held to the end. */
  readonly hold: RemoteCommand;
  readonly steps: readonly DeployStep[];
  /** What is done when a step after `place` fails; empty when there is nothing to go back to. */
  readonly rollback: readonly DeployStep[];
  readonly waitSeconds: number;
  /** The stack's name, where the services run in a swarm. */
  readonly stack?: string;
  readonly warnings: readonly DeployWarning[];
}

/**
 * The plan for the host that `probe` describes. Throws the first error that `judgeHost` finds, `ship-missing`,
 * `ship-outside` and `registry-invalid`, all before anything was touched.
 */
export function planDeploy(request: DeployRequest): DeployPlan {
  const { probe, composeFiles, images, built, registry, release, time, holder, choices } = request;
  const { pullFrom, unreached } = request.endpoint;
  const { keepLogin, lockSeconds, waitSeconds, keep } = choices;
  for (const name of [registry, pullFrom]) {
    if (name !== undefined && !isRegistryHost(name)) {
      throw new MirrorError("registry-invalid", { registry: name, detail: "it is not a host" });
    }
  }
  checkPins(images, pullFrom);
  const { errors, warnings } = judgeHost(probe, { ...request, sudo: choices.sudo, swarm: request.stack !== undefined });
  if (errors[0] !== undefined) throw errors[0];

  const files = composeFiles.map(({ name }) => name);
  const project = projectOn(probe, { ...request, files });
  const { dir } = project;
  const services = new Set([...images.flatMap((image) => image.services), ...built]);
  const needed = request.needed.filter(({ name }) => !files.includes(name));
  const sending = diffFiles({ needed, probe, services, mode: choices.send });
  const shipped: readonly BundleFile[] = [...composeFiles, ...sending.sent];

  const { login, warnings: loginWarnings } = loginFor(request);
  const loginAt = login === undefined || keepLogin ? undefined : loginFolder(dir);
  const current = probe.releases.find(({ id }) => id === probe.current);
  const before = current === undefined ? request.before : undefined;
  const previous = current ?? before?.release;
  const runs = new Set(previous?.images.map(({ service }) => service));
  const recreate = sending.affected.filter((name) => runs.has(name));
  const forget: DeployStep = { kind: "prune", command: dropReleases(dir, [release]), values: { count: 1 } };
  const starting =
    request.stack === undefined
      ? composeSteps(project, request, { recreate, loginAt, previous })
      : stackSteps(project, request, { loginAt, previous });
  return {
    ...project,
    probe,
    release,
    time,
    shipped,
    kept: sending.kept,
    sent: sending.sums,
    ...(before === undefined ? {} : { before }),
    ...(registry === undefined ? {} : { registry: pullFrom ?? registry }),
    ...(login === undefined ? {} : { login }),
    images,
    changes: changesOf(images, previous),
    ...(request.downloadBytes === undefined ? {} : { downloadBytes: request.downloadBytes }),
    hold: hold(dir, holder, lockSeconds),
    steps: [
      { kind: "send", command: receive(dir), feed: "archive", values: { count: shipped.length } },
      ...(login === undefined ? [] : [loginStep(project, login, loginAt)]),
      ...images.map((image) => pullStep(project, image, { login: loginAt, name: otherName(image, pullFrom) })),
      ...(images.length === 0 ? [] : [verifyStep(project, images)]),
      ...(before === undefined ? [] : [keepStep(dir, before.release.id)]),
      { kind: "place", command: place(dir, release), feed: "names" },
      ...starting.steps,
      { kind: "record", command: record(dir, release), feed: "release", values: { release } },
      ...(request.endpoint.passing ? [forgetStep(project, images, pullFrom)] : []),
      ...pruneSteps(project, probe.releases, { keep, current: probe.current }),
    ],
    rollback: starting.back.length === 0 ? [] : [...starting.back, forget],
    waitSeconds,
    ...(request.stack === undefined ? {} : { stack: request.stack.name }),
    warnings: [
      ...warnings,
      ...loginWarnings,
      ...sending.warnings,
      ...(request.translations ?? []),
      ...built.map((service): DeployWarning => ({ code: "built-on-host", values: { host: project.host, service } })),
      ...(unreached === undefined
        ? []
        : [{ code: "pull-registry-unreachable", values: { host: project.host, registry: unreached } } as const]),
      ...(request.isLocked ? [] : [{ code: "lock-missing", values: {} } as const]),
    ],
  };
}

/** How services are started, and how they are brought back; nothing where there is nothing to go back to. */
interface Starting {
  readonly steps: readonly DeployStep[];
  readonly back: readonly DeployStep[];
}

interface Circumstances {
  readonly loginAt: string | undefined;
  /** The release that runs now. */
  readonly previous: Release | undefined;
}

function composeSteps(
  project: DeployedProject,
  { images, choices: { waitSeconds, rollback } }: DeployRequest,
  { recreate, loginAt, previous }: Circumstances & { readonly recreate: readonly string[] },
): Starting {
  return {
    steps: startSteps(project, { recreate, refreshes: images.some(({ refreshes }) => refreshes), waitSeconds }),
    back:
      previous === undefined || !rollback
        ? []
        : returnSteps(project, previous, { login: loginAt, recreate, waitSeconds }),
  };
}

function stackSteps(
  { dir, access, files }: DeployedProject,
  { stack, choices: { waitSeconds, rollback } }: DeployRequest,
  { loginAt, previous }: Circumstances,
): Starting {
  const { name, versions } = stack!;
  const target: Stack = { name, dir, access, files, login: loginAt };
  const converge = convergeStep(target, waitSeconds);
  const filesBack: readonly DeployStep[] =
    previous === undefined
      ? []
      : [{ kind: "restore", command: restore(dir, previous.id), values: { release: previous.id } }];
  return {
    steps: [stackStep(target), converge],
    back: versions.length === 0 || !rollback ? [] : [...filesBack, stackReturnStep(target, versions), converge],
  };
}

function loginFor({ probe, registry, endpoint, username }: DeployRequest): {
  readonly login: DeployPlan["login"];
  readonly warnings: readonly DeployWarning[];
} {
  if (registry === undefined || endpoint.passing) return { login: undefined, warnings: [] };
  const values = { host: probe.host, registry: endpoint.pullFrom ?? registry };
  if (username === undefined) return { login: undefined, warnings: [{ code: "login-skipped", values }] };
  if (takesPasswordOnInput(probe)) return { login: { registry: values.registry, username }, warnings: [] };
  const version = probe.engine?.client ?? "";
  return { login: undefined, warnings: [{ code: "login-unsupported", values: { ...values, version } }] };
}

function loginStep(
  { access }: DeployedProject,
  { registry, username }: NonNullable<DeployPlan["login"]>,
  loginAt: string | undefined,
): DeployStep {
  const command = ["docker", "login", `--username=${username}`, "--password-stdin", registry];
  return { kind: "login", command: onEngine(access, command, loginAt), feed: "password", values: { registry } };
}

function keepStep(dir: string, release: string): DeployStep {
  return { kind: "keep", command: keepAs(dir, release), feed: "before", values: { release } };
}

/** Throws `image-pinned` when images are wanted by a name that their digests do not know. */
function checkPins(images: readonly WantedImage[], registry: string | undefined): void {
  const pinned = images.filter(({ image, mirrored }) => mirrored && parseReference(image).digest !== undefined);
  if (registry === undefined || pinned.length === 0) return;
  const names = pinned.map(({ image }) => `"${image}"`).join(", ");
  throw new MirrorError("image-pinned", { images: names, registry });
}

/** The image's name at the registry `pullFrom`. */
function otherName({ image, mirrored }: WantedImage, pullFrom: string | undefined): string | undefined {
  return pullFrom === undefined || !mirrored
    ? undefined
    : formatReference({ ...parseReference(image), registry: pullFrom });
}

/** Takes away the names that were good for the pull alone. */
function forgetStep(
  { access }: DeployedProject,
  images: readonly WantedImage[],
  pullFrom: string | undefined,
): DeployStep {
  const names = images.flatMap((image) => otherName(image, pullFrom) ?? []);
  return { kind: "prune", command: removeImages(onEngine(access, ["docker"]), names), values: { count: names.length } };
}

function changesOf(images: readonly WantedImage[], previous: Release | undefined): readonly ServiceChange[] {
  const before = new Map(previous?.images.map((each) => [each.service, each]));
  return images
    .flatMap(({ image, digest, services }) =>
      services.map((service): ServiceChange => {
        const old = before.get(service);
        const oldDigest = old?.pulledBy?.split("@")[1];
        return {
          service,
          ...(old === undefined
            ? {}
            : { from: { image: old.image, ...(oldDigest === undefined ? {} : { digest: oldDigest }) } }),
          to: { image, ...(digest === undefined ? {} : { digest }) },
        };
      }),
    )
    .toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

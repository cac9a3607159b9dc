/** Going back to a release that the host keeps, as data. */
import { MirrorError } from "../../messages/errors.ts";
import { byCodePoint } from "../../system/compare.ts";
import type { HostProbe } from "../host/probe.ts";
import { acquireLock } from "../host/remote.ts";
import type { DeployedProject } from "../orchestrator/compose-project.ts";
import type { Orchestrator, Running } from "../orchestrator/orchestrator.ts";
import type { RemoteCommand } from "../ssh/connection.ts";
import { filesOnlyIn, type NamedImage, removedServices, type ServiceChange, servicesOf } from "./desired-state.ts";
import type { DeployChoices } from "./plan.ts";
import { previousRelease, type Release, type ReleaseImage } from "./release.ts";
import type { DeployStep } from "./step.ts";
import { dropUnfinishedSteps } from "./steps.ts";

export interface RollbackPlan extends DeployedProject {
  /** The release that runs. */
  readonly current?: Release;
  /** The release to go back to. */
  readonly target: Release;
  /** What becomes of every service, in code-point order; `added` is one that comes back. */
  readonly changes: readonly ServiceChange[];
  /** Services that the target does not have, which are removed. */
  readonly removed: readonly string[];
  /** Ids of deploys that never came to their end, which are taken back too. */
  readonly unfinished: readonly string[];
  /** Acquires the lock, which is held to the end. */
  readonly lock: RemoteCommand;
  /** What it was planned for, as `HostProbe` has it. */
  readonly stamp: string;
  readonly steps: readonly DeployStep[];
}

export interface RollbackRequest {
  readonly probe: HostProbe;
  /** The project as it runs now. */
  readonly project: DeployedProject;
  readonly orchestrator: Pick<Orchestrator, "reach" | "undo">;
  /** What runs now. */
  readonly running: Running;
  /** The id of the release to go back to; the one that ran before by default. */
  readonly release?: string | undefined;
  readonly holder: string;
  readonly choices: Pick<DeployChoices, "waitSeconds" | "lockSeconds">;
}

/**
 * The way back from what runs: by default from an unfinished deploy to the release that it was to replace, else to the
 * release that ran before the current one. Throws `release-none` and `release-unknown`.
 */
export function planRollback(request: RollbackRequest): RollbackPlan {
  const { probe, project, orchestrator, running, holder, choices } = request;
  const { waitSeconds, lockSeconds } = choices;
  const { dir } = project;
  const target = targetOf(request);
  const current = probe.releases.find(({ id }) => id === probe.current);
  const { files, envFiles, profiles } = target;
  const images = target.images.length === 0 ? [] : servicesOf(target);
  const removed = removedServices({
    images: [],
    built: images,
    previous: current,
    containers: running.containers,
    files,
  });
  const { unfinished } = probe;
  // What an unfinished deploy has changed is not known: whoever mounts a file is recreated.
  const known = unfinished.length > 0 ? undefined : current;
  const recreate = changedBetween(known, target);
  return {
    ...project,
    files,
    envFiles,
    profiles,
    ...(current === undefined ? {} : { current }),
    target,
    changes: changesBack(request, { current: known, target, recreate, removed }),
    removed,
    lock: acquireLock(dir, holder, lockSeconds),
    stamp: probe.stamp,
    unfinished,
    steps: [
      ...orchestrator.undo(project, {
        target,
        running,
        everything: true,
        recreate,
        waitSeconds,
        login: undefined,
        removed,
        label: running.containers.find(({ project: name }) => name !== "")?.project,
        removedFiles: filesOnlyIn(current, target),
        rejected: current === target ? undefined : current?.id,
      }),
      ...dropUnfinishedSteps(dir, unfinished),
    ],
  };
}

function targetOf({ probe, project, orchestrator, release }: RollbackRequest): Release {
  const { host, current, history } = probe;
  const { dir } = project;
  const running = probe.releases.find(({ id }) => id === current);
  // A swarm goes back by one update of each service, and which of them the unfinished deploy has updated is not known.
  const before =
    probe.unfinished.length > 0 && running !== undefined && orchestrator.reach > 1
      ? running
      : previousRelease(probe.releases, current, history);
  const reachable = orchestrator.reach === 1 ? (before === undefined ? [] : [before]) : probe.releases;
  const kept = reachable.map(({ id }) => id);
  const target = release === undefined ? before : reachable.find(({ id }) => id === release);
  if (target !== undefined) return target;
  if (release === undefined || kept.length === 0) throw new MirrorError("release-none", { host, dir });
  throw new MirrorError("release-unknown", { host, dir, release, kept });
}

interface Between extends Pick<RollbackPlan, "target" | "removed"> {
  readonly current: Release | undefined;
  /** Services with a mounted file that differs. */
  readonly recreate: readonly string[];
}

/** What becomes of every service; without a current release it is compared with what runs. */
function changesBack(
  { running: { containers } }: RollbackRequest,
  { current, target, recreate, removed }: Between,
): readonly ServiceChange[] {
  const running = containers.map(({ name, image, imageId }): ReleaseImage => ({
    service: name,
    image,
    ...(imageId === "" ? {} : { id: imageId }),
  }));
  const before = new Map([...running, ...(current?.images ?? [])].map((each) => [each.service, each]));
  const ran = new Set((current?.images ?? running).map(({ service }) => service));
  const touched = new Set(recreate);
  const back = target.images.map((then): ServiceChange => {
    const { service } = then;
    const now = before.get(service);
    if (now === undefined || !ran.has(service)) return { service, change: "added", to: imageOf(then, "pulledBy") };
    const by = [now, then].every(({ pulledBy }) => pulledBy !== undefined) ? "pulledBy" : "id";
    const [from, to] = [imageOf(now, by), imageOf(then, by)];
    const isSame =
      from.image === to.image && (from.digest === undefined || to.digest === undefined || from.digest === to.digest);
    const settings = [current?.settings?.[service], target.settings?.[service]];
    // The image is one of the settings.
    const hasOtherSettings = from.image === to.image && !settings.includes(undefined) && settings[0] !== settings[1];
    const reasons = [
      ...(isSame ? [] : (["image"] as const)),
      ...(touched.has(service) ? (["files"] as const) : []),
      ...(hasOtherSettings ? (["settings"] as const) : []),
    ];
    return {
      service,
      change: reasons.length > 0 ? "changed" : "same",
      ...(reasons.length > 0 ? { reasons } : {}),
      from,
      to,
    };
  });
  const gone = removed.map((service): ServiceChange => ({
    service,
    change: "removed",
    from: imageOf(before.get(service)!, "pulledBy"),
  }));
  return [...back, ...gone].toSorted((a, b) => byCodePoint(a.service, b.service));
}

/** An image with its digest at the registry or, by `id`, at the host's docker; both releases must be shown alike. */
function imageOf({ image, ...known }: ReleaseImage, by: "id" | "pulledBy"): NamedImage {
  const digest = known[by]?.split("@").at(-1);
  return { image, ...(digest === undefined ? {} : { digest }) };
}

/** The services that both releases have, with a mounted file that differs. */
function changedBetween(now: Release | undefined, then: Release): readonly string[] {
  const runs = new Set(servicesOf(then));
  const users = [
    ...Object.entries(then.sent)
      .filter(([name, { sha256 }]) => now?.sent[name]?.sha256 !== sha256)
      .flatMap(([, { services }]) => services),
    ...Object.values(filesOnlyIn(now, then)).flatMap(({ services }) => services),
  ];
  return [...new Set(users)].filter((name) => runs.has(name)).toSorted();
}

/** Going back to a release that the host keeps, as data. */
import { MirrorError } from "../../messages/errors.ts";
import type { HostProbe } from "../host/probe.ts";
import { acquireLock } from "../host/remote.ts";
import type { DeployedProject } from "../orchestrator/compose-project.ts";
import type { Orchestrator, Running } from "../orchestrator/orchestrator.ts";
import type { RemoteCommand } from "../ssh/connection.ts";
import { filesOnlyIn, removedServices, servicesOf } from "./desired-state.ts";
import type { DeployChoices } from "./plan.ts";
import { previousRelease, type Release } from "./release.ts";
import type { DeployStep } from "./step.ts";

export interface RollbackPlan extends DeployedProject {
  /** The release that runs. */
  readonly current?: Release;
  /** The release to go back to. */
  readonly target: Release;
  /** Services that the target does not have, which are removed. */
  readonly removed: readonly string[];
  /** Acquires the lock, which is held to the end. */
  readonly lock: RemoteCommand;
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

/** Throws `release-none` and `release-unknown`. */
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
  return {
    ...project,
    files,
    envFiles,
    profiles,
    ...(current === undefined ? {} : { current }),
    target,
    removed,
    lock: acquireLock(dir, holder, lockSeconds),
    steps: orchestrator.undo(project, {
      target,
      running,
      everything: true,
      recreate: changedBetween(current, target),
      waitSeconds,
      login: undefined,
      removed,
      label: running.containers.find(({ project: name }) => name !== "")?.project,
      removedFiles: filesOnlyIn(current, target),
      rejected: current?.id,
    }),
  };
}

function targetOf({ probe, project, orchestrator, release }: RollbackRequest): Release {
  const { host, current, history } = probe;
  const { dir } = project;
  const before = previousRelease(probe.releases, current, history);
  const reachable = orchestrator.reach === 1 ? (before === undefined ? [] : [before]) : probe.releases;
  const kept = reachable.map(({ id }) => id);
  const target = release === undefined ? before : reachable.find(({ id }) => id === release);
  if (target !== undefined) return target;
  if (release === undefined || kept.length === 0) throw new MirrorError("release-none", { host, dir });
  throw new MirrorError("release-unknown", { host, dir, release, kept });
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

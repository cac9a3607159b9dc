/** Going back to a release that the host keeps, as data. */
import { MirrorError } from "../errors.ts";
import type { DeployChoices } from "./plan.ts";
import type { HostProbe } from "./probe.ts";
import type { DeployedProject } from "./project.ts";
import type { Release } from "./release.ts";
import { hold } from "./remote.ts";
import type { RemoteCommand } from "./ssh.ts";
import { type DeployStep, returnSteps } from "./steps.ts";

export interface RollbackPlan extends DeployedProject {
  readonly target: Release;
  /** Takes the lock, which is held to the end. */
  readonly hold: RemoteCommand;
  readonly steps: readonly DeployStep[];
  readonly waitSeconds: number;
}

export interface RollbackRequest {
  readonly probe: HostProbe;
  /** The project as it runs now. */
  readonly project: DeployedProject;
  /** The id of the release to go back to; the one before the current one by default. */
  readonly release?: string | undefined;
  readonly holder: string;
  readonly choices: Pick<DeployChoices, "waitSeconds" | "lockSeconds">;
}

/** Throws `release-none` and `release-unknown`. */
export function planRollback({ probe, project, release, holder, choices }: RollbackRequest): RollbackPlan {
  const { host, releases, current } = probe;
  const { dir, access } = project;
  const kept = releases.map(({ id }) => id);
  const target =
    release === undefined
      ? releases.findLast(({ id }) => current !== undefined && id < current)
      : releases.find(({ id }) => id === release);
  if (target === undefined && (release === undefined || kept.length === 0)) {
    throw new MirrorError("release-none", { host, dir });
  }
  if (target === undefined) {
    throw new MirrorError("release-unknown", { host, dir, release: release!, kept: kept.join(", ") });
  }
  const { files, envFiles, profiles } = target;
  const now = releases.find(({ id }) => id === current);
  const { waitSeconds, lockSeconds } = choices;
  return {
    ...project,
    access,
    files,
    envFiles,
    profiles,
    target,
    hold: hold(dir, holder, lockSeconds),
    steps: returnSteps(project, target, { recreate: changedBetween(now, target), waitSeconds }),
    waitSeconds,
  };
}

/** The services that both releases have, with a mounted file that differs. */
function changedBetween(now: Release | undefined, then: Release): readonly string[] {
  const runs = new Set(then.images.map(({ service }) => service));
  const users = Object.entries(then.sent)
    .filter(([name, { sha256 }]) => now?.sent[name]?.sha256 !== sha256)
    .flatMap(([, { services }]) => services);
  return [...new Set(users)].filter((name) => runs.has(name)).toSorted();
}

/** Going back to a release that the host keeps, as data. */
import { MirrorError } from "../../messages/errors.ts";
import type { DeployChoices } from "./plan.ts";
import type { HostProbe } from "../host/probe.ts";
import type { DeployedProject } from "../orchestrator/compose-project.ts";
import type { Release } from "./release.ts";
import { hold, restore, setCurrent } from "../host/remote.ts";
import type { RemoteCommand } from "../ssh/connection.ts";
import { type DeployStep, returnSteps } from "./steps.ts";
import { convergeStep, stackReturnStep } from "../orchestrator/swarm.ts";

export interface RollbackPlan extends DeployedProject {
  readonly target: Release;
  /** Takes the lock, which is held to the end. */
  readonly hold: RemoteCommand;
  readonly steps: readonly DeployStep[];
  readonly waitSeconds: number;
  readonly stack?: string;
}

export interface RollbackRequest {
  readonly probe: HostProbe;
  /** The project as it runs now. */
  readonly project: DeployedProject;
  /** The id of the release to go back to; the one before the current one by default. */
  readonly release?: string | undefined;
  readonly holder: string;
  readonly choices: Pick<DeployChoices, "waitSeconds" | "lockSeconds">;
  /** The stack and its services, where they run in a swarm. A swarm keeps one specification before the current one. */
  readonly stack?: { readonly name: string; readonly services: readonly string[] } | undefined;
}

/** Throws `release-none` and `release-unknown`. */
export function planRollback({ probe, project, release, holder, choices, stack }: RollbackRequest): RollbackPlan {
  const { host, current } = probe;
  const { dir, access } = project;
  const before = probe.releases.findLast(({ id }) => current !== undefined && id < current);
  const releases = stack === undefined ? probe.releases : before === undefined ? [] : [before];
  const kept = releases.map(({ id }) => id);
  const target = release === undefined ? before : releases.find(({ id }) => id === release);
  if (target === undefined && (release === undefined || kept.length === 0)) {
    throw new MirrorError("release-none", { host, dir });
  }
  if (target === undefined) {
    throw new MirrorError("release-unknown", { host, dir, release: release!, kept: kept.join(", ") });
  }
  const { files, envFiles, profiles } = target;
  const now = probe.releases.find(({ id }) => id === current);
  const { waitSeconds, lockSeconds } = choices;
  return {
    ...project,
    access,
    files,
    envFiles,
    profiles,
    target,
    hold: hold(dir, holder, lockSeconds),
    steps:
      stack === undefined
        ? returnSteps(project, target, { recreate: changedBetween(now, target), waitSeconds })
        : stackSteps(project, target, stack, waitSeconds),
    waitSeconds,
    ...(stack === undefined ? {} : { stack: stack.name }),
  };
}

function stackSteps(
  { dir, access, files }: DeployedProject,
  { id }: Release,
  { name, services }: NonNullable<RollbackRequest["stack"]>,
  waitSeconds: number,
): readonly DeployStep[] {
  const stack = { name, dir, access, files };
  // No service is as it was before the deploy that is taken back.
  const changed = services.map((service) => `${name}_${service}=0`);
  return [
    { kind: "restore", command: restore(dir, id), values: { release: id } },
    stackReturnStep(stack, changed),
    convergeStep(stack, waitSeconds),
    { kind: "record", command: setCurrent(dir, id), values: { release: id } },
  ];
}

/** The services that both releases have, with a mounted file that differs. */
function changedBetween(now: Release | undefined, then: Release): readonly string[] {
  const runs = new Set(then.images.map(({ service }) => service));
  const users = Object.entries(then.sent)
    .filter(([name, { sha256 }]) => now?.sent[name]?.sha256 !== sha256)
    .flatMap(([, { services }]) => services);
  return [...new Set(users)].filter((name) => runs.has(name)).toSorted();
}

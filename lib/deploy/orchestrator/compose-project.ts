/** A project on a host, and compose called for it. */
import type { FoundCompose } from "../host/probe.ts";
import { busyInFolder, type EngineAccess, inFolder, onEngine, recreate } from "../host/remote.ts";
import type { RemoteCommand } from "../ssh/connection.ts";

/** What compose is given on its command line. */
export interface ComposeArguments {
  /** Names of the compose files in the folder, in merge order. */
  readonly files: readonly string[];
  /** Names of the env files in the folder; empty = `.env`, where there is one. */
  readonly envFiles: readonly string[];
  /** Profiles asked for; empty = those that the host's `.env` names. */
  readonly profiles: readonly string[];
}

export interface DeployedProject extends ComposeArguments {
  /** The project's name here, which names its stack in a swarm. */
  readonly name: string;
  readonly host: string;
  /** Absolute path of the project's folder there. */
  readonly dir: string;
  readonly access: EngineAccess;
  /** What runs the services there. */
  readonly compose: FoundCompose;
}

/** Compose for the project, run in its folder, where no other deploy disturbs it. */
export function busyComposeOn(project: DeployedProject, ...args: readonly string[]): RemoteCommand {
  return busyInFolder(project.dir, composeCall(project, args));
}

/** The same where it changes nothing, and other deploys may go on. */
export function composeOn(project: DeployedProject, ...args: readonly string[]): RemoteCommand {
  return inFolder(project.dir, composeCall(project, args));
}

/** Recreates services that see changed files only so. */
export function recreateOn(project: DeployedProject, services: readonly string[]): RemoteCommand {
  const docker = onEngine(project.access, ["docker"]);
  return recreate(project.dir, services, { docker, compose: composeCall(project, []) });
}

function composeCall(
  { access, compose, files, envFiles, profiles }: DeployedProject,
  args: readonly string[],
): RemoteCommand {
  return onEngine(access, [
    ...compose.command,
    ...envFiles.flatMap((name) => ["--env-file", name]),
    ...files.flatMap((name) => ["-f", name]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
    ...args,
  ]);
}

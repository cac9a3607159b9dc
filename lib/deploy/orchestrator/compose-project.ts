/** A compose project on a host, and compose called for it. */
import { MirrorError } from "../../messages/errors.ts";
import { accessTo, type FoundCompose, type HostProbe } from "../host/probe.ts";
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
  readonly host: string;
  /** Absolute path of the project's folder there. */
  readonly dir: string;
  readonly access: EngineAccess;
  readonly compose: FoundCompose;
}

/**
 * The project in the probed folder. Throws `host-docker-missing` and `host-compose-missing`.
 */
export function projectOn(probe: HostProbe, { files, envFiles, profiles }: ComposeArguments): DeployedProject {
  const { host, engine, compose, folder } = probe;
  if (engine === undefined) throw new MirrorError("host-docker-missing", { host });
  if (compose === undefined) throw new MirrorError("host-compose-missing", { host });
  return { host, dir: folder.path, access: accessTo(probe), compose, files, envFiles, profiles };
}

/** Compose for the project, run in its folder. */
export function composeOn(project: DeployedProject, ...args: readonly string[]): RemoteCommand {
  return inFolder(project.dir, composeCall(project, args));
}

/** Like `composeOn`, for what must not be disturbed by another deploy. */
export function busyComposeOn(project: DeployedProject, ...args: readonly string[]): RemoteCommand {
  return busyInFolder(project.dir, composeCall(project, args));
}

/** Makes services anew that see changed files only so. */
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

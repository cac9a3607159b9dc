/**
 * The commands that run on a host, as argv values. Nothing runs here. What needs a shell is a fixed script of
 * `scripts/`, whose head says what it does; values are its arguments or come over its standard input. release.ts says where
 * the scripts keep things.
 */
import { scriptText } from "../../system/remote-script.ts";
import type { RemoteCommand } from "../ssh/connection.ts";

/** How docker is reached on the host. */
export interface EngineAccess {
  readonly kind: "docker" | "podman";
  /** docker needs root, which the ssh user can become without a password. */
  readonly sudo: boolean;
}

/** The folder in the project's folder that belongs to this tool. */
export const STATE = ".compose-mirror";
/** The path of programs run as root: sudo's secure_path often lacks /usr/local/bin. */
export const ROOT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Exit code of `acquireLock` when somebody else went on holding the lock. */
export const TAKEN = 75;
/** Exit code of `place` and `restore` when some files may have their places already. */
export const PARTLY_PLACED = 79;

/** Runs the script `name` of this room with `args`. */
export function script(name: string, ...args: readonly string[]): RemoteCommand {
  return ["sh", "-c", scriptText("lib/deploy/host", name), "sh", ...args];
}

/**
 * `command`, a docker or compose call, as the user that may make it. `login` is a folder that takes the place of
 * docker's own configuration.
 */
export function onEngine({ kind, sudo }: EngineAccess, command: RemoteCommand, login?: string): RemoteCommand {
  const variables = [
    ...(sudo ? [ROOT_PATH] : []),
    ...(login === undefined ? [] : [`DOCKER_CONFIG=${login}`]),
    ...(login === undefined || kind === "docker" ? [] : [`REGISTRY_AUTH_FILE=${login}/config.json`]),
  ];
  return [...(sudo ? ["sudo", "-n"] : []), ...(variables.length === 0 ? [] : ["env", ...variables]), ...command];
}

/**
 * Runs `command` in `dir`, as a person would there (compose reads the `.env` of the folder it is started in), and keeps
 * other deploys off until it ends, also when it goes on after we are gone.
 */
export function busyInFolder(dir: string, command: RemoteCommand): RemoteCommand {
  return script("busy-in-folder", dir, ...command);
}

/** Runs `command` in `dir`, as a person would there, and keeps nobody off. */
export function inFolder(dir: string, command: RemoteCommand): RemoteCommand {
  return script("in-folder", dir, ...command);
}

/**
 * Recreates the containers of `services`, but for those that are younger than the files in `dir`. `docker` and
 * `compose` call those programs; no word of `docker` has a blank in it, nor has the name of a service.
 */
export function recreate(
  dir: string,
  services: readonly string[],
  { docker, compose }: { readonly docker: RemoteCommand; readonly compose: RemoteCommand },
): RemoteCommand {
  return script("recreate", dir, services.join(" "), docker.join(" "), ...compose);
}

/**
 * Acquires the lock of the project in `dir`, says `held: STAMP`, and keeps it until its input ends; while another has it, says
 * `waiting: WHO`, and `taken: WHO` when the seconds are over. The kernel frees the lock with the process, so a holder
 * that died is never in the way. A host without flock has no lock.
 */
export function acquireLock(dir: string, who: string, waitSeconds: number): RemoteCommand {
  return script("acquire-lock", dir, who, String(waitSeconds));
}

/** Where the login of a running deploy lies; it goes with the lock. */
export function loginFolder(dir: string): string {
  return `${dir}/${STATE}/login`;
}

/** Reads a line with size in bytes and SHA-256, then a tar archive, and unpacks it aside. */
export function receive(dir: string): RemoteCommand {
  return script("receive", dir);
}

/**
 * Makes what `receive` left the release `id` and puts its files in place. Reads the names of further files, one a
 * line, which are kept with the release as they are.
 */
export function place(dir: string, id: string): RemoteCommand {
  return script("place", dir, id);
}

/** Keeps what is in place as the release `id`. Reads that release, then the names of its files, one a line. */
export function keepAs(dir: string, id: string): RemoteCommand {
  return script("keep", dir, id);
}

/** Puts the files of the release `id` in place again. */
export function restore(dir: string, id: string): RemoteCommand {
  return script("restore", dir, id);
}

/** Removes files that earlier releases sent. Reads lines of SHA-256 and name; one that was changed since stays. */
export function removeFiles(dir: string): RemoteCommand {
  return script("remove-files", dir);
}

/** Reads the release `id` and makes it the current one. */
export function record(dir: string, id: string): RemoteCommand {
  return script("record", dir, id);
}

/** Reads what is known of the release `id`, which failed, and keeps that in place of its files. */
export function recordFailed(dir: string, id: string): RemoteCommand {
  return script("record-failed", dir, id);
}

/** Makes the release `id` the current one again; `rejected` is the one that it takes the place of. */
export function setCurrent(dir: string, id: string, rejected = ""): RemoteCommand {
  return script("set-current", dir, id, rejected);
}

/** Forgets releases. */
export function dropReleases(dir: string, ids: readonly string[]): RemoteCommand {
  return script("drop-releases", dir, ...ids);
}

/** Forgets deploys that never came to their end. */
export function dropUnfinished(dir: string, ids: readonly string[]): RemoteCommand {
  return script("drop-unfinished", dir, ...ids);
}

/** Pulls what is not there. */
export function pullAbsent(docker: RemoteCommand, image: string): RemoteCommand {
  return script("pull-absent", image, ...docker);
}

/** Tags images. Reads lines of the name pulled by and the name to give. */
export function tagImages(docker: RemoteCommand): RemoteCommand {
  return script("tag-images", ...docker);
}

/** Gives `image` back the image it was, which is pulled again by its digest where it is gone. */
export function retag(
  docker: RemoteCommand,
  { image, id, pulledBy = "" }: { readonly image: string; readonly id: string; readonly pulledBy?: string },
): RemoteCommand {
  return script("retag", image, id, pulledBy, ...docker);
}

/** Removes images by id or name; one that anything still uses stays. */
export function removeImages(docker: RemoteCommand, ids: readonly string[]): RemoteCommand {
  return script("remove-images", ids.join(" "), ...docker);
}

/** Prints the containers that compose started in `dir`, stopped ones too, each as `format` (of `docker inspect`) has it. */
export function listContainersIn(dir: string, format: string, docker: RemoteCommand): RemoteCommand {
  return script("list-containers", dir, format, ...docker);
}

/** Prints the other folders, as `folder:PATH`, that have containers of the compose project `name`. */
export function otherFolders(dir: string, name: string, docker: RemoteCommand): RemoteCommand {
  return script("other-folders", dir, name, ...docker);
}

/** Stops and removes the containers of services, of the project `label` where it is given; named volumes stay. */
export function removeContainers(
  dir: string,
  { services, label }: { readonly services: readonly string[]; readonly label: string },
  docker: RemoteCommand,
): RemoteCommand {
  return script("remove-containers", dir, services.join(" "), label, ...docker);
}

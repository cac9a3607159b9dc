/**
 * What runs the services on a host, behind one interface: compose, or a swarm. A new one is a file that makes an
 * `Orchestrator`, and its line in the table of orchestrators.ts.
 */
import type { Project } from "../../compose/project.ts";
import type { Message } from "../../messages/message.ts";
import type { PlacedFile } from "../files/file-diff.ts";
import type { Bundle } from "../files/bundle.ts";
import type { BundleFile } from "../files/bundle-file.ts";
import type { Container } from "../host/containers.ts";
import type { FoundCompose, HostFindings, HostNeeds, HostProbe } from "../host/probe.ts";
import type { Release, SentFile } from "../plan/release.ts";
import type { DeployStep } from "../plan/step.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";
import type { DeployedProject } from "./compose-project.ts";

export interface FilesRequest {
  readonly bundle: Bundle;
  readonly probe: HostProbe;
  /** The services that will run. */
  readonly services: ReadonlySet<string>;
  /** The project as compose on the host reads it. */
  readonly project: Project;
  /** The name of the project there. */
  readonly name: string;
  /** The files that it reads there. */
  readonly placed: readonly PlacedFile[];
}

/** The files that are run, as the host gets them. */
export interface RunFiles {
  /** In merge order. */
  readonly composeFiles: readonly BundleFile[];
  readonly envFiles: readonly string[];
  /** What was dropped or translated. */
  readonly warnings: readonly Message[];
}

/** What runs of a project at one moment. */
export interface Running {
  readonly containers: readonly Container[];
  /** The services' specifications, as `NAME=VERSION`, where there are such. */
  readonly versions: readonly string[];
}

export interface StartRequest {
  /** The services of the release. */
  readonly services: readonly string[];
  /** Services that see a changed file only when they are recreated. */
  readonly recreate: readonly string[];
  /** Services to start one after another, each of which must get healthy; empty = all at once. */
  readonly oneByOne: readonly string[];
  /** Some service would pull its image again. */
  readonly refreshes: boolean;
  readonly waitSeconds: number;
  /** The folder with the deploy's own login. */
  readonly login: string | undefined;
  /** Services that run and that the release has no more, to be removed at the end. */
  readonly removed: readonly string[];
  /** The label of the project's containers, where it is known. */
  readonly label: string | undefined;
}

export interface UndoRequest extends Omit<StartRequest, "services" | "refreshes" | "oneByOne"> {
  /** The release to go back to. */
  readonly target: Release | undefined;
  /** What ran before the update that is undone. */
  readonly running: Running;
  /** All services are taken back, not only those that differ from `running`. */
  readonly everything: boolean;
  /** Files that only the release that is undone had. */
  readonly removedFiles: Readonly<Record<string, SentFile>>;
  /** The id of that release, where it was recorded. */
  readonly rejected?: string | undefined;
}

export interface LogsRequest {
  /** Names of services that are there; never empty. */
  readonly services: readonly string[];
  /** Goes on with what comes, until it is ended. */
  readonly follow: boolean;
  /** The last lines of each container; absent = all. */
  readonly tail?: number | undefined;
}

/** The flags that docker, and compose of both versions, know for it. */
export function logFlags({ follow, tail }: Omit<LogsRequest, "services">): readonly string[] {
  return [...(follow ? ["--follow"] : []), ...(tail === undefined ? [] : [`--tail=${tail}`])];
}

export interface Orchestrator {
  /** How many releases back a rollback can go. */
  readonly reach: number;
  /** What would run the services; absent when it is missing on the host. */
  readonly runtime: (probe: HostProbe) => FoundCompose | undefined;
  /** What it needs of the host. */
  readonly requirements: (probe: HostProbe, needs: HostNeeds) => HostFindings;
  /** The host's compose reads the project's own files, the extended and included ones too. */
  readonly readsSources: boolean;
  /** The names that `files` may give the files. */
  readonly fileNames: (bundle: Bundle) => readonly string[];
  /** Throws what `stackFile` and `composeFilesFor` throw. */
  readonly files: (request: FilesRequest) => Promise<RunFiles>;
  /** What runs now. Throws `host-ps` and what `Connection.run` throws. */
  readonly list: (
    connection: Connection,
    project: DeployedProject,
    options: {
      readonly signal?: AbortSignal | undefined;
      /** The project's folder is not there yet. */
      readonly isNew?: boolean;
    },
  ) => Promise<Running>;
  /** Throws `project-elsewhere` when starting the project, as `name`, would take over what another folder runs. */
  readonly requireOwnName: (
    connection: Connection,
    project: DeployedProject,
    options: { readonly name: string; readonly signal?: AbortSignal | undefined },
  ) => Promise<void>;
  /** Prints what services wrote, each line with who wrote it. */
  readonly logs: (project: DeployedProject, request: LogsRequest) => RemoteCommand;
  /** The containers of its services run on the host itself, where a program can be run in them. */
  readonly runsOnHost: boolean;
  /** Starts what is in place, up to the point where all of it is healthy, and removes what is no longer wanted. */
  readonly start: (project: DeployedProject, request: StartRequest) => readonly DeployStep[];
  /** Waits until `services` are healthy. */
  readonly wait: (project: DeployedProject, request: Pick<StartRequest, "services" | "waitSeconds">) => DeployStep;
  /** Removes what it made for releases that are no longer kept, besides their images. */
  readonly prune: (project: DeployedProject) => readonly DeployStep[];
  /** Goes back to what ran; nothing where there is nothing to go back to. */
  readonly undo: (project: DeployedProject, request: UndoRequest) => readonly DeployStep[];
}

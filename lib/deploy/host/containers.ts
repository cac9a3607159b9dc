/** What runs of a project on a host, by docker's own labels and states: the same for compose version 1 and 2. */
import { MirrorError } from "../../messages/errors.ts";
import { theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { byCodePoint } from "../../system/compare.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";
import { type EngineAccess, listContainersIn, onEngine, otherFolders } from "./remote.ts";

/** One container of a service, as `--json` shows it. */
export interface ServiceState {
  /** The service. */
  readonly name: string;
  /** docker's word: `running`, `exited`, `created`, `restarting`, `paused`, `dead`. */
  readonly state: string;
  /** `starting`, `healthy` or `unhealthy`; absent without a health check. */
  readonly health?: string;
  /** Set when the container is not running. */
  readonly exitCode?: number;
  /** The image as the compose file on the host names it. */
  readonly image: string;
}

/** What `stateText` shows of a service. */
interface ShownState {
  readonly state: string;
  readonly health?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** `running (healthy)`, `exited (0)`, in docker's words. */
export function stateText({ state, health, exitCode }: ShownState): string {
  const detail = health ?? exitCode;
  return detail === undefined ? state : `${state} (${detail})`;
}

/** A port of the host that leads to one of the container. */
export interface PublishedPort {
  /** The host's own address that it listens at, such as `0.0.0.0`. */
  readonly address: string;
  readonly port: number;
  /** As docker writes it: `80/tcp`. */
  readonly target: string;
}

export interface Container extends ServiceState {
  readonly id: string;
  readonly imageId: string;
  /** How often docker started it again by itself. */
  readonly restarts: number;
  /** The compose project that it belongs to. */
  readonly project: string;
  /** Names of the compose files that it was started from, without their folder. */
  readonly files: readonly string[];
  /** `no`, `always`, `unless-stopped` or `on-failure`. */
  readonly restartPolicy: string;
  readonly startedAt: string;
  readonly ports: readonly PublishedPort[];
}

/**
 * By the names of docker's own types, not those of its JSON (`ID`, not `Id`): where one is unknown, docker falls back to the
 * JSON, in which a key that is left out, such as `Health` of a container without a health check, is an error.
 */
const FORMAT = [
  'container:{{index .Config.Labels "com.docker.compose.service"}}',
  '{{index .Config.Labels "com.docker.compose.oneoff"}}',
  "{{.State.Status}}",
  "{{if .State.Health}}{{.State.Health.Status}}{{end}}",
  "{{.State.ExitCode}}",
  "{{.ID}}",
  "{{.Image}}",
  "{{.RestartCount}}",
  "{{.HostConfig.RestartPolicy.Name}}",
  "{{.State.StartedAt}}",
  '{{index .Config.Labels "com.docker.compose.project"}}',
  '{{index .Config.Labels "com.docker.compose.project.config_files"}}',
  "{{range $target, $bound := .NetworkSettings.Ports}}{{range $bound}}{{.HostIP}},{{.HostPort}},{{$target}};{{end}}{{end}}",
  "{{.Config.Image}}",
].join("|");
const FIELDS = FORMAT.split("|").length;

/** Containers as people and `--json` see them. */
export function statesOf(containers: readonly Container[]): readonly ServiceState[] {
  return containers.map(({ name, state, health, exitCode, image }) => ({
    name,
    state,
    ...(health === undefined ? {} : { health }),
    ...(exitCode === undefined ? {} : { exitCode }),
    image,
  }));
}

/** Where containers are looked for. */
interface ContainersPlace {
  readonly dir: string;
  readonly access: EngineAccess;
}

/** What `containersIn` runs on the host. */
export function listCommand({ dir, access }: ContainersPlace): RemoteCommand {
  return listContainersIn(dir, FORMAT, onEngine(access, ["docker"]));
}

/**
 * The containers that compose started in the folder `dir`, stopped ones too, in code-point order of their services;
 * containers of `compose run` are skipped. Throws `host-ps` when docker cannot list them, and what `Connection.run`
 * throws.
 */
export async function containersIn(
  connection: Connection,
  { dir, access }: ContainersPlace,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly Container[]> {
  const { code, stdout, stderr } = await connection.run(listCommand({ dir, access }), { signal, timeout: 120_000 });
  if (code !== 0) {
    const said = stderr.trim().split("\n").slice(-3).join("\n  ");
    const detail = said === "" ? message("exit-code", { code }) : theirs(said);
    throw new MirrorError("host-ps", { host: connection.host, dir, detail });
  }
  const complaint = stderr.split("\n").find((line) => line.includes("template"));
  if (complaint !== undefined)
    throw new MirrorError("host-ps", { host: connection.host, dir, detail: theirs(complaint) });
  return stdout
    .split("\n")
    .flatMap(readContainer)
    .toSorted((a, b) => byCodePoint(a.name, b.name));
}

/**
 * Compose tells projects apart by their names alone: `up` in the folder `dir` would take over the containers of another
 * folder's project of the same name. Throws `project-elsewhere` when there is one, and what `Connection.run` throws.
 */
export async function requireOwnName(
  connection: Connection,
  { dir, access, name }: ContainersPlace & { readonly name: string },
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const docker = onEngine(access, ["docker"]);
  const { stdout } = await connection.run(otherFolders(dir, name, docker), { signal, timeout: 60_000 });
  const other = /^folder:(.+)$/m.exec(stdout)?.[1];
  if (other !== undefined) throw new MirrorError("project-elsewhere", { host: connection.host, name, dir, other });
}

/** A line of FORMAT; of other lines, and of `compose run`, nothing. */
function readContainer(line: string): readonly Container[] {
  if (!line.startsWith("container:")) return [];
  const fields = line.slice("container:".length).split("|");
  if (fields.length < FIELDS) return [];
  const [
    name,
    oneOff,
    state,
    health,
    exitCode,
    id,
    imageId,
    restarts,
    restartPolicy,
    startedAt,
    project,
    files,
    ports,
  ] = fields;
  if (oneOff === "True") return [];
  const runs = state === "running";
  return [
    {
      name: name!,
      state: state!,
      // docker keeps the last health of what has ended.
      ...(health === "" || !runs ? {} : { health: health! }),
      ...(runs ? {} : { exitCode: Number(exitCode) }),
      image: fields.slice(FIELDS - 1).join("|"),
      id: id!,
      imageId: imageId!,
      restarts: Number(restarts),
      project: project!,
      files: files === "" ? [] : files!.split(",").map((file) => file.slice(file.lastIndexOf("/") + 1)),
      restartPolicy: restartPolicy!,
      startedAt: startedAt!,
      ports: readPorts(ports!),
    },
  ];
}

/** `0.0.0.0,8080,80/tcp;` for each; a port is there once for IPv4 and once for IPv6. */
function readPorts(text: string): readonly PublishedPort[] {
  return [...text.matchAll(/([^;,]*),(\d+),(\d+\/\w+);/g)].map(([, address, port, target]) => ({
    address: address!,
    port: Number(port),
    target: target!,
  }));
}

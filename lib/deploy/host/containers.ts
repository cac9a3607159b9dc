/** What runs of a project on a host, by docker's own labels and states: the same for compose version 1 and 2. */
import { MirrorError } from "../../messages/errors.ts";
import { type EngineAccess, onEngine } from "./remote.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";

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

export interface Container extends ServiceState {
  readonly id: string;
  readonly imageId: string;
  /** How often docker started it again by itself. */
  readonly restarts: number;
  /** `no`, `always`, `unless-stopped` or `on-failure`. */
  readonly restartPolicy: string;
  readonly startedAt: string;
}

const FORMAT = [
  'container:{{index .Config.Labels "com.docker.compose.service"}}',
  '{{index .Config.Labels "com.docker.compose.oneoff"}}',
  "{{.State.Status}}",
  "{{if .State.Health}}{{.State.Health.Status}}{{end}}",
  "{{.State.ExitCode}}",
  "{{.Id}}",
  "{{.Image}}",
  "{{.RestartCount}}",
  "{{.HostConfig.RestartPolicy.Name}}",
  "{{.State.StartedAt}}",
  "{{.Config.Image}}",
].join("|");
const FIELDS = FORMAT.split("|").length;

/** Where containers are listed. */
export interface Listing {
  readonly dir: string;
  readonly access: EngineAccess;
  /** Prints their ids. */
  readonly list: RemoteCommand;
}

interface StatusOptions {
  readonly signal?: AbortSignal | undefined;
}

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

/**
 * The containers listed, in code-point order of their services; containers of `compose run` are left out.
 * Throws `host-ps` when compose cannot list them, and what `Connection.run` throws.
 */
export async function containersOf(
  connection: Connection,
  { dir, access, list }: Listing,
  { signal }: StatusOptions = {},
): Promise<readonly Container[]> {
  const options = { signal, timeout: 120_000 };
  const listed = await connection.run(list, options);
  if (listed.code !== 0) {
    const said = listed.stderr.trim();
    const detail = said === "" ? `exit code ${listed.code}` : said.split("\n").slice(-3).join("\n  ");
    throw new MirrorError("host-ps", { host: connection.host, dir, detail });
  }
  const ids = listed.stdout.split("\n").filter((id) => /^[\da-z]+$/i.test(id));
  if (ids.length === 0) return [];
  const inspect = onEngine(access, ["docker", "inspect", "--type", "container", "--format", FORMAT, ...ids]);
  // A container that went in between is no error.
  const { stdout } = await connection.run(inspect, options);
  return stdout
    .split("\n")
    .flatMap(readContainer)
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A line of FORMAT; of other lines, and of `compose run`, nothing. */
function readContainer(line: string): readonly Container[] {
  if (!line.startsWith("container:")) return [];
  const fields = line.slice("container:".length).split("|");
  if (fields.length < FIELDS) return [];
  const [name, oneOff, state, health, exitCode, id, imageId, restarts, restartPolicy, startedAt] = fields;
  if (oneOff === "True") return [];
  return [
    {
      name: name!,
      state: state!,
      ...(health === "" ? {} : { health: health! }),
      ...(state === "running" ? {} : { exitCode: Number(exitCode) }),
      image: fields.slice(FIELDS - 1).join("|"),
      id: id!,
      imageId: imageId!,
      restarts: Number(restarts),
      restartPolicy: restartPolicy!,
      startedAt: startedAt!,
    },
  ];
}

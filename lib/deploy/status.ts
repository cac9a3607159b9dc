/** What runs of a project on a host, by docker's own labels and states: the same for compose version 1 and 2. */
import { MirrorError } from "../errors.ts";
import { composeOn, type DeployedProject } from "./plan.ts";
import type { Connection } from "./ssh.ts";

/** One container of a service. */
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

const FORMAT = [
  'container:{{index .Config.Labels "com.docker.compose.service"}}',
  '{{index .Config.Labels "com.docker.compose.oneoff"}}',
  "{{.State.Status}}",
  "{{if .State.Health}}{{.State.Health.Status}}{{end}}",
  "{{.State.ExitCode}}",
  "{{.Config.Image}}",
].join("|");

/** Arguments: the format, then the command that lists containers. One that went in between is no error. */
const INSPECT = `format=$1; shift
ids=$("$@") || exit
for id in $ids; do docker inspect --type container --format "$format" "$id" 2>/dev/null || :; done`;

/**
 * The containers of `project`, in code-point order of their services; containers of `compose run` are left out.
 * Throws `host-ps` when compose cannot list them, and what `Connection.run` throws.
 */
export async function statusOf(
  connection: Connection,
  project: DeployedProject,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly ServiceState[]> {
  const all = project.compose.flavour === "v2" ? ["--all"] : [];
  const list = composeOn(project, "ps", ...all, "-q");
  const { code, stdout, stderr } = await connection.run(["sh", "-c", INSPECT, "sh", FORMAT, ...list], {
    signal,
    timeout: 120_000,
  });
  if (code !== 0) {
    const detail = stderr.trim() === "" ? `exit code ${code}` : stderr.trim().split("\n").slice(-3).join("\n  ");
    throw new MirrorError("host-ps", { host: connection.host, dir: project.dir, detail });
  }
  return stdout
    .split("\n")
    .flatMap(readContainer)
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A line of FORMAT; of other lines, and of `compose run`, nothing. */
function readContainer(line: string): readonly ServiceState[] {
  const [, name, oneOff, state, health, exitCode, image] =
    /^container:([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)$/.exec(line) ?? [];
  if (name === undefined || oneOff === "True") return [];
  return [
    {
      name,
      state: state!,
      ...(health === "" ? {} : { health: health! }),
      ...(state === "running" ? {} : { exitCode: Number(exitCode) }),
      image: image!,
    },
  ];
}

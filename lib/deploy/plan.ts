/**
 * A deploy as data: what will be done on the host, in order, with the exact command of every step. Nothing happens
 * here; a dry run shows the very plan that `executeDeploy` carries out.
 *
 * New files first lie beside their place under another name, and images are pulled by them. They take their place
 * only when everything is there, so until then a failure leaves the host as it was. The staged files are in the same
 * folder, so relative paths, `.env` and the project's name are those of the real ones.
 */
import { MirrorError } from "../errors.ts";
import { isRegistryHost } from "../reference.ts";
import {
  type DeployWarning,
  type FoundCompose,
  type HostNeeds,
  type HostProbe,
  judgeHost,
  takesPasswordOnInput,
} from "./probe.ts";
import type { RemoteCommand } from "./ssh.ts";

/** A local file and its name in the host's folder. */
export interface ShippedFile {
  readonly source: string;
  readonly name: string;
}

/** A compose project on a host. */
export interface DeployedProject {
  readonly host: string;
  /** Absolute path of the project's folder there. */
  readonly dir: string;
  readonly compose: FoundCompose;
  /** Names of the compose files in `dir`, in merge order. */
  readonly files: readonly string[];
  /** Profiles asked for; empty = those that the host's `.env` names. */
  readonly profiles: readonly string[];
}

export type StepKind = "folder" | "copy" | "login" | "pull" | "place" | "up" | "ps";

export interface DeployStep {
  readonly kind: StepKind;
  /** What runs on the host. A password comes to it on its standard input and is no part of the plan. */
  readonly command: RemoteCommand;
  /** The file that goes to the command's standard input; exactly in `copy`. */
  readonly file?: ShippedFile;
  /** What the step is about, as its title says it. */
  readonly values?: Readonly<Record<string, string | number>>;
}

interface RegistryLogin {
  readonly registry: string;
  readonly username: string;
}

export interface DeployPlan extends DeployedProject {
  readonly probe: HostProbe;
  /** The compose files with their local sources, in merge order. */
  readonly shipped: readonly ShippedFile[];
  /** The registry that the host pulls mirrored images from; absent when none is mirrored. */
  readonly registry?: string;
  /** Absent when the host's own login is relied on. */
  readonly login?: RegistryLogin;
  readonly steps: readonly DeployStep[];
  readonly warnings: readonly DeployWarning[];
}

export interface DeployRequest extends HostNeeds {
  readonly probe: HostProbe;
  /** The compose files in merge order; never empty. */
  readonly composeFiles: readonly ShippedFile[];
  /** The registry that the host pulls mirrored images from; absent when none is mirrored. */
  readonly registry?: string | undefined;
  /** Absent when no credentials are known: the host's own login is then relied on. */
  readonly username?: string | undefined;
  readonly profiles: readonly string[];
}

const IN_FOLDER = 'cd -- "$1" && shift && exec "$@"';

/**
 * Arguments: folder, staged name, name. Standard input: a line with size in bytes and SHA-256, then the file. What
 * was cut or changed on its way is noticed and removed, and the file in place is not touched.
 */
const STAGE = `cd -- "$1" || exit
staged=./$2
trap 'rm -f -- "$staged"' EXIT
trap 'exit 1' HUP INT TERM PIPE
if [ -d "./$3" ]; then echo "$3 is a folder" >&2; exit 1; fi
IFS=' ' read -r size sum && rm -f -- "$staged" && cat >"$staged" || exit
arrived=$(wc -c <"$staged") || exit
if [ "$arrived" -ne "$size" ]; then echo "only $arrived of $size bytes arrived" >&2; exit 1; fi
if command -v sha256sum >/dev/null; then
  found=$(sha256sum <"$staged") || exit
  if [ "\${found%% *}" != "$sum" ]; then echo "what arrived has another SHA-256 than what was sent" >&2; exit 1; fi
fi
trap - EXIT`;

/** Arguments: folder, then pairs of staged name and name. */
const PLACE = `cd -- "$1" && shift && while [ $# -gt 1 ]; do mv -f -- "./$1" "./$2" || exit; shift 2; done`;

/** Arguments: folder, staged names. */
const UNSTAGE = `cd -- "$1" && shift && for name; do rm -f -- "./$name"; done`;

/**
 * The plan for the host that `probe` describes. Throws the first error that `judgeHost` finds, before anything was
 * touched, and `registry-invalid`.
 */
export function planDeploy(request: DeployRequest): DeployPlan {
  const { probe, composeFiles, registry, username, profiles } = request;
  if (registry !== undefined && !isRegistryHost(registry)) {
    throw new MirrorError("registry-invalid", { registry, detail: "it is not a host" });
  }
  const { errors, warnings } = judgeHost(probe, request);
  if (errors[0] !== undefined) throw errors[0];
  const names = composeFiles.map(({ name }) => name);
  const project = projectOn(probe, names, profiles);
  const { host, dir } = project;

  const canLogIn = takesPasswordOnInput(probe);
  const login = registry === undefined || username === undefined || !canLogIn ? undefined : { registry, username };
  const loginWarning: DeployWarning | undefined =
    registry === undefined || login !== undefined
      ? undefined
      : username === undefined
        ? { code: "login-skipped", values: { host, registry } }
        : { code: "login-unsupported", values: { host, registry, version: probe.engine?.client ?? "" } };

  const steps: readonly DeployStep[] = [
    { kind: "folder", command: ["mkdir", "-p", "--", dir], values: { dir } },
    ...composeFiles.map((file): DeployStep => ({
      kind: "copy",
      command: ["sh", "-c", STAGE, "sh", dir, stagedName(file.name), file.name],
      file,
      values: { file: file.name },
    })),
    ...(login === undefined
      ? []
      : [
          {
            kind: "login",
            command: ["docker", "login", `--username=${login.username}`, "--password-stdin", login.registry],
            values: { registry: login.registry },
          } as const,
        ]),
    { kind: "pull", command: composeOn({ ...project, files: names.map(stagedName) }, "pull") },
    {
      kind: "place",
      command: ["sh", "-c", PLACE, "sh", dir, ...names.flatMap((name) => [stagedName(name), name])],
    },
    { kind: "up", command: composeOn(project, "up", "-d") },
    // Version 1 lists stopped containers too, and knows the option only since 1.24.
    { kind: "ps", command: composeOn(project, "ps", ...(project.compose.flavour === "v2" ? ["--all"] : [])) },
  ];
  return {
    ...project,
    probe,
    shipped: composeFiles,
    ...(registry === undefined ? {} : { registry }),
    ...(login === undefined ? {} : { login }),
    steps,
    warnings: [...warnings, ...(loginWarning === undefined ? [] : [loginWarning])],
  };
}

/**
 * The project that `files` (names in the probed folder) make on the probed host. Throws `host-docker-missing` and
 * `host-compose-missing`.
 */
export function projectOn(
  { host, engine, compose, folder }: HostProbe,
  files: readonly string[],
  profiles: readonly string[] = [],
): DeployedProject {
  if (engine === undefined) throw new MirrorError("host-docker-missing", { host });
  if (compose === undefined) throw new MirrorError("host-compose-missing", { host });
  return { host, dir: folder.path, compose, files, profiles };
}

/**
 * Compose for the project, run in its folder as a person would there: from another folder compose would read that
 * folder's `.env` as well.
 */
export function composeOn(
  { dir, compose, files, profiles }: DeployedProject,
  ...args: readonly string[]
): RemoteCommand {
  return [
    "sh",
    "-c",
    IN_FOLDER,
    "sh",
    dir,
    ...compose.command,
    ...files.flatMap((name) => ["-f", name]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
    ...args,
  ];
}

/** The command that removes what `copy` left when the plan ends before `place`. */
export function unstage({ dir, files }: DeployedProject): RemoteCommand {
  return ["sh", "-c", UNSTAGE, "sh", dir, ...files.map(stagedName)];
}

function stagedName(name: string): string {
  return `.${name}.new`;
}

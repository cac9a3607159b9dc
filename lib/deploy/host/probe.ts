/**
 * What a host is like, found in one round trip that changes nothing there.
 *
 * Compose comes in three shapes: the plugin (`docker compose`), version 1 (`docker-compose` 1.x), and version 2 under
 * version 1's name. docker itself may be podman in docker's clothes. The limits below:
 * - docker 1.13 is what CentOS 7 brings, and the first to know the API 1.25 that every compose since 1.28 speaks.
 * - docker before 20.10.10 stops system calls (clone3) that images with a recent libc need: they start and fail.
 * - docker-compose 1.28 is the first with profiles and with files that have no `version`.
 * Whether docker-compose 1.x can talk to the daemon at all hangs on the libraries it was packed with (docker 29 refuses
 * the API below 1.44 unless told otherwise), so it is made to try, by listing the containers of a project that is not.
 */
import { coerce, gte, lt, type SemVer } from "semver";
import { MirrorError } from "../../messages/errors.ts";
import { formatPlatform, parsePlatform } from "../../image/platform.ts";
import { Secret } from "../../system/secret.ts";
import { parseRelease, type Release } from "../plan/release.ts";
import { type EngineAccess, ROOT_PATH } from "./remote.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";

const DOCKER_OLDEST = "1.13.0";
const DOCKER_RECENT = "20.10.10";
const PASSWORD_STDIN = "17.7.0";
const COMPOSE_V1_OLDEST = "1.28.0";
/** Below this a pull of a few images is likely to fail. */
const LOW_DISK = 2 * 1024 ** 3;

export interface FoundCompose {
  /** `stack` is docker itself, for a swarm. */
  readonly flavour: "v1" | "v2" | "stack";
  /** As it tells it, without a leading `v`. */
  readonly version: string;
  readonly command: RemoteCommand;
  /** What version 1 said when it could not talk to the daemon. */
  readonly complaint?: string;
}

interface FoundEngine {
  readonly kind: "docker" | "podman";
  /** It answers root only, and the ssh user can become root without a password. */
  readonly rootOnly?: true;
  readonly client?: string;
  /** Absent when the daemon did not answer. */
  readonly server?: string;
  /** What was said in place of the daemon's version. */
  readonly complaint?: string;
  /** What it is in a swarm: `active true` is a manager. */
  readonly swarm?: string;
  /** Where images are kept. */
  readonly root?: string;
  readonly freeBytes?: number;
}

interface FoundFolder {
  /** Absolute. */
  readonly path: string;
  readonly state: "folder" | "missing" | "other";
  /** It, or the folder it would be made in, can be written to. */
  readonly writable: boolean;
  readonly hasEnvFile: boolean;
  /** What its `.env` says. */
  readonly envText?: Secret;
  readonly freeBytes?: number;
}

/** A file that was asked for; `sha256` is absent for what is no file, or where the host cannot tell. */
export interface FoundFile {
  readonly kind: "file" | "other";
  readonly sha256?: string;
}

export interface HostProbe {
  readonly host: string;
  readonly user: string;
  readonly home: string;
  /** The name and version that os-release gives. */
  readonly system: string;
  /** `os/arch[/variant]`. */
  readonly platform: string;
  /** `Enforcing`, `Permissive` or `Disabled`; absent where there is none. */
  readonly selinux?: string;
  readonly engine?: FoundEngine;
  readonly compose?: FoundCompose;
  readonly folder: FoundFolder;
  /** Of the files asked for, those that are there. */
  readonly files: ReadonlyMap<string, FoundFile>;
  /** Releases that are kept there, the newest last. */
  readonly releases: readonly Release[];
  /** The id of the release that runs. */
  readonly current?: string;
}

/** Something that does not stop a deploy but is worth knowing; `terminal/` puts it into words. */
export interface DeployWarning {
  readonly code:
    | "docker-aging"
    | "compose-v1"
    | "engine-podman"
    | "disk-low"
    | "selinux-enforcing"
    | "env-file-missing"
    | "login-skipped"
    | "login-unsupported"
    | "built-on-host"
    | "file-kept"
    | "lock-missing"
    | "pull-registry-unreachable"
    | "stack-dropped"
    | "stack-order"
    | "stack-restart"
    | "stack-mount";
  readonly values: Readonly<Record<string, string | number>>;
}

const PROBE = String.raw`say() { printf 'probe:%s=%s\n' "$1" "$(printf %s "$2" | tr '\n\r\t' '   ')"; }
near() { place=$1; while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done; printf %s "$place"; }
free() { df -Pk -- "$(near "$1")" 2>/dev/null | tail -n 1; }
case $1 in
'~') dir=$HOME ;;
'~/'*) dir=$HOME/${"$"}{1#??} ;;
/*) dir=$1 ;;
*) dir=$HOME/$1 ;;
esac
say user "$(id -un)"
say home "$HOME"
say machine "$(uname -m)"
say system "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
say selinux "$(getenforce 2>/dev/null)"
say dir "$dir"
if [ -d "$dir" ]; then say state folder; elif [ -e "$dir" ]; then say state other; else say state missing; fi
if [ -w "$(near "$dir")" ]; then say writable yes; fi
if [ -f "$dir/.env" ]; then say env yes; say envText "$(head -c 262144 "$dir/.env" | base64)"; fi
number=0
while IFS= read -r name; do
  number=$((number + 1))
  if [ -f "$dir/$name" ]; then
    sum=$(sha256sum <"$dir/$name" 2>/dev/null); say "file$number" "file ${"$"}{sum%% *}"
  elif [ -e "$dir/$name" ]; then say "file$number" other; fi
done
for each in "$dir"/.compose-mirror/releases/*/release.json; do
  if [ -f "$each" ]; then say release "$(cat "$each")"; fi
done
say current "$(cat "$dir/.compose-mirror/current" 2>/dev/null)"
say free "$(free "$dir")"
command -v docker >/dev/null || exit 0
say docker "$(docker --version 2>&1)"
as=
if server=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
  say server "$server"
else
  say complaint "$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null)"
  root="sudo -n env $2"
  case $(docker --version 2>&1) in
  *podman*) ;;
  *) if server=$($root docker version --format '{{.Server.Version}}' 2>/dev/null); then
    as=$root; say server "$server"; say rootOnly yes
  fi ;;
  esac
fi
say client "$($as docker version --format '{{.Client.Version}}' 2>/dev/null)"
root=$($as docker info --format '{{.DockerRootDir}}' 2>/dev/null) ||
  root=$($as docker info --format '{{.Store.GraphRoot}}' 2>/dev/null)
say swarm "$($as docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}' 2>/dev/null)"
case $root in /*) say root "$root"; say rootFree "$(free "$root")" ;; esac
say plugin "$($as docker compose version --short 2>/dev/null)"
standalone=$($as docker-compose version --short 2>/dev/null)
say standalone "$standalone"
case $standalone in
1.*)
  said=$(cd / && echo '{"version": "3", "services": {"x": {"image": "x"}}}' |
    $as docker-compose -p compose-mirror-probe -f - ps -q 2>&1 >/dev/null) || say v1 "$(printf '%s\n' "$said" | tail -n 1)"
  ;;
esac
exit 0`;

export interface ProbeOptions {
  /** Names in the folder to look for; they hold no line break. */
  readonly names?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at the host and at the folder `dir` there; `~`, `~/x` and relative paths are below the home. Throws
 * `host-dir-invalid`, `host-probe`, and what `Connection.run` throws.
 */
export async function probeHost(
  connection: Connection,
  dir: string,
  { names = [], signal }: ProbeOptions = {},
): Promise<HostProbe> {
  const { host } = connection;
  const { code, stdout, stderr } = await connection.run(["sh", "-c", PROBE, "sh", checkedDir(dir), ROOT_PATH], {
    input: names.map((name) => `${name}\n`).join(""),
    signal,
    timeout: 60_000,
  });
  const found = new Map(
    [...stdout.matchAll(/^probe:(\w+)=(.*)$/gm)].map(([, key, value]) => [key!, value!.trim()] as const),
  );
  const text = (key: string): string | undefined => found.get(key) || undefined;
  const path = text("dir");
  if (code !== 0 || path === undefined) {
    const said = stderr.trim().split("\n").at(-1);
    throw new MirrorError("host-probe", {
      host,
      detail: said === undefined || said === "" ? `exit code ${code}` : said,
    });
  }
  const freeBytes = (key: string): { readonly freeBytes?: number } => {
    // filesystem, blocks, used, available, capacity, mounted on
    const kilobytes = /\s(\d+)\s+\d+%\s/.exec(text(key) ?? "")?.[1];
    return kilobytes === undefined ? {} : { freeBytes: Number(kilobytes) * 1024 };
  };
  const texts = <K extends string>(...keys: readonly K[]): Partial<Record<K, string>> =>
    Object.fromEntries(keys.map((key) => [key, text(key)]).filter(([, value]) => value !== undefined));
  const docker = text("docker");
  const envText = text("envText");
  const current = text("current");
  const files = names.flatMap((name, index): readonly (readonly [string, FoundFile])[] => {
    const [kind, sha256] = (text(`file${index + 1}`) ?? "").split(" ");
    return kind === "file" || kind === "other" ? [[name, { kind, ...(sha256 ? { sha256 } : {}) }]] : [];
  });
  const releases = [...stdout.matchAll(/^probe:release=(.*)$/gm)].flatMap(([, line]) => parseRelease(line!) ?? []);
  const compose = composeOf(text("plugin"), text("standalone"), text("v1"));
  return {
    host,
    user: text("user") ?? "",
    home: text("home") ?? "",
    system: text("system") ?? "",
    platform: platformOf(text("machine") ?? "unknown"),
    ...texts("selinux"),
    ...(docker === undefined
      ? {}
      : {
          engine: {
            kind: /podman/i.test(docker) ? "podman" : "docker",
            ...(text("rootOnly") === "yes" ? { rootOnly: true } : {}),
            ...texts("client", "server", "complaint", "root", "swarm"),
            ...freeBytes("rootFree"),
          },
        }),
    ...(compose === undefined ? {} : { compose }),
    folder: {
      path,
      state: text("state") as FoundFolder["state"],
      writable: text("writable") === "yes",
      hasEnvFile: text("env") === "yes",
      ...(envText === undefined ? {} : { envText: new Secret(Buffer.from(envText, "base64").toString("utf8")) }),
      ...freeBytes("free"),
    },
    files: new Map(files),
    releases: releases.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ...(current === undefined ? {} : { current }),
  };
}

/** A folder on the host as it can be asked for: one line, without slashes at its end. Throws `host-dir-invalid`. */
function checkedDir(dir: string): string {
  const fail = (detail: string): never => {
    throw new MirrorError("host-dir-invalid", { dir, detail });
  };
  if (dir === "") fail("it is empty");
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(dir)) fail("it has control characters");
  if (/^~[^/]/.test(dir)) fail("the home of another user cannot be named so");
  return dir.length > 1 ? dir.replace(/\/+$/, "") || "/" : dir;
}

function composeOf(plugin?: string, standalone?: string, complaint?: string): FoundCompose | undefined {
  if (plugin !== undefined) return { flavour: "v2", version: withoutV(plugin), command: ["docker", "compose"] };
  if (standalone === undefined) return undefined;
  // A version 2 that someone built may call itself "dev"; version 1 always has a number.
  const parsed = parseVersion(standalone);
  const flavour = parsed !== undefined && parsed.major < 2 ? "v1" : "v2";
  return {
    flavour,
    version: withoutV(standalone),
    command: ["docker-compose"],
    ...(complaint === undefined ? {} : { complaint }),
  };
}

function withoutV(version: string): string {
  return version.replace(/^v(?=\d)/, "");
}

/** Versions as engines write them: `17.06.0-ce`, `20.10.24+dfsg1`, `v2.26.1`, `26.1`. */
export function parseVersion(text: string): SemVer | undefined {
  return coerce(text, { loose: true }) ?? undefined;
}

/** What `uname -m` prints, as a platform. */
function platformOf(machine: string): string {
  const arch = /^armv(\d)/.exec(machine);
  return formatPlatform(parsePlatform(arch === null ? `linux/${machine}` : `linux/arm/v${arch[1]}`));
}

export interface HostNeeds {
  /** The platform of the mirrored images. */
  readonly platform: string;
  /** What the compose file has that docker-compose version 1 does not read, in words. */
  readonly v1Problems: readonly string[];
  /** The project reads an env file, so the host's folder should have one. */
  readonly usesEnvFile: boolean;
  /** The oldest docker compose v2 that reads the compose files. */
  readonly oldestV2: string;
  /** What is bind-mounted without a label for SELinux. */
  readonly unlabelled: readonly string[];
  /** docker may be called as root where it answers root only. */
  readonly sudo?: boolean | undefined;
  /** The services run in a swarm, which needs no compose. */
  readonly swarm?: boolean | undefined;
}

export interface HostFindings {
  /** What makes a deploy impossible, the most basic first. */
  readonly errors: readonly MirrorError[];
  readonly warnings: readonly DeployWarning[];
}

/** Judges what a probe found: is everything there and recent enough? */
export function judgeHost(probe: HostProbe, needs: HostNeeds): HostFindings {
  const { host, folder } = probe;
  const errors = [
    ...platformErrors(probe, needs.platform),
    ...engineErrors(probe, needs.sudo === true),
    ...(needs.swarm ? swarmErrors(probe) : composeErrors(probe, needs)),
    ...folderErrors(probe),
  ];
  const warnings: DeployWarning[] = [];
  const { engine, compose } = probe;
  if (engine?.kind === "podman") warnings.push({ code: "engine-podman", values: { host } });
  const server = engine?.kind === "docker" ? parseVersion(engine.server ?? "") : undefined;
  if (server && gte(server, DOCKER_OLDEST) && lt(server, DOCKER_RECENT)) {
    warnings.push({ code: "docker-aging", values: { host, version: engine!.server!, recent: DOCKER_RECENT } });
  }
  if (compose?.flavour === "v1" && !needs.swarm)
    warnings.push({ code: "compose-v1", values: { host, version: compose.version } });
  if (engine?.freeBytes !== undefined && engine.freeBytes < LOW_DISK) {
    warnings.push({ code: "disk-low", values: { host, folder: engine.root ?? "", bytes: engine.freeBytes } });
  }
  if (probe.selinux === "Enforcing" && needs.unlabelled.length > 0) {
    warnings.push({ code: "selinux-enforcing", values: { host, sources: needs.unlabelled.join(", ") } });
  }
  if (needs.usesEnvFile && !folder.hasEnvFile) {
    warnings.push({ code: "env-file-missing", values: { host, dir: folder.path } });
  }
  return { errors, warnings };
}

/** How docker is called on the host, once `judgeHost` has let it pass. */
export function accessTo({ engine }: HostProbe): EngineAccess {
  return { kind: engine?.kind ?? "docker", sudo: engine?.rootOnly === true };
}

/** Whether the host's docker takes a password on its standard input. */
export function takesPasswordOnInput({ engine }: HostProbe): boolean {
  if (engine?.kind !== "docker") return true;
  const client = parseVersion(engine.client ?? "");
  return client === undefined || gte(client, PASSWORD_STDIN);
}

function platformErrors({ host, platform }: HostProbe, wanted: string): readonly MirrorError[] {
  return archOf(platform) === archOf(wanted) ? [] : [new MirrorError("host-platform", { host, platform, wanted })];
}

/** A platform without its variant, which does not decide whether images start. */
function archOf(platform: string): string {
  const { os, architecture } = parsePlatform(platform);
  return formatPlatform({ os, architecture });
}

function engineErrors({ host, user, engine }: HostProbe, sudo: boolean): readonly MirrorError[] {
  if (engine === undefined) return [new MirrorError("host-docker-missing", { host })];
  if (engine.kind === "podman") return [];
  if (engine.rootOnly && !sudo) return [new MirrorError("host-docker-root", { host, user })];
  if (engine.server === undefined) {
    const detail = engine.complaint ?? "no answer";
    const code = /permission denied/i.test(detail) ? "host-docker-permission" : "host-docker-stopped";
    return [new MirrorError(code, { host, user, detail })];
  }
  const server = parseVersion(engine.server);
  return server && lt(server, DOCKER_OLDEST)
    ? [new MirrorError("host-docker-old", { host, version: engine.server, oldest: DOCKER_OLDEST })]
    : [];
}

function swarmErrors({ host, engine }: HostProbe): readonly MirrorError[] {
  if (engine === undefined || engine.swarm === "active true") return [];
  return [new MirrorError("host-swarm", { host, state: engine.swarm ?? "unknown" })];
}

function composeErrors(
  { host, engine, compose }: HostProbe,
  { v1Problems, oldestV2 }: HostNeeds,
): readonly MirrorError[] {
  if (engine === undefined) return [];
  if (compose === undefined) return [new MirrorError("host-compose-missing", { host })];
  const { flavour, version } = compose;
  const parsed = parseVersion(version);
  if (flavour === "v2") {
    return parsed && lt(parsed, oldestV2)
      ? [new MirrorError("host-compose-old", { host, version, oldest: oldestV2 })]
      : [];
  }
  if (parsed && lt(parsed, COMPOSE_V1_OLDEST)) {
    return [new MirrorError("host-compose-old", { host, version, oldest: COMPOSE_V1_OLDEST })];
  }
  if (compose.complaint !== undefined && engine.server !== undefined) {
    return [
      new MirrorError("host-compose-broken", { host, version, server: engine.server, detail: compose.complaint }),
    ];
  }
  return v1Problems.length === 0
    ? []
    : [new MirrorError("host-compose-v1", { host, version, problems: v1Problems.join("; ") })];
}

function folderErrors({ host, user, folder }: HostProbe): readonly MirrorError[] {
  const { path: dir, state, writable } = folder;
  if (state === "other")
    return [new MirrorError("host-dir-invalid", { dir, detail: `it is not a folder on "${host}"` })];
  return writable ? [] : [new MirrorError("host-dir-write", { host, dir, user })];
}

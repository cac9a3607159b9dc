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
import { coerce, gte, type SemVer } from "semver";
import { decodeEnvFile } from "../../compose/env-file.ts";
import type { Reader, ReadManifest } from "../../image/readability.ts";
import { MirrorError } from "../../messages/errors.ts";
import { type Cause, type Message, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { formatPlatform, parsePlatform } from "../../image/platform.ts";
import { Secret } from "../../system/secret.ts";
import { type FailedRelease, isReleaseId, parseFailed, parseRelease, type Release } from "../plan/release.ts";
import { type EngineAccess, ROOT_PATH, script } from "./remote.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";

export const DOCKER_OLDEST = "1.13.0";
export const DOCKER_RECENT = "20.10.10";
const PASSWORD_STDIN = "17.7.0";

export interface FoundCompose {
  /** `stack` is docker itself, for a swarm. */
  readonly flavour: "v1" | "v2" | "stack";
  /** As it tells it, without a leading `v`. */
  readonly version: string;
  readonly command: RemoteCommand;
  /** What version 1 said when it could not talk to the daemon. */
  readonly complaint?: string;
  /** Version 1 was not started: the version is what the release that runs was started with. */
  readonly recorded?: true;
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
  /** The folder of earlier deploys in it is a link or belongs to another user. */
  readonly foreignState?: true;
  readonly freeBytes?: number;
}

/**
 * A file that was asked for; `sha256` is absent for what is no file, or where the host cannot tell, and `link` for a
 * link, which nobody follows.
 */
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
  /** Releases that failed and were taken back, the newest last. */
  readonly failed: readonly FailedRelease[];
  /** The id of the release that runs. */
  readonly current?: string;
  /** Another one after every deploy: the current release and when files were last put in place; empty before the first. */
  readonly stamp: string;
  /** What was current, as lines of `history`. */
  readonly history: readonly string[];
  /** Ids of deploys that never came to their end. */
  readonly unfinished: readonly string[];
}

/** Something that does not stop a deploy but is worth knowing. */
export type DeployWarning = Message;

/** What a look at a host finds that does not change with a deploy, so that it holds for a while. */
export type HostPrograms = Pick<HostProbe, "engine" | "compose">;

export interface ProbeOptions {
  /** Names in the folder to look for. One with a line break, as no file that is sent has, is never found. */
  readonly names?: readonly string[];
  /** What an earlier look found; only the folder is then looked at. */
  readonly known?: HostPrograms | undefined;
  /** A docker-compose of version 1, which takes a second to start, is believed to be what the release that runs has. */
  readonly quick?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at the host and at the folder `dir` there; `~`, `~/x` and relative paths are below the home. Throws
 * `host-dir-invalid`, `host-probe`, and what `Connection.run` throws.
 */
export async function probeHost(
  connection: Connection,
  dir: string,
  { names: wanted = [], known, quick = false, signal }: ProbeOptions = {},
): Promise<HostProbe> {
  const { host } = connection;
  // They go there one a line.
  const names = wanted.filter((name) => !name.includes("\n"));
  const depth = known !== undefined ? "folder" : quick ? "quick" : "all";
  const { code, stdout, stderr } = await connection.run(script("probe", checkedDir(dir), ROOT_PATH, depth), {
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
      detail: said === undefined || said === "" ? message("exit-code", { code }) : theirs(said),
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
  const failed = [...stdout.matchAll(/^probe:failed=(.*)$/gm)].flatMap(([, line]) => parseFailed(line!) ?? []);
  const unasked = text("unasked") === "yes";
  const recorded = unasked ? recordedV1(releases.find(({ id }) => id === current)) : undefined;
  if (unasked && recorded === undefined) return probeHost(connection, dir, { names, signal });
  const compose = recorded ?? composeOf(text("plugin"), text("standalone"), text("talk"));
  const programs: HostPrograms = known ?? {
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
  };
  return {
    host,
    user: text("user") ?? "",
    home: text("home") ?? "",
    system: text("system") ?? "",
    platform: platformOf(text("machine") ?? "unknown"),
    ...texts("selinux"),
    ...programs,
    folder: {
      path,
      state: text("state") as FoundFolder["state"],
      writable: text("writable") === "yes",
      hasEnvFile: text("env") === "yes",
      ...(text("foreign") === "yes" ? { foreignState: true } : {}),
      ...(envText === undefined ? {} : { envText: new Secret(decodeEnvFile(Buffer.from(envText, "base64"))) }),
      ...freeBytes("free"),
    },
    files: new Map(files),
    releases: releases.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    failed: failed.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ...(current === undefined ? {} : { current }),
    stamp: text("stamp") ?? "",
    history: (text("history") ?? "").split(" ").filter((line) => line !== ""),
    unfinished: [...stdout.matchAll(/^probe:unfinished=(.*)$/gm)].map(([, id]) => id!.trim()).filter(isReleaseId),
  };
}

/** What of `probe` a later look need not find again. */
export function programsIn({ engine, compose }: HostProbe): HostPrograms {
  return { ...(engine === undefined ? {} : { engine }), ...(compose === undefined ? {} : { compose }) };
}

/** A folder on the host as it can be asked for: one line, without slashes at its end. Throws `host-dir-invalid`. */
function checkedDir(dir: string): string {
  const fail = (detail: Message): never => {
    throw new MirrorError("host-dir-invalid", { dir, detail });
  };
  if (dir === "") fail(message("dir-empty"));
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(dir)) fail(message("dir-control-characters"));
  if (/^~[^/]/.test(dir)) fail(message("dir-other-home"));
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
    ...(complaint === undefined || flavour === "v2" ? {} : { complaint }),
  };
}

/** Version 1 as the release was started with it. */
function recordedV1(release: Release | undefined): FoundCompose | undefined {
  const compose = composeOf(undefined, release?.runtime);
  return compose?.flavour === "v1" ? { ...compose, recorded: true } : undefined;
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
  /** What the compose file has that docker-compose version 1 does not read. */
  readonly v1Problems: readonly Cause[];
  /** The project reads an env file, so the host's folder should have one. */
  readonly usesEnvFile: boolean;
  /** The oldest docker compose v2 that reads the compose files. */
  readonly oldestV2: string;
  /** What is bind-mounted without a label for SELinux. */
  readonly unlabelled: readonly string[];
  /** The manifests of the mirrored images, as far as they are known here. */
  readonly manifests?: readonly ReadManifest[] | undefined;
  /** docker may be called as root where it answers root only. */
  readonly sudo?: boolean | undefined;
}

export interface HostFindings {
  /** What makes a deploy impossible, the most basic first. */
  readonly errors: readonly MirrorError[];
  readonly warnings: readonly DeployWarning[];
}

/** How docker is called on the host, once `judgeHost` has let it pass. */
export function accessTo({ engine }: HostProbe): EngineAccess {
  return { kind: engine?.kind ?? "docker", sudo: engine?.rootOnly === true };
}

/** What on the host reads images; `undefined` where its version is not known. */
export function readerOn({ engine }: Pick<HostProbe, "engine">): Reader | undefined {
  const version = engine?.server ?? engine?.client;
  return engine === undefined || version === undefined ? undefined : { kind: engine.kind, version };
}

/** Whether the host's docker takes a password on its standard input. */
export function takesPasswordOnInput({ engine }: HostProbe): boolean {
  if (engine?.kind !== "docker") return true;
  const client = parseVersion(engine.client ?? "");
  return client === undefined || gte(client, PASSWORD_STDIN);
}

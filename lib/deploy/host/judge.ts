/** Judges what a probe found: is everything there and recent enough? */
import { gte, lt } from "semver";
import { formatPlatform, parsePlatform } from "../../image/platform.ts";
import { type Feature, type ReadManifest, unreadableBy } from "../../image/readability.ts";
import { type ErrorCode, MirrorError } from "../../messages/errors.ts";
import type { Message } from "../../messages/message.ts";
import { theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import type { Orchestrator } from "../orchestrator/orchestrator.ts";
import {
  DOCKER_OLDEST,
  DOCKER_RECENT,
  type HostFindings,
  type HostNeeds,
  type HostProbe,
  parseVersion,
  readerOn,
} from "./probe.ts";

/** Bytes; below this a pull of a few images is likely to fail. */
const LOW_DISK = 2 * 1024 ** 3;
/** Bytes; below this the files of a project and its releases may not fit. */
const LOW_FOLDER = 64 * 1024 ** 2;

/** Judges `probe` for `orchestrator`: errors make a deploy impossible, the most basic first. */
export function judgeHost(
  probe: HostProbe,
  needs: HostNeeds,
  { requirements }: Pick<Orchestrator, "requirements">,
): HostFindings {
  const { host, folder } = probe;
  const own = requirements(probe, needs);
  const errors = [
    ...platformErrors(probe, needs.platform),
    ...engineErrors(probe, needs.sudo === true),
    ...readErrors(probe, needs.manifests),
    ...own.errors,
    ...folderErrors(probe),
  ];
  const warnings: Message[] = [];
  const { engine } = probe;
  if (engine?.kind === "podman") warnings.push(message("warning-engine-podman", { host }));
  const server = engine?.kind === "docker" ? parseVersion(engine.server ?? "") : undefined;
  if (server && gte(server, DOCKER_OLDEST) && lt(server, DOCKER_RECENT)) {
    warnings.push(message("warning-docker-aging", { host, version: engine!.server!, recent: DOCKER_RECENT }));
  }
  warnings.push(...own.warnings);
  if (engine?.freeBytes !== undefined && engine.freeBytes < LOW_DISK) {
    warnings.push(message("warning-disk-low", { host, folder: engine.root ?? "", bytes: engine.freeBytes }));
  }
  if (folder.freeBytes !== undefined && folder.freeBytes < LOW_FOLDER) {
    warnings.push(message("warning-disk-low", { host, folder: folder.path, bytes: folder.freeBytes }));
  }
  if (probe.selinux === "Enforcing" && needs.unlabelled.length > 0) {
    warnings.push(message("warning-selinux-enforcing", { host, sources: needs.unlabelled }));
  }
  return { errors, warnings };
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
    const detail = engine.complaint === undefined ? message("no-answer") : theirs(engine.complaint);
    const code = /permission denied/i.test(engine.complaint ?? "") ? "host-docker-permission" : "host-docker-stopped";
    return [new MirrorError(code, { host, user, detail })];
  }
  const server = parseVersion(engine.server);
  return server && lt(server, DOCKER_OLDEST)
    ? [new MirrorError("host-docker-old", { host, version: engine.server, oldest: DOCKER_OLDEST })]
    : [];
}

function folderErrors({ host, user, folder }: HostProbe): readonly MirrorError[] {
  const { path: dir, state, writable, foreignState } = folder;
  if (state === "other")
    return [new MirrorError("host-dir-invalid", { dir, detail: message("dir-no-folder", { host }) })];
  if (!writable) return [new MirrorError("host-dir-write", { host, dir, user })];
  const detail = message("state-foreign");
  return foreignState ? [new MirrorError("host-link", { host, dir, detail })] : [];
}

/** What stops an image from being pulled has a remedy of its own for each cause. */
const UNREADABLE = {
  "oci-manifest": "host-manifest-unreadable",
  "zstd-layer": "host-layer-unreadable",
} as const satisfies Record<Feature, ErrorCode>;

function readErrors(probe: HostProbe, manifests: readonly ReadManifest[] = []): readonly MirrorError[] {
  const reader = readerOn(probe);
  if (reader === undefined) return [];
  const unreadable = unreadableBy(reader, manifests);
  return [...new Set(unreadable.map(({ feature }) => feature))].map((each) => {
    const causes = unreadable.filter(({ feature }) => feature === each).map(({ reason }) => reason);
    const { kind: engine, version } = reader;
    const values = { host: probe.host, engine, version, reads: "no", detail: message("all-causes", { causes }) };
    return new MirrorError(UNREADABLE[each], values);
  });
}

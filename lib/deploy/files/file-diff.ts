/**
 * Which files a deploy sends. What the host lacks is sent. What it has is replaced when it is still what an earlier
 * deploy sent; a file that somebody changed on the host stays, unless everything is to be sent.
 */
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import { isOutside, type NeededFile, refuseState } from "./project-files.ts";
import { strayError } from "./real-paths.ts";
import type { BundleFile } from "./bundle-file.ts";
import type { SentFile } from "../plan/release.ts";
import type { DeployWarning, FoundFile, HostProbe } from "../host/probe.ts";

/** `all` replaces what differs on the host too; `none` sends the compose files alone. */
export type SendMode = "missing" | "all" | "none";

export interface FileDiff {
  readonly sent: readonly BundleFile[];
  /** Names of what the host has and keeps. */
  readonly kept: readonly string[];
  /** Services that run with a mounted file that is replaced, in code-point order. */
  readonly affected: readonly string[];
  /** What the host then has as it is here. */
  readonly sums: Readonly<Record<string, SentFile>>;
  readonly warnings: readonly DeployWarning[];
}

export interface FileDiffRequest {
  readonly needed: readonly NeededFile[];
  readonly probe: HostProbe;
  /** The services that will run there. */
  readonly services: ReadonlySet<string>;
  readonly mode: SendMode;
}

/**
 * Compares the files that a project needs with those of the host. Throws `ship-missing` for a file that is neither here
 * nor there, `ship-special` for a FIFO, socket or device that the host lacks, `ship-outside` for one above the
 * project's folder that the host lacks, `ship-link` for a link that leads out of the project's folder, and what `refuseState` throws.
 */
export function diffFiles({ needed, probe, services, mode }: FileDiffRequest): FileDiff {
  const last = lastSent(probe);
  const sent: BundleFile[] = [];
  const kept: string[] = [];
  const affected = new Set<string>();
  const sums: Record<string, SentFile> = {};
  const warnings: DeployWarning[] = [];
  for (const file of needed) {
    if (file.services.length > 0 && !file.services.some((name) => services.has(name))) continue;
    const { name, source, content } = file;
    if (mode !== "none") refuseState(name, source);
    if (file.stray !== undefined && mode !== "none") throw strayError(file.stray);
    const there = probe.files.get(name);
    const fate = fateOf(file, there, { mode, last: last[name]?.sha256 });
    if (fate === "refused") throw missing(file, probe);
    if (fate === "ignored") continue;
    if (fate === "sent") {
      sent.push({ name, source, ...(content === undefined ? {} : { size: content.size, mode: content.mode }) });
      if (there !== undefined && file.mounted) for (const service of file.services) affected.add(service);
    } else if (there?.kind === "file") {
      kept.push(name);
    }
    if (fate === "other") warnings.push(message("warning-file-kept", { host: probe.host, file: name }));
    else if (content !== undefined)
      sums[name] = { sha256: content.sha256, services: file.mounted ? file.services : [] };
  }
  return { sent, kept, affected: [...affected].filter((name) => services.has(name)).toSorted(), sums, warnings };
}

/** A file that the project names, as the host will have it. */
export interface PlacedFile extends Pick<NeededFile, "name" | "services" | "mounted"> {
  readonly sha256: string;
}

/** What of `needed` the host will have, with the content that it will have there. */
export function placedFiles(needed: readonly NeededFile[], probe: HostProbe, mode: SendMode): readonly PlacedFile[] {
  return needed.flatMap((file): readonly PlacedFile[] => {
    const { name, services, mounted } = file;
    const { sha256 } = (isSent(file, probe, mode) ? file.content : probe.files.get(name)) ?? {};
    return sha256 === undefined ? [] : [{ name, services, mounted, sha256 }];
  });
}

/** Whether a deploy puts `file` in the place of what the host has. */
export function isReplaced(file: NeededFile, probe: HostProbe, mode: SendMode): boolean {
  return probe.files.has(file.name) && isSent(file, probe, mode);
}

function isSent(file: NeededFile, probe: HostProbe, mode: SendMode): boolean {
  const last = lastSent(probe)[file.name]?.sha256;
  return fateOf(file, probe.files.get(file.name), { mode, last }) === "sent";
}

/** What the current release sent. */
function lastSent({ releases, current }: HostProbe): Readonly<Record<string, SentFile>> {
  return releases.find(({ id }) => id === current)?.sent ?? {};
}

/** `same` and `other` stay on the host as they are; `ignored` are those that no service needs. */
function fateOf(
  { name, content, required }: NeededFile,
  there: FoundFile | undefined,
  { mode, last }: { readonly mode: SendMode; readonly last: string | undefined },
): "sent" | "same" | "other" | "refused" | "ignored" {
  const canSend = content !== undefined && mode !== "none" && !isOutside(name);
  if (there === undefined) return canSend ? "sent" : required ? "refused" : "ignored";
  if (content === undefined) return "ignored";
  if (there.sha256 === content.sha256) return "same";
  if (!canSend) return "other";
  // Where a mounted file was missing, docker made a folder; it makes room when it is empty.
  return mode === "all" || there.kind === "other" || there.sha256 === last ? "sent" : "other";
}

function missing({ name, source, services, content, special }: NeededFile, { host, folder }: HostProbe): MirrorError {
  if (content !== undefined && isOutside(name)) {
    return new MirrorError("ship-outside", { file: source, folder: folder.path });
  }
  if (special !== undefined) {
    return new MirrorError("ship-special", { file: source, detail: special, host, dir: folder.path });
  }
  if (services.length === 0) return new MirrorError("ship-compose-file", { name, host, dir: folder.path });
  return new MirrorError("ship-missing", { file: source, name, services, host, dir: folder.path });
}

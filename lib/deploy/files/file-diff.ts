/**
 * Which files a deploy sends. What the host lacks goes along. What it has is replaced when it is still what an earlier
 * deploy sent; a file that somebody changed on the host stays, unless everything is to be sent.
 */
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import { isOutside, type NeededFile } from "./project-files.ts";
import type { SentFile } from "../plan/release.ts";
import type { DeployWarning, FoundFile, HostProbe } from "../host/probe.ts";

/** `all` replaces what differs on the host too; `none` sends the compose files alone. */
export type SendMode = "missing" | "all" | "none";

export interface Sending {
  readonly sent: readonly NeededFile[];
  /** Names of what the host has and keeps. */
  readonly kept: readonly string[];
  /** Services that run with a mounted file that is replaced, in code-point order. */
  readonly affected: readonly string[];
  /** What the host then has as it is here. */
  readonly sums: Readonly<Record<string, SentFile>>;
  readonly warnings: readonly DeployWarning[];
}

export interface SendingRequest {
  readonly needed: readonly NeededFile[];
  readonly probe: HostProbe;
  /** The services that will run there. */
  readonly services: ReadonlySet<string>;
  readonly mode: SendMode;
}

/** Throws `ship-missing` for a file that is neither here nor there. */
export function decideSending({ needed, probe, services, mode }: SendingRequest): Sending {
  const last = probe.releases.find(({ id }) => id === probe.current)?.sent ?? {};
  const sent: NeededFile[] = [];
  const kept: string[] = [];
  const affected = new Set<string>();
  const sums: Record<string, SentFile> = {};
  const warnings: DeployWarning[] = [];
  for (const file of needed) {
    if (file.services.length > 0 && !file.services.some((name) => services.has(name))) continue;
    const { name, content } = file;
    const there = probe.files.get(name);
    const fate = fateOf(file, there, { mode, last: last[name]?.sha256 });
    if (fate === "refused") throw missing(file, probe);
    if (fate === "ignored") continue;
    if (fate === "sent") {
      sent.push(file);
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

/** `same` and `other` stay on the host as they are; `ignored` are those that nobody misses. */
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

function missing({ name, source, services, content }: NeededFile, { host, folder }: HostProbe): MirrorError {
  if (content !== undefined && isOutside(name)) {
    return new MirrorError("ship-outside", { file: source, folder: folder.path });
  }
  return new MirrorError("ship-missing", { file: source, name, services, host, dir: folder.path });
}

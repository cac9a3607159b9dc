/** What the whole flow says at its end. */
import { basename, dirname } from "node:path";
import type { Rewrite } from "../../compose/rewrite.ts";
import { failedOf, type Outcome } from "../../engine/engine.ts";
import type { Context } from "../command.ts";
import { defaultDir } from "../../deploy/options.ts";
import type { WrittenMirror } from "../../mirror/mirror-files.ts";
import type { Prepared } from "../../mirror/prepare.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { deployJson, type HostOutcome, reportDeploy, reportFailedHosts } from "./deploy.ts";
import {
  nameOf,
  outcomeJson,
  outcomeLines,
  plannedJson,
  planLines,
  reportInactiveBytes,
  reportRewrite,
  reportWritten,
} from "./images.ts";

export interface MirrorResult {
  readonly prepared: Prepared;
  /** Images of services that were not named and that no run mirrored. */
  readonly others: readonly Transfer[];
  readonly outcomes: readonly Outcome[];
  /** The mirror compose file; absent when it was not written. */
  readonly rewrite?: Rewrite | undefined;
  readonly written: WrittenMirror;
  readonly deployed: readonly HostOutcome[];
}

/** Says what became of images, compose file and hosts. Gives whether all went well. */
export function reportMirror(
  { config, terminal }: Context,
  { prepared, others, outcomes, rewrite, written, deployed }: MirrorResult,
): boolean {
  const failed = [...failedOf(outcomes)];
  const isMirrored = failed.length === 0;
  if (rewrite !== undefined) {
    const left = [...failed, ...others].flatMap(({ uses }) => uses.map(({ image }) => image));
    reportRewrite(terminal, rewrite, new Set(left));
    reportWritten(terminal, prepared.project, rewrite, written);
    if (others.length > 0) terminal.note(terminal.text("leftPublicOthers", { images: others.map(nameOf) }));
    if (!isMirrored) terminal.note(terminal.text("leftPublic", { images: failed.map(nameOf) }));
  }
  for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
  reportInactiveBytes(terminal, prepared, outcomes);
  if (rewrite !== undefined && deployed.length === 0 && isMirrored) {
    const [{ path }] = rewrite.files;
    if (config.embedded) terminal.note(terminal.text("nextWithoutRegistry"));
    else if (dirname(path) === prepared.project.folder)
      terminal.note(terminal.text("nextUp", { file: basename(path) }));
  }
  if (!config.json) return reportDeploy(terminal, config, deployed) && isMirrored;
  terminal.json({
    images: outcomes.map((outcome) => outcomeJson(terminal, outcome)),
    ...(rewrite === undefined ? {} : { compose: rewrite.files[0].path }),
    ...(deployed.length === 0 ? {} : { deploy: deployJson(deployed) }),
  });
  return reportFailedHosts(terminal, deployed) && isMirrored;
}

/** Shows what the whole flow would do. */
export function reportMirrorPlan(
  { config, terminal }: Context,
  { project, plan }: Prepared,
  composeFile: string,
): void {
  const deploys = config.hosts.map((host) => ({ host, dir: config.dir ?? defaultDir(project.name) }));
  if (config.json) {
    terminal.json({
      images: plan.transfers.map(plannedJson),
      compose: composeFile,
      ...(deploys.length === 0 ? {} : { deploy: deploys }),
    });
    return;
  }
  const lines = [
    terminal.text("planTitle"),
    ...planLines(terminal, plan),
    terminal.text("planCompose", { file: composeFile }),
    ...deploys.map((deploy) => terminal.text("planDeploy", deploy)),
  ];
  terminal.result(lines.join("\n"));
}

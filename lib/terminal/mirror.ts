/** What the whole flow says at its end. */
import type { Rewrite } from "../compose/rewrite.ts";
import type { Outcome } from "../engine/engine.ts";
import type { Context } from "./command.ts";
import { deployJson, type HostOutcome, reportDeploy, reportFailedHosts } from "./deploy.ts";
import { hasFailed, outcomeJson, outcomeLines, reportRewrite } from "./reports.ts";

export interface MirrorResult {
  readonly outcomes: readonly Outcome[];
  /** The mirror compose file; absent when it was not written. */
  readonly rewrite?: Rewrite | undefined;
  readonly deployed: readonly HostOutcome[];
}

/** Says what became of images, compose file and hosts. Gives whether all went well. */
export function reportMirror({ config, terminal }: Context, { outcomes, rewrite, deployed }: MirrorResult): boolean {
  if (rewrite !== undefined) reportRewrite(terminal, rewrite);
  for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
  const isMirrored = !hasFailed(outcomes);
  if (!config.json) return reportDeploy(terminal, config, deployed) && isMirrored;
  terminal.json({
    images: outcomes.map(outcomeJson),
    ...(rewrite === undefined ? {} : { compose: rewrite.files[0].path }),
    ...(deployed.length === 0 ? {} : { deploy: deployJson(deployed) }),
  });
  return reportFailedHosts(terminal, deployed) && isMirrored;
}

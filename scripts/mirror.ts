import { prepareDeploy } from "../lib/deploy/deploy.ts";
import type { Outcome } from "../lib/engine/engine.ts";
import { openConfigured, openEngine } from "../lib/engine/open.ts";
import { prepareMirrorCompose } from "../lib/prepare.ts";
import { failedCheck, showChecks } from "../lib/terminal/checks.ts";
import { command } from "../lib/terminal/command.ts";
import {
  allWell,
  deployJson,
  type HostOutcome,
  reportDeploy,
  reportFailedHosts,
  showDeploy,
} from "../lib/terminal/deploy.ts";
import { MIRROR_COMMAND_FLAGS } from "../lib/terminal/flag-sets.ts";
import { pipeline } from "../lib/terminal/pipeline.ts";
import {
  hasFailed,
  mirrorPlanLines,
  outcomeCounts,
  outcomeJson,
  outcomeLines,
  reportProject,
  reportRewrite,
} from "../lib/terminal/reports.ts";
import { showTransfers } from "../lib/terminal/transfers.ts";
import { writeFiles } from "../lib/write.ts";

await command({ name: "mirror", flags: MIRROR_COMMAND_FLAGS }, async (context) => {
  const { config, terminal, signal } = context;
  const { project, plan, rewrite } = await prepareMirrorCompose(config);
  const [{ path: composeFile }] = rewrite.files;
  const { hosts, dryRun, json } = config;
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  if (dryRun) return terminal.result(mirrorPlanLines(terminal, plan, { composeFile, config }).join("\n"));

  const registries = await openConfigured(config);
  const engine = openEngine(config, registries);
  let outcomes: readonly Outcome[] = [];
  let deployed: readonly HostOutcome[] = [];
  const skipFailed = (): string | undefined => (hasFailed(outcomes) ? terminal.text("skipFailed") : undefined);

  await pipeline(terminal, [
    {
      title: terminal.text("stepCheck"),
      run: async (row) => {
        const failure = failedCheck(await showChecks(context, row, { project, plan, registries }));
        if (failure) throw failure;
      },
    },
    {
      title: terminal.text("stepTransfer", { count: plan.transfers.length }),
      run: async (row) => {
        outcomes = await showTransfers(context, row, plan.transfers, engine.mirror);
        row.title(outcomeCounts(terminal, outcomes));
        return !hasFailed(outcomes);
      },
    },
    {
      title: terminal.text("stepCompose", { file: composeFile }),
      skip: skipFailed,
      run: async () => writeFiles(rewrite.files),
    },
    {
      title:
        hosts.length === 0
          ? terminal.text("stepDeployNowhere")
          : terminal.text("stepDeploy", { host: hosts.join(", ") }),
      skip: () => skipFailed() ?? (hosts.length === 0 ? terminal.text("skipNoHost") : undefined),
      run: async (row) => {
        const options = { ...(await prepareDeploy(config, project)), signal };
        deployed = await showDeploy(terminal, row, hosts, options);
        return allWell(deployed);
      },
    },
  ]);

  const isDone = !hasFailed(outcomes);
  if (isDone) reportRewrite(terminal, rewrite);
  for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
  if (json) {
    const compose = isDone ? { compose: composeFile } : {};
    const deploy = deployed.length > 0 ? { deploy: deployJson(deployed) } : {};
    terminal.json({ images: outcomes.map(outcomeJson), ...compose, ...deploy });
    return reportFailedHosts(terminal, deployed) && isDone;
  }
  return reportDeploy(terminal, config, deployed) && isDone;
});

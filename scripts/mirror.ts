import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { type DeployOptions, prepareDeploy } from "../lib/deploy/options.ts";
import { failedOf, type Outcome } from "../lib/engine/engine.ts";
import { lockAfter, lockBefore, unmirroredOf } from "../lib/engine/lock-update.ts";
import { openSession } from "../lib/engine/session.ts";
import { lockFileOf, writeLock } from "../lib/mirror/lock-file.ts";
import { modeOf, writeMirror } from "../lib/mirror/mirror-files.ts";
import { leavePublic, preparePlan, rewriteFor } from "../lib/mirror/prepare.ts";
import { passChecks } from "../lib/cli/report/preflight.ts";
import { command } from "../lib/cli/command.ts";
import { allWell, deployTitle, type HostOutcome, showDeploy, skipDeploy } from "../lib/cli/report/deploy.ts";
import { type MirrorResult, reportMirror, reportMirrorPlan } from "../lib/cli/report/mirror.ts";
import { pipeline } from "../lib/cli/pipeline.ts";
import { hasFailed, outcomeCounts, reportPlan } from "../lib/cli/report/images.ts";
import { reportStore, showTransfers } from "../lib/cli/report/transfers.ts";

await command("mirror", async (context) => {
  const { config, terminal, signal } = context;
  const prepared = await preparePlan(withMirror(config));
  const { project, plan } = prepared;
  const [{ path: composeFile }] = rewriteFor(config, prepared).files;
  reportPlan(context, prepared);
  if (config.dryRun) return reportMirrorPlan(context, prepared, composeFile);
  const before = await lockBefore(composeFile);
  const unmirrored = unmirroredOf(prepared, before);
  const session = await openSession(config, before, context);
  const step = config.embedded ? "pull" : "mirror"; // the store is the mirror where there is no other
  let outcomes: readonly Outcome[] = [];
  let locked = before;
  let files: Pick<MirrorResult, "rewrite" | "written"> = { written: {} };
  let deployed: readonly HostOutcome[] = [];
  let known: DeployOptions["known"];
  const skipFailed = (): string | undefined => (hasFailed(outcomes) ? terminal.text("skipFailed") : undefined);

  try {
    session.engine.begin?.(plan.transfers, step);
    await pipeline(terminal, [
      {
        title: terminal.text("stepCheck"),
        run: async (row) => {
          known = await passChecks(context, row, { ...prepared, ...session, locked: before });
        },
      },
      {
        title: terminal.text(config.embedded ? "stepPull" : "stepTransfer", { count: plan.transfers.length }),
        run: async (row) => {
          outcomes = await showTransfers(context, row, plan.transfers, { engine: session.engine, step });
          row.title(outcomeCounts(terminal, outcomes));
          locked = lockAfter(before, outcomes, prepared.whole.transfers);
          await writeLock(lockFileOf(composeFile), locked, await modeOf(project));
          return !hasFailed(outcomes);
        },
      },
      {
        title: terminal.text("stepCompose", { file: composeFile }),
        skip: () => (config.keepGoing ? undefined : skipFailed()),
        run: async () => {
          const named = leavePublic(prepared, new Set([...failedOf(outcomes), ...unmirrored]));
          const rewrite = rewriteFor(config, named, config.pin ? locked : undefined);
          files = { rewrite, written: await writeMirror(project, rewrite) };
        },
      },
      {
        title: deployTitle(terminal, config.hosts),
        skip: () => skipFailed() ?? skipDeploy(context, unmirrored),
        run: async (row) => {
          const options = { ...(await prepareDeploy(config, project)), known, signal };
          deployed = await showDeploy(context, row, config.hosts, options);
          return allWell(deployed);
        },
      },
    ]);
    await reportStore(context, session);
  } finally {
    await session.close();
  }
  return reportMirror(context, { prepared, others: unmirrored, outcomes, ...files, deployed });
});

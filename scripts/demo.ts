import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { openStage } from "../lib/demo/stage.ts";
import type { Outcome } from "../lib/engine/engine.ts";
import { lockAfter } from "../lib/engine/lock-update.ts";
import { openSession } from "../lib/engine/session.ts";
import { lockFileOf, type LockedImage, writeLock } from "../lib/mirror/lock-file.ts";
import { preparePlan, rewriteFor } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { pipeline } from "../lib/cli/pipeline.ts";
import { hasFailed, outcomeCounts, outcomeLines, reportProject, reportRewrite } from "../lib/cli/report/images.ts";
import { showTransfers } from "../lib/cli/report/transfers.ts";
import { hasDrifted, verifiedLines, verifiedSummary } from "../lib/cli/report/verify.ts";
import { verify } from "../lib/mirror/verify.ts";
import { writeFiles } from "../lib/system/write-file.ts";

await command("demo", async (context) => {
  const { terminal, signal } = context;
  const stage = await openStage();
  const { config } = stage;
  try {
    const prepared = await preparePlan(withMirror(config));
    const { project, plan } = prepared;
    const { transfers } = plan;
    const rewrite = rewriteFor(config, prepared);
    const [{ path: composeFile, text }] = rewrite.files;
    reportProject(terminal, project, { ...plan, mirrored: transfers.length });
    const session = await openSession(config, [], context);
    let outcomes: readonly Outcome[] = [];
    let locked: readonly LockedImage[] = [];
    try {
      await pipeline(terminal, [
        {
          title: terminal.text("demoPublish"),
          run: async (row) => {
            const bytes = await stage.publish(transfers.map(({ source }) => source));
            row.title(terminal.text("demoPublished", { count: transfers.length, size: bytes }));
          },
        },
        {
          title: terminal.text("demoMirror", { count: transfers.length, host: config.registry! }),
          run: async (row) => {
            const work = { engine: session.engine, step: "pull" } as const; // the store is the mirror
            work.engine.begin?.(transfers, work.step);
            outcomes = await showTransfers({ ...context, config }, row, transfers, work);
            row.title(outcomeCounts(terminal, outcomes));
            return !hasFailed(outcomes);
          },
        },
        {
          title: terminal.text("stepCompose", { file: composeFile }),
          run: async () => {
            locked = lockAfter([], outcomes, transfers);
            await Promise.all([writeFiles(rewrite.files), writeLock(lockFileOf(composeFile), locked)]);
          },
        },
        {
          title: terminal.text("demoVerify"),
          run: async (row) => {
            const options = { registries: session.registries, sourceMirrors: config.sourceMirrors, signal };
            const verified = await verify(locked, transfers, options);
            row.title([...verifiedLines(terminal, verified), verifiedSummary(terminal, verified)].join("; "));
            return !verified.some(hasDrifted);
          },
        },
      ]);
    } finally {
      await session.close();
    }
    reportRewrite(terminal, rewrite);
    for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
    terminal.file(text);
    terminal.note(terminal.text("demoEnd", { file: composeFile }));
    return !hasFailed(outcomes);
  } finally {
    await stage.close();
  }
});

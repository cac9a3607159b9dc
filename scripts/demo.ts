import { openStage } from "../lib/demo/stage.ts";
import type { Outcome } from "../lib/engine/engine.ts";
import { lockAfter, lockFileOf } from "../lib/engine/locked.ts";
import { openWorkshop } from "../lib/engine/open.ts";
import { type LockedImage, writeLock } from "../lib/lock.ts";
import { preparePlan, rewriteFor } from "../lib/prepare.ts";
import { command } from "../lib/terminal/command.ts";
import { formatBytes } from "../lib/terminal/format.ts";
import { pipeline } from "../lib/terminal/pipeline.ts";
import { hasFailed, outcomeCounts, outcomeLines, reportProject, reportRewrite } from "../lib/terminal/reports.ts";
import { showTransfers } from "../lib/terminal/transfers.ts";
import { hasDrifted, verifiedLines, verifiedSummary } from "../lib/terminal/verified.ts";
import { verify } from "../lib/verify.ts";
import { writeFiles } from "../lib/write.ts";

await command({ name: "demo", flags: [] }, async ({ terminal, signal }) => {
  const stage = await openStage();
  const { config } = stage;
  try {
    const prepared = await preparePlan(config);
    const { project, plan } = prepared;
    const { transfers } = plan;
    const rewrite = rewriteFor(config, prepared);
    const [{ path: composeFile, text }] = rewrite.files;
    reportProject(terminal, project, { ...plan, mirrored: transfers.length });

    const workshop = await openWorkshop(config);
    let outcomes: readonly Outcome[] = [];
    let locked: readonly LockedImage[] = [];
    try {
      await pipeline(terminal, [
        {
          title: terminal.text("demoPublish"),
          run: async (row) => {
            const bytes = await stage.publish(transfers.map(({ source }) => source));
            row.title(terminal.text("demoPublished", { count: transfers.length, size: formatBytes(bytes) }));
          },
        },
        {
          title: terminal.text("demoMirror", { count: transfers.length, host: config.registry! }),
          run: async (row) => {
            const shown = { config, terminal, signal };
            const work = { engine: workshop.engine, step: "pull" } as const; // the store is the mirror
            work.engine.begin?.(transfers, work.step);
            outcomes = await showTransfers(shown, row, transfers, work);
            row.title(outcomeCounts(terminal, outcomes));
            return !hasFailed(outcomes);
          },
        },
        {
          title: terminal.text("stepCompose", { file: composeFile }),
          run: async () => {
            locked = lockAfter([], outcomes);
            await Promise.all([writeFiles(rewrite.files), writeLock(lockFileOf(composeFile), locked)]);
          },
        },
        {
          title: terminal.text("demoVerify"),
          run: async (row) => {
            const { registries } = workshop;
            const { sourceMirrors } = config;
            const verified = await verify(locked, transfers, { registries, sourceMirrors, signal });
            row.title([...verifiedLines(terminal, verified), verifiedSummary(terminal, verified)].join("; "));
            return !verified.some(hasDrifted);
          },
        },
      ]);
    } finally {
      await workshop.close();
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

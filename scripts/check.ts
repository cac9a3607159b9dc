import { findingJson } from "../lib/check.ts";
import { openConfigured } from "../lib/engine/open.ts";
import { preparePlan } from "../lib/prepare.ts";
import { failedCheck, showChecks } from "../lib/terminal/checks.ts";
import { command } from "../lib/terminal/command.ts";
import { CHECK_FLAGS } from "../lib/terminal/flag-sets.ts";
import { pipeline } from "../lib/terminal/pipeline.ts";

await command({ name: "check", flags: CHECK_FLAGS }, async (context) => {
  const { config, terminal } = context;
  const prepared = { ...(await preparePlan(config)), registries: await openConfigured(config) };
  await pipeline(terminal, [
    {
      title: terminal.text("stepCheck"),
      run: async (row) => {
        const findings = await showChecks(context, row, prepared);
        if (config.json) terminal.json(findings.map(findingJson));
        const failure = failedCheck(findings);
        if (failure) throw failure;
      },
    },
  ]);
});

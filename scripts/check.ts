import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { openConfigured } from "../lib/engine/session.ts";
import { preparePlan } from "../lib/mirror/prepare.ts";
import { failedCheck, findingJson, showChecks } from "../lib/cli/report/preflight.ts";
import { command } from "../lib/cli/command.ts";
import { pipeline } from "../lib/cli/pipeline.ts";

await command("check", async (context) => {
  const { config, terminal } = context;
  const prepared = {
    ...(await preparePlan(withMirror(config))),
    registries: await openConfigured(config),
    withSources: true,
  };
  await pipeline(terminal, [
    {
      title: terminal.text("stepCheck"),
      run: async (row) => {
        const findings = await showChecks(context, row, prepared);
        if (config.json) terminal.json(findings.map((finding) => findingJson(terminal, finding)));
        const failure = failedCheck(findings);
        if (failure) throw failure;
      },
    },
  ]);
});

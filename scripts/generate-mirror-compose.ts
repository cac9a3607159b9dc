import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { lockBefore } from "../lib/engine/lock-update.ts";
import { preparePlan, rewriteFor } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportPlan, reportRewrite, reportWritten } from "../lib/cli/report/images.ts";
import { writeMirror } from "../lib/mirror/mirror-files.ts";

await command("generate-mirror-compose", async (context) => {
  const { config, terminal } = context;
  const prepared = await preparePlan(withMirror(config));
  const { project } = prepared;
  const named = rewriteFor(config, prepared);
  const locked = config.pin ? await lockBefore(named.files[0].path) : undefined;
  const rewrite = locked === undefined ? named : rewriteFor(config, prepared, locked);
  reportPlan(context, prepared);
  if (config.dryRun) {
    for (const { text } of rewrite.files) terminal.file(text);
    return reportRewrite(terminal, rewrite);
  }
  const written = await writeMirror(project, rewrite);
  reportRewrite(terminal, rewrite);
  for (const { path } of rewrite.files) terminal.note(terminal.text("wrote", { file: path }));
  reportWritten(terminal, project, rewrite, written);
});

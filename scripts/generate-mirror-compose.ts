import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { lockBefore } from "../lib/engine/lock-update.ts";
import { preparePlan, rewriteFor } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportProject, reportRewrite } from "../lib/cli/report/images.ts";
import { writeFiles } from "../lib/system/write-file.ts";

await command("generate-mirror-compose", async ({ config, terminal }) => {
  const prepared = await preparePlan(withMirror(config));
  const { project, plan } = prepared;
  const named = rewriteFor(config, prepared);
  const locked = config.pin ? await lockBefore(named.files[0].path) : undefined;
  const rewrite = locked === undefined ? named : rewriteFor(config, prepared, locked);
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  if (config.dryRun) {
    for (const { text } of rewrite.files) terminal.file(text);
    return reportRewrite(terminal, rewrite);
  }
  await writeFiles(rewrite.files);
  reportRewrite(terminal, rewrite);
  for (const { path } of rewrite.files) terminal.note(terminal.text("wrote", { file: path }));
});

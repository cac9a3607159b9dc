import { prepareMirrorCompose } from "../lib/prepare.ts";
import { command } from "../lib/terminal/command.ts";
import { COMPOSE_FLAGS } from "../lib/terminal/flag-sets.ts";
import { reportProject, reportRewrite } from "../lib/terminal/reports.ts";
import { writeFiles } from "../lib/write.ts";

await command({ name: "generate-mirror-compose", flags: COMPOSE_FLAGS }, async ({ config, terminal }) => {
  const { project, plan, rewrite } = await prepareMirrorCompose(config);
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  reportRewrite(terminal, rewrite);
  if (config.dryRun) {
    for (const { text } of rewrite.files) terminal.file(text);
    return;
  }
  await writeFiles(rewrite.files);
  for (const { path } of rewrite.files) terminal.note(terminal.text("wrote", { file: path }));
});

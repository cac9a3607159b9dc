import { prepareMirrorCompose } from "../lib/prepare.ts";
import { command } from "../lib/terminal/command.ts";
import { COMPOSE_FLAGS } from "../lib/terminal/flag-sets.ts";
import { reportProject, reportRewrite } from "../lib/terminal/reports.ts";
import { writeWhole } from "../lib/write.ts";

await command({ name: "generate-mirror-compose", flags: COMPOSE_FLAGS }, async ({ config, terminal }) => {
  const { project, plan, rewrite } = await prepareMirrorCompose(config);
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  reportRewrite(terminal, rewrite);
  if (config.dryRun) {
    for (const { text } of rewrite.files) terminal.file(text);
    return;
  }
  for (const { path, text } of rewrite.files) {
    await writeWhole(path, text);
    terminal.note(terminal.text("wrote", { file: path }));
  }
});

import "../lib/cli/node-version.ts";
import { pullScriptName, renderPullScript } from "../lib/generate/pull-script.ts";
import { prepareSelection, scriptPath } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportProject } from "../lib/cli/report/images.ts";
import { writeWhole } from "../lib/system/write-file.ts";

await command("generate-amd64-pull-script", async ({ config, terminal }) => {
  const { project, selection } = await prepareSelection(config);
  reportProject(terminal, project, { ...selection, mirrored: selection.mirrored.length });
  const file = scriptPath(config, project, pullScriptName(config.platform));
  const script = renderPullScript(selection.mirrored);
  if (config.dryRun) return terminal.file(script);
  await writeWhole(file, script, { executable: true });
  terminal.note(terminal.text("wrote", { file }));
});

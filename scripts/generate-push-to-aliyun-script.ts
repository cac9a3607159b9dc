import "../lib/cli/node-version.ts";
import { requireRegistry, withMirror } from "../lib/config/config.ts";
import { PUSH_SCRIPT_NAME, renderPushScript } from "../lib/generate/push-script.ts";
import { preparePlan, scriptPath } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportProject } from "../lib/cli/report/images.ts";
import { writeWhole } from "../lib/system/write-file.ts";

await command("generate-push-to-aliyun-script", async ({ config, terminal }) => {
  requireRegistry(config);
  const { project, plan } = await preparePlan(withMirror(config));
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  const file = scriptPath(config, project, PUSH_SCRIPT_NAME);
  const script = renderPushScript(plan.transfers);
  if (config.dryRun) return terminal.file(script);
  await writeWhole(file, script, { executable: true });
  terminal.note(terminal.text("wrote", { file }));
});

import "../lib/cli/node-version.ts";
import { requireRegistry, withMirror } from "../lib/config/config.ts";
import { PUSH_SCRIPT_NAME, renderPushScript } from "../lib/generate/push-script.ts";
import { preparePlan, scriptPath } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportPlan } from "../lib/cli/report/images.ts";
import { writeWhole } from "../lib/system/write-file.ts";

await command("generate-push-to-aliyun-script", async (context) => {
  const { config, terminal } = context;
  requireRegistry(config);
  const prepared = await preparePlan(withMirror(config));
  const { project, plan } = prepared;
  reportPlan(context, prepared);
  const file = scriptPath(config, project, PUSH_SCRIPT_NAME);
  const script = renderPushScript(plan.transfers);
  if (config.dryRun) return terminal.file(script);
  await writeWhole(file, script, { executable: true });
  terminal.note(terminal.text("wrote", { file }));
});

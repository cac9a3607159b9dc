import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { openConfigured } from "../lib/engine/session.ts";
import { writeProjectSettings } from "../lib/config/settings.ts";
import { preparePlan } from "../lib/mirror/prepare.ts";
import { MirrorError } from "../lib/messages/errors.ts";
import { command } from "../lib/cli/command.ts";
import { askSettings } from "../lib/cli/init.ts";
import { pipeline } from "../lib/cli/pipeline.ts";
import { openQuestions } from "../lib/cli/question.ts";
import { failedCheck, showChecks } from "../lib/cli/report/preflight.ts";

await command("init", async (context) => {
  const { config, terminal } = context;
  const { project } = await preparePlan({ ...config, registry: "registry.invalid", namespace: "any" });
  if (!terminal.interactive || !process.stdin.isTTY) throw new MirrorError("init-terminal", { folder: project.folder });
  const { ask, close } = openQuestions(context);
  try {
    const settings = await askSettings({
      terminal,
      ask,
      config,
      check: async (tried) => {
        try {
          const registries = await openConfigured(tried);
          const prepared = { ...(await preparePlan(withMirror(tried))), registries };
          let failure: MirrorError | undefined;
          const run = async (row: Parameters<typeof showChecks>[1]): Promise<boolean> => {
            failure = failedCheck(await showChecks({ ...context, config: tried }, row, prepared));
            return failure === undefined;
          };
          await pipeline(terminal, [{ title: terminal.text("stepCheck"), run }]);
          registries.close();
          return failure;
        } catch (error) {
          if (error instanceof MirrorError && error.code !== "interrupted") return error;
          throw error;
        }
      },
    });
    const file = await writeProjectSettings(project.folder, settings);
    terminal.note(terminal.text("wrote", { file }));
    terminal.note(terminal.text("nextMirror"));
  } finally {
    close();
  }
});

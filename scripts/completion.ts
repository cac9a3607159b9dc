import "../lib/cli/node-version.ts";
import { command } from "../lib/cli/command.ts";
import { completionOf, type Shell } from "../lib/cli/completion.ts";
import { requireShell } from "../lib/config/config.ts";

await command("completion", async ({ config, terminal }) => {
  const shell: Shell = requireShell(config);
  terminal.file(completionOf(shell, config.language));
});

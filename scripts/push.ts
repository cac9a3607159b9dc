import "../lib/cli/node-version.ts";
import { requireRegistry } from "../lib/config/config.ts";
import { command } from "../lib/cli/command.ts";
import { transferAlone } from "../lib/cli/report/transfers.ts";

await command("push", (context) => {
  requireRegistry(context.config);
  return transferAlone(context, "push");
});

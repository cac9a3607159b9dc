import { requireRegistry } from "../lib/config/config.ts";
import { command } from "../lib/cli/command.ts";
import { STEP_FLAGS } from "../lib/config/flag-sets.ts";
import { transferAlone } from "../lib/cli/report/transfers.ts";

await command({ name: "push", flags: STEP_FLAGS }, (context) => {
  requireRegistry(context.config);
  return transferAlone(context, "push");
});

import { requireRegistry } from "../lib/config.ts";
import { command } from "../lib/terminal/command.ts";
import { STEP_FLAGS } from "../lib/terminal/flag-sets.ts";
import { transferAlone } from "../lib/terminal/transfers.ts";

await command({ name: "push", flags: STEP_FLAGS }, (context) => {
  requireRegistry(context.config);
  return transferAlone(context, "push");
});

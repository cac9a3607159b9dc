import { command } from "../lib/terminal/command.ts";
import { STEP_FLAGS } from "../lib/terminal/flag-sets.ts";
import { transferAlone } from "../lib/terminal/transfers.ts";

await command({ name: "pull", flags: STEP_FLAGS }, (context) => transferAlone(context, "pull"));

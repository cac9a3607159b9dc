import { command } from "../lib/cli/command.ts";
import { STEP_FLAGS } from "../lib/config/flag-sets.ts";
import { transferAlone } from "../lib/cli/report/transfers.ts";

await command({ name: "pull", flags: STEP_FLAGS }, (context) => transferAlone(context, "pull"));

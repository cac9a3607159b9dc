import "../lib/cli/node-version.ts";
import { command } from "../lib/cli/command.ts";
import { transferAlone } from "../lib/cli/report/transfers.ts";

await command("pull", (context) => transferAlone(context, "pull"));

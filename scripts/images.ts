import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { imageRows } from "../lib/mirror/transfers.ts";
import { listImages } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { reportPlan, showImages } from "../lib/cli/report/images.ts";

await command("images", async (context) => {
  const { config, terminal } = context;
  const { invalid, ...prepared } = await listImages(withMirror(config));
  const rows = imageRows(prepared.plan);
  // An array where all is well; the rows and what is wrong with the rest otherwise.
  if (config.json)
    terminal.json(
      invalid.length === 0 ? rows : { images: rows, errors: invalid.map((error) => terminal.errorJson(error)) },
    );
  else await showImages(context, prepared);
  reportPlan(context, prepared);
  const [first, ...others] = invalid;
  for (const error of others) terminal.note(terminal.explain(error));
  if (first !== undefined) throw first;
});

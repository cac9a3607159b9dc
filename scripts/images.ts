import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { imageRows } from "../lib/mirror/transfers.ts";
import { preparePlan } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { formatTable } from "../lib/cli/format.ts";
import { reportProject } from "../lib/cli/report/images.ts";

await command("images", async ({ config, terminal }) => {
  const { project, plan } = await preparePlan(withMirror(config));
  const rows = imageRows(plan);
  if (config.json) terminal.json(rows);
  else {
    const place = { mirror: "", ignored: terminal.text("image-ignored"), built: terminal.text("image-built") };
    terminal.result(
      formatTable(
        rows.map(({ source, target, services, status }) => [source, target ?? place[status], services.join(", ")]),
      ),
    );
  }
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
});

import { imageRows } from "../lib/plan.ts";
import { preparePlan } from "../lib/prepare.ts";
import { command } from "../lib/terminal/command.ts";
import { MIRROR_FLAGS, PROJECT_FLAGS } from "../lib/terminal/flag-sets.ts";
import { formatTable } from "../lib/terminal/format.ts";
import { reportProject } from "../lib/terminal/reports.ts";

await command({ name: "images", flags: [...PROJECT_FLAGS, ...MIRROR_FLAGS, "json"] }, async ({ config, terminal }) => {
  const { project, plan } = await preparePlan(config);
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

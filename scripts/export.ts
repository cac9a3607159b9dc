import "../lib/cli/node-version.ts";
import { planExport } from "../lib/archive/export.ts";
import { refuseForeign } from "../lib/archive/output.ts";
import { command } from "../lib/cli/command.ts";
import { reportExportPlan, showExport } from "../lib/cli/report/archive.ts";
import { reportPlan } from "../lib/cli/report/images.ts";
import { requireName } from "../lib/compose/project.ts";
import { MIRROR_FILE } from "../lib/compose/rewrite.ts";
import { withStore } from "../lib/config/config.ts";
import { lockBefore } from "../lib/engine/lock-update.ts";
import { openSession } from "../lib/engine/session.ts";
import { outputPath, preparePlan, scriptPath } from "../lib/mirror/prepare.ts";

await command("export", async (given) => {
  const config = withStore(given.config);
  const context = { ...given, config };
  const prepared = await preparePlan(config);
  const { project, plan: mirrorPlan } = prepared;
  const file = scriptPath(config, project, `${requireName(project)}.tar`);
  if (!config.yes) await refuseForeign(file);
  const plan = await planExport(prepared, config);
  // No registry is needed here, so none is missed.
  reportPlan({ ...context, config: { ...config, embedded: false } }, prepared);
  reportExportPlan(context, mirrorPlan, plan);
  const before = await lockBefore(outputPath({}, project, MIRROR_FILE));
  const session = await openSession(config, before, context);
  try {
    return await showExport(context, { plan, session, before, file });
  } finally {
    await session.close();
  }
});

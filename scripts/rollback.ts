import { requireHosts } from "../lib/config/config.ts";
import { rollBack, statusFor } from "../lib/deploy/deploy.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { command } from "../lib/cli/command.ts";
import { allWell, type HostOutcome, reportDeploy, showReleases, showWork } from "../lib/cli/report/deploy.ts";
import { rollbackDryRunOf } from "../lib/cli/report/deploy-plan.ts";
import { ROLLBACK_FLAGS } from "../lib/config/flag-sets.ts";
import { pipeline } from "../lib/cli/pipeline.ts";

await command({ name: "rollback", flags: ROLLBACK_FLAGS }, async ({ config, terminal, signal }) => {
  const hosts = requireHosts(config);
  const options = { ...(await prepareDeploy(config)), signal };
  if (config.list) return showReleases(terminal, config, hosts, (host) => statusFor(host, options));
  if (config.dryRun) return rollbackDryRunOf(terminal, config, hosts, options);

  let outcomes: readonly HostOutcome[] = [];
  await pipeline(terminal, [
    {
      title: terminal.text("stepRollback", { host: hosts.join(", ") }),
      run: async (row) => {
        outcomes = await showWork(terminal, row, hosts, (host, onStage) => rollBack(host, options, onStage));
        return allWell(outcomes);
      },
    },
  ]);
  return reportDeploy(terminal, config, outcomes);
});

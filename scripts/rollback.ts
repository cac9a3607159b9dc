import { requireHosts } from "../lib/config/config.ts";
import { prepareDeploy, rollBack } from "../lib/deploy/deploy.ts";
import { command } from "../lib/cli/command.ts";
import { allWell, type HostOutcome, reportDeploy, showWork } from "../lib/cli/report/deploy.ts";
import { rollbackDryRunOf } from "../lib/cli/report/deploy-plan.ts";
import { ROLLBACK_FLAGS } from "../lib/config/flag-sets.ts";
import { pipeline } from "../lib/cli/pipeline.ts";

await command({ name: "rollback", flags: ROLLBACK_FLAGS }, async (context) => {
  const { config, terminal, signal } = context;
  const hosts = requireHosts(config);
  const options = { ...(await prepareDeploy(config)), signal };
  if (config.dryRun) return rollbackDryRunOf(terminal, config, hosts, options);

  let outcomes: readonly HostOutcome[] = [];
  await pipeline(terminal, [
    {
      title: terminal.text("stepRollback", { host: hosts.join(", ") }),
      run: async (row) => {
        outcomes = await showWork(context, row, hosts, (host, onStage) => rollBack(host, options, onStage));
        return allWell(outcomes);
      },
    },
  ]);
  return reportDeploy(terminal, config, outcomes);
});

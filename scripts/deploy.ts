import "../lib/cli/node-version.ts";
import { requireHosts } from "../lib/config/config.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { command } from "../lib/cli/command.ts";
import { allWell, type HostOutcome, reportDeploy, showDeploy } from "../lib/cli/report/deploy.ts";
import { dryRunOf } from "../lib/cli/report/deploy-plan.ts";
import { pipeline } from "../lib/cli/pipeline.ts";

await command("deploy", async (context) => {
  const { config, terminal, signal } = context;
  const hosts = requireHosts(config);
  const options = { ...(await prepareDeploy(config)), signal };
  if (config.dryRun) return dryRunOf(terminal, config, hosts, options);

  let outcomes: readonly HostOutcome[] = [];
  await pipeline(terminal, [
    {
      title: terminal.text("stepDeploy", { host: hosts.join(", ") }),
      run: async (row) => {
        outcomes = await showDeploy(context, row, hosts, options);
        return allWell(outcomes);
      },
    },
  ]);
  return reportDeploy(terminal, config, outcomes);
});

import "../lib/cli/node-version.ts";
import { requireHosts } from "../lib/config/config.ts";
import { rollBack, statusFor } from "../lib/deploy/deploy.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { command } from "../lib/cli/command.ts";
import { allWell, type HostOutcome, reportDeploy, showReleases, showWork } from "../lib/cli/report/deploy.ts";
import { rollbackDryRunOf, rollbackHead, rollbackPlans } from "../lib/cli/report/deploy-plan.ts";
import { confirm } from "../lib/cli/question.ts";
import { pipeline } from "../lib/cli/pipeline.ts";

await command("rollback", async (context) => {
  const { config, terminal, signal } = context;
  const hosts = requireHosts(config);
  const options = { ...(await prepareDeploy(config)), signal };
  if (config.list) return showReleases(terminal, config, hosts, (host) => statusFor(host, options));
  if (config.dryRun) return rollbackDryRunOf(terminal, config, hosts, options);
  // What was agreed to is what is done, even when somebody else deploys in between.
  const agreed = new Map<string, string>();
  const question = async (): Promise<string> => {
    for (const [index, plan] of (await rollbackPlans(terminal, hosts, options)).entries()) {
      agreed.set(hosts[index]!, plan.target.id);
      if (hosts.length > 1) terminal.note(`${hosts[index]!}:`);
      for (const line of rollbackHead(terminal, plan)) terminal.note(line);
    }
    return terminal.text("askRollback", { host: hosts.join(", ") });
  };
  if (!(await confirm(context, question))) return;

  let outcomes: readonly HostOutcome[] = [];
  await pipeline(terminal, [
    {
      title: terminal.text("stepRollback", { host: hosts.join(", ") }),
      run: async (row) => {
        outcomes = await showWork(context, row, hosts, (host, onStage) =>
          rollBack(host, { ...options, release: agreed.get(host) ?? options.release }, onStage),
        );
        return allWell(outcomes);
      },
    },
  ]);
  return reportDeploy(terminal, config, outcomes);
});

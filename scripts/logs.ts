import "../lib/cli/node-version.ts";
import { requireHosts } from "../lib/config/config.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { command } from "../lib/cli/command.ts";
import { reportLogs } from "../lib/cli/report/logs.ts";

await command("logs", async (context) => {
  const hosts = requireHosts(context.config);
  return reportLogs(context, hosts, await prepareDeploy(context.config));
});

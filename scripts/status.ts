import "../lib/cli/node-version.ts";
import { requireHosts } from "../lib/config/config.ts";
import { statusFor } from "../lib/deploy/deploy.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { command } from "../lib/cli/command.ts";
import { onEveryHost, reportDeploy } from "../lib/cli/report/deploy.ts";
import { withSpinner } from "../lib/cli/spinner.ts";

await command("status", async ({ config, terminal, signal }) => {
  const hosts = requireHosts(config);
  const options = { ...(await prepareDeploy(config)), signal };
  const outcomes = await withSpinner(terminal, terminal.text("lookingAt", { host: hosts.join(", ") }), () =>
    onEveryHost(hosts, (host) => statusFor(host, options)),
  );
  return reportDeploy(terminal, config, outcomes);
});

import "../lib/cli/node-version.ts";
import { requireExec } from "../lib/config/config.ts";
import { prepareDeploy } from "../lib/deploy/options.ts";
import { execIn } from "../lib/deploy/services.ts";
import { command } from "../lib/cli/command.ts";

await command("exec", async ({ config, signal }) => {
  const { host, ...request } = requireExec(config);
  const options = { ...(await prepareDeploy(config)), signal };
  // With its output in a pipe, a terminal would change the bytes.
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  return execIn(host, options, { ...request, terminal });
});

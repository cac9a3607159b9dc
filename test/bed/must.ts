import { type Command, run, type RunOptions } from "../../lib/system/process.ts";

/** Runs a command; throws with what it printed when it fails. */
export async function must(command: Command, options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit code ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

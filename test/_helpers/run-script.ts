/** A script as a user runs it, under the runtime that the tests run under. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type Ran, run, type RunOptions } from "../../lib/system/process.ts";

const SCRIPTS = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "scripts");
const OPTIONS = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", import.meta.resolve("tsx/esm")];

export function scriptCommand(name: string, args: readonly string[]): Command {
  return [process.execPath, ...OPTIONS, join(SCRIPTS, `${name}.ts`), ...args];
}

export function runScript(name: string, args: readonly string[], options?: RunOptions): Promise<Ran> {
  return run(scriptCommand(name, args), options);
}

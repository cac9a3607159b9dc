#!/usr/bin/env node
import "../lib/cli/node-version.ts";
import { scriptsFor } from "../lib/cli/dispatch.ts";

const words = process.argv.slice(2);
const names = scriptsFor(words);
// Each script reads the command line as if it had been started by its own name.
process.argv.splice(2, 1);
for (const name of names) {
  if (process.exitCode) break;
  await import(`./${name}.ts`);
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { run } from "../../lib/system/process.ts";

const MODULE = new URL("../../lib/cli/node-version.ts", import.meta.url).href;
const ENGINES = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { engines: { node: string } }
).engines.node;

/** Imports the check in a child that takes itself for Node `version`. */
function checked(version: string) {
  const script = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
await import("${MODULE}"); console.log("goes on");`;
  const runtime =
    "Deno" in globalThis
      ? [process.execPath, "eval", "--no-check", script]
      : [process.execPath, "--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script];
  return run(runtime as [string, ...string[]]);
}

for (const version of ["18.20.4", "20.18.3"]) {
  test(`Node ${version} is refused in one line`, async () => {
    const { code, stdout, stderr } = await checked(version);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      new RegExp(`^compose-mirror needs Node ${ENGINES.slice(2)} or newer, this is ${version}.*\n$`),
    );
  });
}

for (const version of ["20.19.0", "22.0.0"]) {
  test(`Node ${version} goes on`, async () => {
    assert.deepEqual((await checked(version)).stdout, "goes on\n");
  });
}

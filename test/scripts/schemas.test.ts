/** What `--json` prints is what docs/schemas says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { inFolder } from "../_helpers/compose-folder.ts";
import { runScript } from "../_helpers/run-script.ts";

const FILES = {
  "compose.yaml": "services:\n  web: { image: nginx:1 }\n  own: { build: . }\n",
  Dockerfile: "FROM x\n",
  "all.txt": "nginx\n",
};
const cases: readonly [name: string, args: readonly string[], schema: string, code: number][] = [
  ["images", [], "images", 0],
  ["images", ["--ignore", "/dev/null"], "images", 0],
  ["images", ["--nope"], "images", 2],
  ["pull", ["--dry-run"], "transfers", 0],
  ["pull", ["--platform", "linux/"], "transfers", 2],
  ["check", ["--ignore", "all.txt"], "check", 0],
  ["check", ["--engine", "nerdctl", "--registry", "localhost:9", "--namespace", "team"], "check", 2],
];

for (const [name, args, schema, code] of cases) {
  test(`${[name, ...args].join(" ")} --json is as its schema says`, () =>
    inFolder(FILES, async (cwd) => {
      const env = { LC_ALL: "C", HOME: cwd, COMPOSE_FILE: "", MIRROR_REGISTRY: "", MIRROR_NAMESPACE: "" };
      const ran = await runScript(name, [...args, "--json"], { cwd, env });
      assert.equal(ran.code, code, ran.stderr);
      const text = readFileSync(new URL(`../../docs/schemas/${schema}.json`, import.meta.url), "utf8");
      const validate = new Ajv2020({ strict: false }).compile(JSON.parse(text) as object);
      assert.ok(validate(JSON.parse(ran.stdout)), JSON.stringify(validate.errors));
    }));
}

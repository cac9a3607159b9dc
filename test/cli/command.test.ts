/** The frame around every script, as a user meets it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ran, run } from "../../lib/system/process.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { runScript, scriptCommand } from "../_helpers/run-script.ts";

const ENV = { LC_ALL: "C", MIRROR_REGISTRY: "r.example", MIRROR_NAMESPACE: "team", COMPOSE_FILE: "" };
const SERVICES = Array.from({ length: 2000 }, (_, index) => `  s${index}: { image: "app${index}:1" }\n`);
const FILES = { "compose.yaml": `services:\n${SERVICES.join("")}` };

/** Runs a line of bash in which "$@" is the script. */
function piped(line: string, name: string, args: readonly string[], cwd: string): Promise<Ran> {
  return run(["bash", "-c", line, "bash", ...scriptCommand(name, args)], { cwd, env: ENV });
}

test("a reader that goes away early makes nothing fail, on either stream", () =>
  inFolder(FILES, async (folder) => {
    for (const [name, args] of [
      ["images", ["--json"]],
      ["images", []],
      ["generate-mirror-compose", ["--dry-run"]],
    ] as const) {
      const { stdout, stderr } = await piped('"$@" | true; echo "${PIPESTATUS[0]}"', name, args, folder);
      assert.equal(stdout, "0\n", name);
      assert.match(stderr, /^2000 to mirror, 0 ignored, 0 built\n/);
      assert.doesNotMatch(stderr, /EPIPE/);
    }
    const { stdout } = await piped('"$@" 2>&1 >/dev/null | true; echo "${PIPESTATUS[0]}"', "images", [], folder);
    assert.equal(stdout, "0\n");
  }));

test("a result that cannot be written fails, with a hint", { skip: process.platform !== "linux" }, () =>
  inFolder(FILES, async (folder) => {
    const { code, stderr } = await piped('"$@" >/dev/full', "images", ["--json"], folder);
    assert.equal(code, 1);
    assert.match(stderr, /^error: cannot write "stdout": .*no space left.*\n {2}hint: /im);
  }),
);

test("--help works with a wrong setting, and an error names the wrong setting", () =>
  inFolder(FILES, async (cwd) => {
    const env = { ...ENV, MIRROR_ENGINE: "dokcer" };
    const help = await runScript("mirror", ["--help"], { cwd, env });
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /--engine/);
    const { code, stderr } = await runScript("mirror", [], { cwd, env });
    assert.equal(code, 2);
    assert.match(stderr, /^error: MIRROR_ENGINE "dokcer" is not valid: .*\n {2}hint: correct MIRROR_ENGINE/);
  }));

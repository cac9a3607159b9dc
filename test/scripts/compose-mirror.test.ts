/** The one command, from the checkout and as the package that `npm pack` makes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../lib/system/process.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { runScript } from "../_helpers/run-script.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const FILES = { "compose.yaml": "services:\n  web: { image: nginx:1 }\n" };
const ENV = { LC_ALL: "C", COMPOSE_FILE: "", MIRROR_REGISTRY: "r.example", MIRROR_NAMESPACE: "team" };

test("the first word is the command; none shows all of them, a wrong one the nearest", () =>
  inFolder(FILES, async (cwd) => {
    const listed = await runScript("compose-mirror", ["images", "--json"], { cwd, env: ENV });
    assert.deepEqual(JSON.parse(listed.stdout)[0].target, "r.example/team/nginx:1");
    const help = await runScript("compose-mirror", [], { cwd, env: ENV });
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^ {2}mirror {2,}\S/m);
    const wrong = await runScript("compose-mirror", ["miror"], { cwd, env: ENV });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /no command "miror"\n {2}hint: did you mean "mirror"\?/);
    const alias = await runScript("compose-mirror", ["compose", "--dry-run"], { cwd, env: ENV });
    assert.match(alias.stdout, /image: r\.example\/team\/nginx:1/);
  }));

test("the package runs without the checkout and without tsx", () =>
  inFolder(FILES, async (cwd) => {
    const folder = mkdtempSync(join(tmpdir(), "package-"));
    try {
      const packed = await run(["npm", "pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
      assert.equal(packed.code, 0, packed.stderr);
      const unpacked = await run(["tar", "-xzf", packed.stdout.trim().split("\n").at(-1)!], { cwd: folder });
      assert.equal(unpacked.code, 0, unpacked.stderr);
      const program = join(folder, "package", "dist", "compose-mirror.js");
      const listed = await run(["node", program, "images", "--json"], { cwd, env: ENV });
      assert.equal(listed.code, 0, listed.stderr);
      assert.deepEqual(JSON.parse(listed.stdout)[0].target, "r.example/team/nginx:1");
      const script = await run(["node", program, "generate-amd64-pull-script", "--dry-run"], { cwd, env: ENV });
      assert.match(script.stdout, /^#!\/usr\/bin\/env bash\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

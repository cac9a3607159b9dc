import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseLock } from "../../lib/mirror/lock-file.ts";
import { formatReference } from "../../lib/image/reference.ts";
import { runScript } from "../_helpers/run-script.ts";

function others(compose: string): readonly string[] {
  return compose.split("\n").filter((line) => !line.includes("image: "));
}

test("the demo mirrors its project, whatever the user has configured, and leaves the written files alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  try {
    const env = {
      TMPDIR: folder,
      COMPOSE_FILE: "no-such-file.yaml",
      MIRROR_REGISTRY: "registry.invalid",
      MIRROR_ENGINE: "docker",
      HTTP_PROXY: "http://localhost:1",
      LC_ALL: "C",
    };
    const ran = await runScript("demo", [], { env });
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /12 pulled/);
    assert.match(ran.stderr, /12 images match mirror\.lock\.json, 0 do not/);

    const [left] = await readdir(folder);
    const files = await readdir(join(folder, left!));
    assert.deepEqual(files.toSorted(), ["docker-compose-mirror.yaml", "mirror.lock.json"]);
    const compose = await readFile(join(folder, left!, "docker-compose-mirror.yaml"), "utf8");
    assert.equal(ran.stdout.trimEnd(), compose.trimEnd());
    const source = await readFile(new URL("../../examples/demo/docker-compose.yaml", import.meta.url), "utf8");
    assert.deepEqual(others(compose), others(source));

    const locked = parseLock(await readFile(join(folder, left!, "mirror.lock.json"), "utf8"), "mirror.lock.json");
    assert.equal(locked.length, 12);
    for (const { mirror, sourceDigest, platformDigest, mirrorDigest } of locked) {
      assert.ok(compose.includes(formatReference(mirror)), formatReference(mirror));
      assert.equal(mirrorDigest, platformDigest);
      assert.notEqual(sourceDigest, platformDigest, "the source is an index, the mirror has the platform's image");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

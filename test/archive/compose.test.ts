import assert from "node:assert/strict";
import { test } from "node:test";
import { composeFilesFor } from "../../lib/archive/compose.ts";
import type { Names } from "../../lib/archive/images.ts";
import { planTransfers, selectImages } from "../../lib/mirror/transfers.ts";
import { parseIgnoreList } from "../../lib/mirror/ignore.ts";
import { type Files, inFolder, loadFrom } from "../_helpers/compose-folder.ts";

const HEX = "b".repeat(64);

async function filesOf(files: Files, names: Names, environment: Record<string, string> = {}) {
  return inFolder(files, async (folder) => {
    const options = { cwd: folder, files: [], envFiles: [], profiles: [], environment };
    const project = await loadFrom(folder, options);
    const selection = selectImages(project, { ignore: parseIgnoreList(""), platform: "linux/amd64" });
    const { transfers } = planTransfers(selection, { registry: "registry.example", namespace: "team" });
    return composeFilesFor(project, transfers, { names, options });
  });
}

test("the project's own files go as they are where they name the images", async () => {
  const compose = await filesOf(
    {
      "compose.yaml": "services: { web: { image: 'nginx:${TAG}' }, db: { image: postgres } }\n",
      "compose.override.yaml": "services: { db: { environment: { A: b } } }\n",
      ".env": "TAG=1\n",
    },
    "source",
  );
  const own = ["compose.yaml", "compose.override.yaml"];
  assert.deepEqual(compose, { v2: own, v1: own, oldestV2: "2.0.0", made: [] });
});

test("a digest, and a variable that only this machine sets, are written out", async () => {
  const text = `services:\n  web: { image: "redis:7@sha256:${HEX}" }\n  db: { image: "postgres:\${TAG:?none}" }\n  ui: { image: nginx }\n`;
  const { v2, made } = await filesOf({ "compose.yaml": text }, "source", { TAG: "15" });
  assert.deepEqual(v2, ["docker-compose-mirror.yaml"]);
  assert.equal(made[0]?.text, text.replace(`7@sha256:${HEX}`, "7").replace("${TAG:?none}", "15"));
});

test("mirror names are those of the mirror compose file", async () => {
  const { v2, made } = await filesOf({ "compose.yaml": "services: { web: { image: nginx } }\n" }, "mirror");
  assert.deepEqual(v2, ["docker-compose-mirror.yaml"]);
  assert.equal(made[0]?.text, "services: { web: { image: registry.example/team/nginx:latest } }\n");
});

test("a project that has a docker-compose-mirror.yaml of its own is refused rather than changed", async () => {
  const files = {
    "compose.yaml": "include: [docker-compose-mirror.yaml]\n",
    "docker-compose-mirror.yaml": "services: { a: { image: b } }\n",
  };
  await assert.rejects(filesOf(files, "mirror"), { code: "output-is-source" });
});

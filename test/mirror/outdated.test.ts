import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compareTags } from "../../lib/mirror/outdated.ts";
import { serve } from "../../lib/store/registry-server.ts";
import { runScript } from "../_helpers/run-script.ts";
import { addImage, withStore } from "../_helpers/store-folder.ts";

const cases: readonly (readonly [tag: string, tags: string, newer: string, sameMajor?: string])[] = [
  ["1.27", "1.26 1.27 1.28 2.0 1.27.1 2 v1.29 1.28-alpine latest", "1.28 2.0", "1.28"],
  ["1.9.2", "1.10.0 1.9.10 1.9.3", "1.9.3 1.9.10 1.10.0", "1.10.0"],
  ["15-alpine", "16-alpine 15.2-alpine 16 14-alpine 17-alpine3.20", "16-alpine"],
  ["3.12-slim-bookworm", "3.13-slim-bookworm 3.13-slim 3.13", "3.13-slim-bookworm", "3.13-slim-bookworm"],
  ["v0.5.20", "v0.6.0 0.7.0 v0.6.0-rc1", "v0.6.0", "v0.6.0"],
  ["22.04", "24.04 22.10 20.04", "22.10 24.04", "22.10"],
  // pre-releases compare among themselves and with releases, in the order of their numbers
  ["1.0.0-rc2", "1.0.0-rc1 1.0.0-rc10 1.0.0 1.0.0-alpha 0.9.0", "1.0.0-rc10 1.0.0", "1.0.0"],
  ["1.0.0-beta.2", "1.0.0-rc.1 1.0.0-alpha.9", "1.0.0-rc.1", "1.0.0-rc.1"],
  ["16.0b1", "16.0b2 16.0", "16.0b2 16.0", "16.0"],
  ["1.0.0", "1.0.1-rc1 1.1.0-beta", ""],
  // a date is no later version of a number
  ["7", "8 20240101 007", "8"],
  ["20240101", "20240201 5", "20240201"],
  ["2024-01-15", "2024-02-01", ""],
  ["1.0", "1.1 99999999999999999999.0", "1.1", "1.1"],
  ["5", "", ""],
];

test("newer tags of the same kind, the newest last", () => {
  for (const [tag, tags, newer, sameMajor] of cases) {
    const outlook = compareTags(tag, tags.split(" "));
    const expected =
      newer === ""
        ? { status: "current" }
        : { status: "outdated", newer: newer.split(" "), ...(sameMajor === undefined ? {} : { sameMajor }) };
    assert.deepEqual(outlook, expected, tag);
  }
});

test("a tag that is no version is not compared", () => {
  for (const tag of ["latest", "main", "bookworm-slim", "v", "sha256-0f3a", "99999999999999999999.1"]) {
    assert.deepEqual(compareTags(tag, ["1.0", "2.0"]), { status: "unversioned" }, tag);
  }
});

test("the command lists newer tags, and names registries that did not respond", () =>
  withStore(async (store) => {
    for (const tag of ["1.27", "1.28", "2.0", "latest"]) await addImage(store, `library/nginx:${tag}`, []);
    await addImage(store, "library/redis:7", []);
    const registry = await serve(store);
    try {
      const file = join(store.folder, "..", "compose.yaml");
      const image = (name: string): string => `    image: ${registry.host}/${name}\n`;
      await writeFile(
        file,
        `services:\n  web:\n${image("library/nginx:1.27")}  cache:\n${image("library/redis:7")}  any:\n${image("library/nginx")}`,
      );
      const ran = await runScript("outdated", ["-f", file, "--json"]);
      assert.equal(ran.code, 0, ran.stderr);
      const nginx = `${registry.host}/library/nginx`;
      assert.deepEqual(JSON.parse(ran.stdout), [
        { image: nginx, services: ["any"], status: "unversioned" },
        {
          image: `${nginx}:1.27`,
          services: ["web"],
          status: "outdated",
          newest: "2.0",
          sameMajor: "1.28",
          newer: ["1.28", "2.0"],
        },
        { image: `${registry.host}/library/redis:7`, services: ["cache"], status: "current" },
      ]);
      const shown = await runScript("outdated", ["-f", file]);
      assert.match(shown.stdout, /nginx:1\.27 +1\.28 +2\.0 +web/);

      await writeFile(file, `services:\n  web:\n${image("library/missing:1")}`);
      const failed = await runScript("outdated", ["-f", file]);
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /✖ .*library\/missing:1\n.*error/);
    } finally {
      await registry.close();
    }
  }));

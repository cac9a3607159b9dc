import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { images, refused } from "../_helpers/compose-cases.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { differencesFromV1, differencesFromV2 } from "./compare.ts";
import { imagesV2, run } from "./real-compose.ts";
import { readCorpus, type Sample } from "./sample.ts";

const NO_OPTIONS = { cwd: ".", files: [], envFiles: [], profiles: [], environment: {} };

/** The small projects of the unit tests, so that what those expect is what compose does. */
const cases: readonly Sample[] = [
  ...images.map(([name, files, , options]) => ({
    name,
    files,
    options: { ...NO_OPTIONS, ...options },
    differsInV1: false,
  })),
  ...refused.map(([name, files, code, , options]) => ({
    name,
    files,
    options: { ...NO_OPTIONS, ...options },
    // What has no services is no mistake to compose, but there is nothing to mirror.
    refused: code === "compose-empty" && !name.startsWith("an empty") ? ("us" as const) : ("both" as const),
    differsInV1: false,
  })),
];

const corpus = readCorpus();

test("the corpus is there", () => {
  assert.ok(corpus.length >= 150, `${corpus.length} projects`);
});

describe("as docker compose v2 does", { concurrency: true }, () => {
  for (const sample of [...corpus, ...cases]) {
    test(sample.name, async () => {
      assert.deepEqual(await differencesFromV2(sample), []);
    });
  }
});

const IMAGES = fileURLToPath(new URL("../../scripts/images.ts", import.meta.url));
const LOADER = import.meta.resolve("tsx/esm");

test("the images command prints them too", async () => {
  const shapes = corpus.filter(({ name }) => /^(?:shape-(?:dify|sentry|ragflow|monorepo)|hooks|build-with)/.test(name));
  assert.ok(shapes.length >= 6);
  for (const { name, files, options } of shapes) {
    await inFolder(files, async (folder) => {
      const call = { ...options, cwd: folder, profiles: ["*"], environment: { HOME: folder, ...options.environment } };
      const args = ["--import", LOADER, IMAGES, "--json", "--registry", "r.example", "--namespace", "n"];
      const chosen = options.files.flatMap((file) => ["-f", file]);
      const { code, stdout, stderr } = await run(process.execPath, [...args, "--profile", "*", ...chosen], call);
      assert.equal(code, 0, stderr);
      const rows = JSON.parse(stdout) as readonly { readonly source: string }[];
      const theirs = await imagesV2(call);
      assert.ok(!("refusal" in theirs), name);
      // Sources of image volumes come on top.
      const sources = rows.map(({ source }) => source).filter((source) => !/^(?:assets:1|new)$/.test(source));
      assert.deepEqual(sources, [...new Set(theirs)], name);
    });
  }
});

describe("as docker-compose v1 does, where it can read the project", { concurrency: true }, () => {
  let read = 0;
  for (const sample of corpus.filter(({ refused: who }) => who === undefined)) {
    test(sample.name, async () => {
      const found = await differencesFromV1(sample);
      if (sample.differsInV1) assert.notDeepEqual(found, []);
      if (sample.differsInV1 || found === "not readable") return;
      read++;
      assert.deepEqual(found, []);
    });
  }
  after(() => {
    assert.ok(read >= 80, `v1 read ${read} projects only`);
  });
});

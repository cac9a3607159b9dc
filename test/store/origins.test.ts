import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readOrigin, writeOrigin } from "../../lib/store/origins.ts";
import { openStore } from "../../lib/store/open.ts";
import { inFolder } from "../_helpers/compose-folder.ts";

const TARGET = "r.example/ns/app:1";

test("what is recorded is read again, and the last record counts", () =>
  inFolder({}, async (folder) => {
    assert.equal(await readOrigin(folder, TARGET), undefined);
    await writeOrigin(folder, TARGET, "quay.io/a");
    await writeOrigin(folder, TARGET, "quay.io/b");
    assert.equal(await readOrigin(folder, TARGET), "quay.io/b");
    assert.equal(await readOrigin(folder, "r.example/ns/app:2"), undefined);
  }));

test("a damaged record says nothing, and is private", () =>
  inFolder({}, async (folder) => {
    await writeOrigin(folder, TARGET, "quay.io/a");
    const [name] = await readdir(join(folder, ".origins"));
    const file = join(folder, ".origins", name!);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    for (const text of ["{", "null", "{}", '{"target":"other","source":"a"}', `{"target":"${TARGET}","source":1}`]) {
      await writeFile(file, text);
      assert.equal(await readOrigin(folder, TARGET), undefined, text);
    }
  }));

test("a folder with records becomes a store", () =>
  inFolder({}, async (folder) => {
    await writeOrigin(folder, TARGET, "quay.io/a");
    const store = await openStore(folder);
    await store.close();
  }));

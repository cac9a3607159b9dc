import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { openStore } from "../../lib/store/open.ts";
import type { PartialBlob, Store } from "../../lib/store/store.ts";
import { CHUNK, chunkOf, collect, content, inStoreFolder, startChild, withStore } from "../_helpers/store-folder.ts";

const WHOLE = content(40);
const DIGEST = digestOf(WHOLE);
const SIZE = WHOLE.length;

async function begin(store: Store, size = SIZE): Promise<PartialBlob> {
  const partial = await store.partial(DIGEST, { size });
  assert.ok(partial !== undefined);
  return partial;
}

async function append(partial: PartialBlob, from: number, to: number): Promise<void> {
  for (let chunk = from; chunk < to; chunk += 1) await partial.append(chunkOf(chunk));
}

async function leftovers(store: Store): Promise<readonly string[]> {
  return [...(await readdir(join(store.folder, "partial"))), ...(await readdir(join(store.folder, "locks")))];
}

test("a blob gets its place when it is whole and right", () =>
  withStore(async (store) => {
    const partial = await begin(store);
    assert.equal(partial.size, 0);
    await append(partial, 0, 40);
    assert.equal(partial.size, SIZE);
    assert.equal(await store.has(DIGEST), false);
    await partial.finish();
    await partial.close();
    assert.equal(await store.has(DIGEST, SIZE), true);
    assert.deepEqual(await readFile(join(store.folder, "blobs", "sha256", DIGEST.slice(7))), WHOLE);
    assert.equal(await store.partial(DIGEST), undefined);
    assert.deepEqual(await leftovers(store), []);
  }));

test("what was there goes on in a later run", () =>
  inStoreFolder(async (folder) => {
    const first = await openStore(folder);
    const partial = await begin(first);
    await append(partial, 0, 13);
    await partial.close();
    await assert.rejects(partial.append(chunkOf(13)), { code: "interrupted" });
    await first.close();

    const second = await openStore(folder);
    const again = await begin(second);
    assert.equal(again.size, 13 * CHUNK);
    await append(again, 13, 40);
    await again.finish();
    assert.equal(await second.verify(DIGEST), true);
    await second.close();
  }));

test("a blob that ended early may go on, one that is wrong leaves nothing", () =>
  withStore(async (store) => {
    const short = await begin(store);
    await append(short, 0, 39);
    await assert.rejects(short.finish(), { code: "blob-short" });
    await append(short, 39, 40);
    await assert.rejects(short.append(Buffer.from("x")), { code: "blob-corrupt" });
    assert.deepEqual(await leftovers(store), []);

    const wrong = await begin(store);
    await append(wrong, 1, 41);
    await assert.rejects(wrong.finish(), { code: "blob-corrupt" });
    await wrong.close();
    assert.deepEqual(await leftovers(store), []);
    assert.equal(await store.has(DIGEST), false);
  }));

test("more on the disk than the blob is long is not continued", () =>
  withStore(async (store) => {
    const long = (await store.partial(DIGEST))!;
    await append(long, 0, 41);
    await long.close();
    const partial = await begin(store);
    assert.equal(partial.size, 0);
    await partial.close();
  }));

test("readers follow a blob while it comes", () =>
  withStore(async (store) => {
    const partial = await begin(store);
    await append(partial, 0, 5);
    const whole = collect(partial.follow());
    const rest = collect(partial.follow(3 * CHUNK + 1));
    await append(partial, 5, 40);
    let ended = false;
    void whole.then(() => (ended = true));
    await partial.finish();
    const late = collect(partial.follow(SIZE - 1));
    assert.deepEqual(await whole, WHOLE);
    assert.equal(ended, true);
    assert.deepEqual(await rest, WHOLE.subarray(3 * CHUNK + 1));
    assert.deepEqual(await late, WHOLE.subarray(SIZE - 1));
  }));

test("readers do not end before the blob is verified, and fail with it", () =>
  withStore(async (store) => {
    const ways: readonly (readonly [end: (partial: PartialBlob) => Promise<unknown>, code: string])[] = [
      [(partial) => partial.finish().catch(() => {}), "blob-corrupt"],
      [(partial) => partial.close(), "interrupted"],
    ];
    for (const [end, code] of ways) {
      const partial = await begin(store);
      await append(partial, Math.floor(partial.size / CHUNK), 39);
      await partial.append(Buffer.alloc(CHUNK));
      const reader = collect(partial.follow());
      const failed = assert.rejects(reader, { code }, code);
      await end(partial);
      await failed;
    }
  }));

test("an empty blob is a blob", () =>
  withStore(async (store) => {
    const digest = digestOf("");
    const partial = (await store.partial(digest, { size: 0 }))!;
    const reader = collect(partial.follow());
    await partial.finish();
    assert.equal((await reader).length, 0);
    assert.equal(await store.has(digest, 0), true);
    assert.equal((await collect(await store.read(digest))).length, 0);
  }));

test("after a kill at any moment the next run resumes where the bytes end", () =>
  inStoreFolder(async (folder) => {
    let before = 0;
    for (const moment of [1, 9, 17, 30]) {
      const child = startChild(["append", folder, DIGEST, "40"]);
      assert.equal(await child.line(), `at ${before}`);
      let handedOver = before;
      for (let line = 0; line < moment - before / CHUNK; line += 1) handedOver = Number(await child.line());
      await child.kill();

      const store = await openStore(folder);
      const partial = await begin(store);
      // what is gathered for one write may be lost, once while the write before is under way
      assert.ok(partial.size >= handedOver - 1024 * 1024, `${partial.size} of ${handedOver}`);
      // whole chunks, as the child counts them
      before = Math.floor(partial.size / CHUNK) * CHUNK;
      if (partial.size % CHUNK !== 0) {
        await partial.append(chunkOf(before / CHUNK).subarray(partial.size % CHUNK));
        before += CHUNK;
      }
      await partial.close();
      await store.close();
    }
    const store = await openStore(folder);
    const partial = await begin(store);
    await append(partial, partial.size / CHUNK, 40);
    await partial.finish();
    assert.equal(await store.verify(DIGEST), true);
    await store.close();
  }));

test("two processes that need one blob download it once", () =>
  inStoreFolder(async (folder) => {
    const children = [0, 1, 2].map(() => startChild(["fill", folder, DIGEST, "40"]));
    const results = await Promise.all(children.map((child) => child.line()));
    assert.deepEqual(results.map(String).toSorted(), ["brought", "found", "found"]);
    assert.deepEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 0, 0]);
  }));

const canMount = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/unshare");

test("a full disk is reported, and what fits is kept", { skip: !canMount }, () =>
  inStoreFolder(async (folder) => {
    const mount = 'mkdir "$0" && mount -t tmpfs -o size=1m tmpfs "$0" && "$@" && ls -s "$0/partial"';
    const child = startChild(["fill", folder, DIGEST, "40"], ["unshare", "-m", "sh", "-c", mount, folder]);
    assert.equal(await child.line(), "store-full");
    assert.match((await child.line()) ?? "", /^total ([5-9]\d\d|10\d\d)$/);
    assert.equal(await child.ended, 0);
  }),
);

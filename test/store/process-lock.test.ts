import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { holderOf, takeLock, tryLock } from "../../lib/store/process-lock.ts";
import { inStoreFolder, startChild } from "../_helpers/store-folder.ts";

function inLockFolder(use: (file: string) => Promise<void>): Promise<void> {
  return inStoreFolder(async (folder) => {
    await mkdir(folder);
    await use(join(folder, "lock"));
  });
}

test("one holder at a time, and the next when it is released", () =>
  inLockFolder(async (file) => {
    const first = await takeLock(file);
    assert.equal(await tryLock(file), undefined);
    assert.equal(await holderOf(file), process.pid);
    const second = takeLock(file);
    await first.release();
    await (await second).release();
    assert.equal(await holderOf(file), undefined);
    assert.equal(existsSync(file), false);
  }));

test("many at once never overlap", () =>
  inLockFolder(async (file) => {
    let inside = 0;
    let done = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const lock = await takeLock(file);
        inside += 1;
        assert.equal(inside, 1);
        await readFile(file);
        inside -= 1;
        done += 1;
        await lock.release();
      }),
    );
    assert.equal(done, 20);
  }));

test("a wait that is not over at once is told, one time, with who holds the lock", () =>
  inLockFolder(async (file) => {
    const lock = await takeLock(file);
    const told: unknown[] = [];
    const onWait = (process: unknown): void => {
      told.push(process);
      // the holder goes on for some looks more
      setTimeout(() => void lock.release(), 500);
    };
    await (await takeLock(file, { onWait })).release();
    assert.deepEqual(told, [process.pid]);
    await (await takeLock(file, { onWait })).release();
    assert.equal(told.length, 1);
  }));

test("an abort ends the wait", () =>
  inLockFolder(async (file) => {
    const lock = await takeLock(file);
    const abort = new AbortController();
    const waiting = takeLock(file, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await assert.rejects(waiting, { code: "interrupted" });
    await lock.release();
    await assert.rejects(takeLock(file, { signal: abort.signal }), { code: "interrupted" });
    assert.equal(existsSync(file), false);
  }));

test("a wait ends when the holder makes no progress, and says who it is", () =>
  inLockFolder(async (file) => {
    const lock = await takeLock(file);
    let size = 0;
    const moved = async () => Math.min(5, (size += 1));
    await assert.rejects(takeLock(file, { timeout: 1, moved }), {
      code: "store-locked",
      message: new RegExp(`process ${process.pid} `),
    });
    assert.ok(size > 5);
    await lock.release();
  }));

test("a running process keeps its lock, a killed one loses it at once", () =>
  inLockFolder(async (file) => {
    const child = startChild(["lock", file]);
    assert.equal(await child.line(), "locked");
    assert.equal(await tryLock(file), undefined);
    assert.equal(await holderOf(file), child.process.pid);
    await child.kill();
    assert.equal(await holderOf(file), undefined);
    // of many that see the lock left behind, one at a time gets it
    let inside = 0;
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const lock = await takeLock(file);
        inside += 1;
        assert.equal(inside, 1);
        await readFile(file);
        inside -= 1;
        await lock.release();
      }),
    );
  }));

test("what cannot be judged by its process is judged by its age", () =>
  inLockFolder(async (file) => {
    const cases: readonly (readonly [what: string, text: string, age: number, free: boolean])[] = [
      ["another machine's, fresh", JSON.stringify({ token: "t", machine: "elsewhere", process: 1 }), 30, false],
      ["another machine's, not renewed", JSON.stringify({ token: "t", machine: "elsewhere", process: 1 }), 90, true],
      [
        "another machine's, from the future",
        JSON.stringify({ token: "t", machine: "elsewhere", process: 1 }),
        -90,
        true,
      ],
      ["not yet written", "", 1, false],
      ["never written", "", 20, true],
      ["damaged", "{", 20, true],
      ["of a wrong shape", "[1]", 20, true],
    ];
    for (const [what, text, age, free] of cases) {
      await writeFile(file, text);
      const then = new Date(Date.now() - age * 1000);
      await utimes(file, then, then);
      assert.equal((await holderOf(file)) === undefined, free, what);
      const lock = await tryLock(file);
      assert.equal(lock !== undefined, free, what);
      await lock?.release();
    }
  }));

test("a process that has another's number is not taken for it", { skip: !existsSync("/proc/self/stat") }, () =>
  inLockFolder(async (file) => {
    const mine = await takeLock(file);
    const owner = JSON.parse(await readFile(file, "utf8")) as object;
    await writeFile(file, JSON.stringify({ ...owner, started: "1" }));
    const taken = await tryLock(file);
    assert.notEqual(taken, undefined);
    // the one that lost it does not remove the new holder's
    await mine.release();
    assert.equal(existsSync(file), true);
    await taken!.release();
    assert.equal(existsSync(file), false);
  }),
);

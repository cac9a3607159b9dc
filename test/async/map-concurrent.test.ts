import assert from "node:assert/strict";
import { test } from "node:test";
import { mapConcurrent } from "../../lib/async/map-concurrent.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { theirs } from "../../lib/messages/message.ts";

test("gives results in the order of the items, with no more than the limit running", async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapConcurrent(
    [30, 1, 20, 2, 10],
    async (pause) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, pause));
      underWay -= 1;
      return pause * 2;
    },
    { concurrency: 2 },
  );
  assert.deepEqual(results, [60, 2, 40, 4, 20]);
  assert.equal(most, 2);
});

test("nothing to do is done", async () => {
  assert.deepEqual(await mapConcurrent([], async () => 1, { concurrency: 3 }), []);
});

test("an abort starts no further item, waits for the running ones, and is thrown", async () => {
  const abort = new AbortController();
  const begun: number[] = [];
  const ended: number[] = [];
  const running = mapConcurrent(
    [1, 2, 3, 4],
    async (item) => {
      begun.push(item);
      if (item === 2) abort.abort();
      await new Promise((resolve) => setTimeout(resolve, 1));
      ended.push(item);
    },
    { concurrency: 2, signal: abort.signal },
  );
  await assert.rejects(running, (error: unknown) => error instanceof MirrorError && error.code === "interrupted");
  assert.deepEqual(
    [begun, ended],
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test("what a step throws ends the rest and is thrown", async () => {
  const begun: number[] = [];
  const fault = new MirrorError("command-missing", { program: "docker", detail: theirs("none") });
  const running = mapConcurrent(
    [1, 2, 3],
    async (item) => {
      begun.push(item);
      throw fault;
    },
    { concurrency: 1 },
  );
  await assert.rejects(running, fault);
  assert.deepEqual(begun, [1]);
});

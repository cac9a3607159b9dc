import assert from "node:assert/strict";
import { test } from "node:test";
import { poll } from "../../lib/async/poll.ts";

/** Gives `answers` one after another, then the last one for ever. */
function looks(...answers: readonly (string | undefined)[]) {
  let count = 0;
  return {
    look: async () => answers[Math.min(count++, answers.length - 1)],
    get count() {
      return count;
    },
  };
}

test("it asks until there is an answer", async () => {
  const eager = looks("now");
  assert.equal(await poll(eager.look, { interval: 1 }), "now");
  assert.equal(eager.count, 1);
  const later = looks(undefined, undefined, "then");
  assert.equal(await poll(later.look, { interval: 1, longestInterval: 2 }), "then");
  assert.equal(later.count, 3);
});

test("a timeout gives undefined, after one look at least", async () => {
  const never = looks(undefined);
  assert.equal(await poll(never.look, { interval: 1, timeout: 0 }), undefined);
  assert.equal(never.count, 1);
  assert.equal(await poll(never.look, { interval: 60_000, timeout: 5 }), undefined);
  assert.ok(never.count >= 2);
});

test("an aborted signal ends the pause, and a failing look the loop", async () => {
  const abort = new AbortController();
  const never = looks(undefined);
  const polled = poll(never.look, { interval: 60_000, signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(polled, { code: "interrupted" });
  await assert.rejects(poll(never.look, { interval: 1, signal: abort.signal }), { code: "interrupted" });
  assert.equal(never.count, 1);
  await assert.rejects(
    poll(() => Promise.reject(new Error("broken")), { interval: 1 }),
    /broken/,
  );
});

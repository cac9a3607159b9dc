import assert from "node:assert/strict";
import { test } from "node:test";
import { MirrorError } from "../../lib/messages/errors.ts";
import { theirs } from "../../lib/messages/message.ts";
import { retry } from "../../lib/async/retry.ts";

function failing(
  times: number,
  error: unknown,
): { readonly action: () => Promise<string>; readonly calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    action: async () => {
      calls += 1;
      if (calls <= times) throw error;
      return "done";
    },
  };
}

const passing = new MirrorError("push-failed", { image: "x", detail: theirs("cut") });
const lasting = new MirrorError("push-denied", { image: "x", detail: theirs("no") });

test("retries while the error says that it helps, with pauses that double", async () => {
  const { action, calls } = failing(3, passing);
  const pauses: number[] = [];
  const result = await retry(action, { firstDelay: 8, onRetry: ({ delay }) => pauses.push(delay) });
  assert.deepEqual([result, calls(), pauses.length], ["done", 4, 3]);
  for (const [index, pause] of pauses.entries()) {
    const full = 8 * 2 ** index;
    assert.ok(pause >= full * 0.7 && pause <= full, `pause ${index} was ${pause} ms`);
  }
});

test("no pause is longer than the longest", async () => {
  const { action } = failing(3, passing);
  const pauses: number[] = [];
  await retry(action, { firstDelay: 4, longestDelay: 5, onRetry: ({ delay }) => pauses.push(delay) });
  assert.ok(pauses.every((pause) => pause <= 5));
});

test("Retry-After is respected up to a maximum", async () => {
  const asking = (delay: number) => {
    const { action, calls } = failing(1, passing);
    const pauses: number[] = [];
    const result = retry(action, {
      firstDelay: 10,
      askedDelay: () => delay,
      onRetry: (told) => pauses.push(told.delay),
    });
    return { result, calls, pauses };
  };
  const asked = asking(30);
  assert.deepEqual([await asked.result, asked.pauses], ["done", [30]]);
  const none = asking(0);
  assert.equal(await none.result, "done");
  assert.ok(none.pauses[0]! >= 7 && none.pauses[0]! <= 10, String(none.pauses));
  const long = asking(6 * 3600 * 1000);
  await assert.rejects(long.result, passing);
  assert.deepEqual([long.calls(), long.pauses], [1, []]);
});

test("gives up after the attempts, with the last error", async () => {
  const { action, calls } = failing(9, passing);
  await assert.rejects(retry(action, { attempts: 2, firstDelay: 1 }), passing);
  assert.equal(calls(), 2);
});

test("an error that says otherwise ends it at once, and so does a foreign one", async () => {
  for (const error of [lasting, new TypeError("a fault of the program")]) {
    const { action, calls } = failing(1, error);
    await assert.rejects(retry(action, { firstDelay: 1 }), error);
    assert.equal(calls(), 1);
  }
});

test("an abort ends a pause", async () => {
  const abort = new AbortController();
  const { action, calls } = failing(9, passing);
  const running = retry(action, { firstDelay: 60_000, signal: abort.signal, onRetry: () => abort.abort() });
  await assert.rejects(running, (error: unknown) => error instanceof MirrorError && error.code === "interrupted");
  assert.equal(calls(), 1);
});

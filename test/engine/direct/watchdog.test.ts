import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createRetryBudget } from "../../../lib/engine/direct/retry-budget.ts";
import { watched } from "../../../lib/engine/direct/watchdog.ts";
import { MirrorError } from "../../../lib/messages/errors.ts";
import { theirs } from "../../../lib/messages/message.ts";
import { RegistryError } from "../../../lib/registry/errors.ts";

const OPTIONS = { host: "r.example", least: { bytes: 10, within: 20 }, signal: undefined };

test("a transfer below the minimum rate is aborted and reported as stalled", async () => {
  const action = watched(OPTIONS, async ({ signal, count }) => {
    count(9);
    await once(signal, "abort");
    throw new Error("aborted");
  });
  await assert.rejects(action, { code: "registry-stalled", message: /9 bytes/ });
});

test("a transfer above the minimum rate, or one that is paused, continues", async () => {
  let windows = 0;
  const flowing = watched(OPTIONS, async ({ signal, count }) => {
    while (windows < 8) {
      count(10);
      await new Promise((resolve) => setTimeout(resolve, 5));
      windows += 1;
    }
    return signal.aborted;
  });
  assert.equal(await flowing, false);
  const resting = watched(OPTIONS, async ({ signal, rest, resume }) => {
    rest();
    await new Promise((resolve) => setTimeout(resolve, 70));
    resume();
    return signal.aborted;
  });
  assert.equal(await resting, false);
});

test("the caller's abort reaches the action, whose own error is thrown", async () => {
  const abort = new AbortController();
  const action = watched(
    { ...OPTIONS, least: { bytes: 1, within: 60_000 }, signal: abort.signal },
    async ({ signal }) => {
      await once(signal, "abort");
      throw new MirrorError("interrupted");
    },
  );
  abort.abort();
  await assert.rejects(action, { code: "interrupted" });
});

const limited = (retryAfter: number) =>
  new RegistryError("registry-rate-limit", { host: "r", detail: theirs("") }, { retryAfter });

test("a transfer is retried as long as it makes progress, and a few times more", () => {
  const cut = new RegistryError("registry-cut", { host: "r", detail: theirs("x") });
  const retries = createRetryBudget({ attempts: 3, firstDelay: 100, longestDelay: 150 });
  for (let times = 0; times < 50; times += 1) assert.equal(retries.next(cut, true)?.attempt, 1);
  assert.equal(retries.next(cut, false)?.attempt, 2);
  assert.equal(retries.next(cut, false), undefined);
  const delay = createRetryBudget({ attempts: 9, firstDelay: 100, longestDelay: 150 }).next(cut, false)!.delay;
  assert.ok(delay >= 50 && delay <= 100);
  assert.equal(
    retries.next(new RegistryError("registry-not-found", { host: "r", name: "x", detail: theirs("") }), true),
    undefined,
  );
  assert.equal(retries.next(new Error("bug"), true), undefined);
  assert.equal(retries.next(limited(7000), true)?.delay, 7000);
  assert.equal(retries.next(limited(3_600_000), true), undefined);
});

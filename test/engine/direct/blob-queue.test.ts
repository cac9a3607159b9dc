import assert from "node:assert/strict";
import { test } from "node:test";
import { createBlobQueue, SMALL_BLOB } from "../../../lib/engine/direct/blob-queue.ts";

interface Gate {
  readonly open: () => void;
  readonly passed: Promise<void>;
}

function gate(): Gate {
  let open: (() => void) | undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open?.(), passed };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("largest first, then first come", async () => {
  const queue = createBlobQueue({ large: 1, small: 1 });
  const begun: string[] = [];
  const first = gate();
  const all = [queue.use(SMALL_BLOB, undefined, () => first.passed)];
  for (const [name, size] of [
    ["b", 2],
    ["a", 3],
    ["c", 2],
    ["d", 1],
  ] as const) {
    all.push(queue.use(size * SMALL_BLOB, undefined, async () => void begun.push(name)));
  }
  await settled();
  assert.deepEqual(begun, []);
  first.open();
  await Promise.all(all);
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
});

test("small blobs have lanes of their own", async () => {
  const queue = createBlobQueue({ large: 3, small: 2 });
  const end = gate();
  const running = { large: 0, small: 0 };
  const all = ["large", "small"].flatMap((kind) =>
    Array.from({ length: 5 }, () =>
      queue.use(kind === "large" ? SMALL_BLOB : SMALL_BLOB - 1, undefined, () => {
        running[kind as "large" | "small"] += 1;
        return end.passed;
      }),
    ),
  );
  await settled();
  assert.deepEqual(running, { large: 3, small: 2 });
  end.open();
  await Promise.all(all);
  assert.deepEqual(running, { large: 5, small: 5 });
});

test("a failure frees its place, and an aborted entry leaves the queue", async () => {
  const queue = createBlobQueue({ large: 1, small: 1 });
  const first = gate();
  const failing = queue.use(0, undefined, async () => {
    await first.passed;
    throw new Error("failed");
  });
  const abort = new AbortController();
  const left = queue.use(0, abort.signal, () => Promise.reject(new Error("must not begin")));
  const next = queue.use(0, undefined, async () => "done");
  abort.abort();
  await assert.rejects(left, { code: "interrupted" });
  first.open();
  await assert.rejects(failing, /failed/);
  assert.equal(await next, "done");
  await assert.rejects(
    queue.use(0, abort.signal, async () => {}),
    { code: "interrupted" },
  );
});

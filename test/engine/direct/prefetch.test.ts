import assert from "node:assert/strict";
import { test } from "node:test";
import { type Prefetched, openPrefetch } from "../../../lib/engine/direct/prefetch.ts";
import { MirrorError } from "../../../lib/messages/errors.ts";
import type { Transfer } from "../../../lib/mirror/transfers.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import type { CallOptions } from "../../../lib/registry/client.ts";

const transferOf = (name: string): Transfer => ({
  source: parseReference(name),
  target: { registry: "mirror.example", repository: `team/${name}`, tag: "latest" },
  platform: "linux/amd64",
  uses: [{ image: name, services: [name] }],
});
const [one, two, three] = ["one", "two", "three"].map(transferOf) as [Transfer, Transfer, Transfer];

test("the first images are prefetched, and each result is used once", async () => {
  const seen: string[] = [];
  const look = {} as Prefetched;
  const inspect = async ({ source }: Transfer, step: string): Promise<Prefetched> => {
    seen.push(`${step} ${source.repository}`);
    return look;
  };
  const prefetch = openPrefetch({ inspect, most: 2, over: undefined });
  prefetch.begin([one, two, three], "mirror");
  assert.deepEqual(seen, ["mirror library/one", "mirror library/two"]);
  assert.equal(await prefetch.take(one, "mirror", {}), look);
  assert.equal(seen.length, 2);
  await prefetch.take(one, "mirror", {});
  await prefetch.take(three, "mirror", {});
  assert.deepEqual(seen.slice(2), ["mirror library/one", "mirror library/three"]);
});

test("a failed prefetch is reported to its consumer only", async () => {
  const failure = Promise.reject<Prefetched>(new MirrorError("interrupted"));
  const prefetch = openPrefetch({ inspect: () => failure, most: 2, over: undefined });
  prefetch.begin([one, two], "mirror");
  await assert.rejects(prefetch.take(one, "mirror", {}), { code: "interrupted" });
  await prefetch.gathered();
});

test("the consumer of a prefetch gets its retries, earlier and later ones", async () => {
  const told: number[] = [];
  const listeners: NonNullable<CallOptions["onRetry"]>[] = [];
  const inspect = (_: Transfer, __: string, { onRetry }: CallOptions): Promise<Prefetched> => {
    listeners.push(onRetry!);
    return new Promise(() => {});
  };
  const prefetch = openPrefetch({ inspect, most: 1, over: undefined });
  prefetch.begin([one], "pull");
  const [say] = listeners as [(typeof listeners)[0]];
  say({ attempt: 1, delay: 1000, error: undefined });
  void prefetch.take(one, "pull", { onRetry: ({ attempt }) => told.push(attempt) });
  say({ attempt: 2, delay: 2000, error: undefined });
  assert.deepEqual(told, [1, 2]);
});

test("a waiting consumer can abort, and waits for other prefetches only briefly", async () => {
  const ends: AbortSignal[] = [];
  const inspect = (
    _: Transfer,
    __: string,
    { signal }: { readonly signal?: AbortSignal | undefined },
  ): Promise<Prefetched> => {
    ends.push(signal!);
    return new Promise(() => {});
  };
  const over = new AbortController();
  const prefetch = openPrefetch({ inspect, most: 2, over: over.signal });
  prefetch.begin([one, two], "mirror");
  assert.deepEqual(ends, [over.signal, over.signal]);
  const abort = new AbortController();
  const taken = prefetch.take(one, "mirror", { signal: abort.signal });
  abort.abort();
  await assert.rejects(taken, { code: "interrupted" });
  // nothing else keeps the test's process going meanwhile
  const waiting = setInterval(() => {}, 1000);
  await prefetch.gathered();
  clearInterval(waiting);
});

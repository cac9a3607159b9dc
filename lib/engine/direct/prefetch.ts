/**
 * What an engine finds out about an image before it moves anything. The first images of a run are looked at ahead,
 * while something else is still being checked: that costs no time then, and when the work begins the large blobs of all
 * these images are known and can go first.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Transfer } from "../../mirror/transfers.ts";
import type { CallOptions } from "../../registry/client.ts";
import type { Descriptor } from "../../image/manifest.ts";
import { unlessAborted } from "../../async/retry.ts";
import type { Source, SourceImage } from "./source-images.ts";

export interface Prefetched {
  readonly source: Source;
  readonly image: SourceImage;
  /** What the store has under the image's name. */
  readonly here: Descriptor | undefined;
  /** What the target has under the tag; `undefined` too when it was not asked. */
  readonly there: Descriptor | undefined;
}

/** Prefetch at one image; changes nothing that anybody sees. */
export type Inspect = (transfer: Transfer, step: "pull" | "mirror", call: CallOptions) => Promise<Prefetched>;

export interface Prefetch {
  /** Begins to look at the first of `transfers`. */
  begin(transfers: readonly Transfer[], step: "pull" | "mirror"): void;
  /** What is known of the image, once. Throws what looking at it throws. */
  take(transfer: Transfer, step: "pull" | "mirror", call: CallOptions): Promise<Prefetched>;
  /** Waits a little for those that are still being looked at. */
  gathered(): Promise<void>;
}

export interface PrefetchOptions {
  readonly inspect: Inspect;
  /** Images that are looked at ahead. */
  readonly most: number;
  /** Ends what was started and nobody took. */
  readonly over: AbortSignal | undefined;
}

type Retry = Parameters<NonNullable<CallOptions["onRetry"]>>[0];

/** A look that nobody has taken yet. */
interface Ahead {
  readonly look: Promise<Prefetched>;
  /** What was said of it so far. */
  readonly retries: readonly Retry[];
  tell: (retry: Retry) => void;
}

/** Milliseconds that an image waits for the others, so that the largest blob of all may go first. */
const GATHERING = 300;

export function openPrefetch({ inspect, most, over }: PrefetchOptions): Prefetch {
  const begun = new Map<Transfer, Ahead>();
  let all: Promise<unknown> = Promise.resolve();
  return {
    begin: (transfers, step) => {
      for (const transfer of transfers.slice(0, most)) {
        const retries: Retry[] = [];
        const ahead: Ahead = {
          look: inspect(transfer, step, { signal: over, onRetry: (retry) => ahead.tell(retry) }),
          tell: (retry) => retries.push(retry),
          retries,
        };
        // thrown by `take`
        ahead.look.catch(() => {});
        begun.set(transfer, ahead);
      }
      all = Promise.allSettled([...begun.values()].map(({ look }) => look));
    },
    take: (transfer, step, call) => {
      const ahead = begun.get(transfer);
      begun.delete(transfer);
      if (ahead === undefined) return inspect(transfer, step, call);
      const { onRetry } = call;
      if (onRetry !== undefined) {
        for (const retry of ahead.retries) onRetry(retry);
        ahead.tell = onRetry;
      }
      return unlessAborted(ahead.look, call.signal);
    },
    gathered: async () => {
      await Promise.race([all, sleep(GATHERING, undefined, { ref: false })]);
    },
  };
}

/**
 * Priority semaphore: at most N blobs at once, largest first; blobs below 1 MiB have lanes of their own, so that they
 * use the round trips of large ones instead of waiting behind them.
 */
import { MirrorError } from "../../messages/errors.ts";

export interface QueueWidths {
  /** Large blobs under way at once. */
  readonly large: number;
  readonly small: number;
}

export interface BlobQueue {
  /** Runs `action` when a slot is free; `size` in bytes decides lane and order. Throws what it throws, and `interrupted` when `signal` is aborted before. */
  use<T>(size: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T>;
}

/** Blobs below this many bytes cost more in round trips than in bandwidth. */
export const SMALL_BLOB = 1024 * 1024;

export function createBlobQueue({ large, small }: QueueWidths): BlobQueue {
  const lanes = { large: new PrioritySemaphore(large), small: new PrioritySemaphore(small) };
  return { use: (size, signal, action) => (size < SMALL_BLOB ? lanes.small : lanes.large).use(size, signal, action) };
}

interface Waiting {
  readonly size: number;
  readonly start: () => void;
}

class PrioritySemaphore {
  readonly #width: number;
  #busy = 0;
  /** By size, the largest last. */
  readonly #waiting: Waiting[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  async use<T>(size: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    if (signal?.aborted) throw new MirrorError("interrupted");
    if (this.#busy < this.#width && this.#waiting.length === 0) this.#busy += 1;
    else await this.#turn(size, signal);
    try {
      return await action();
    } finally {
      this.#busy -= 1;
      this.#startNext();
    }
  }

  #turn(size: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        size,
        start: () => {
          signal?.removeEventListener("abort", leave);
          this.#busy += 1;
          resolve();
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new MirrorError("interrupted"));
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.splice(this.#placeOf(size), 0, waiting);
      this.#startNext();
    });
  }

  /** Before those of the same size, so that the first to come is the first to go. */
  #placeOf(size: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#waiting[middle]!.size < size) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #startNext(): void {
    while (this.#busy < this.#width) {
      const next = this.#waiting.pop();
      if (next === undefined) return;
      next.start();
    }
  }
}

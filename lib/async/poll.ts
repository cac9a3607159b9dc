/** Asking again and again until there is an answer: the one polling loop of this program. */
import { MirrorError } from "../messages/errors.ts";
import { pause } from "./pause.ts";

export interface PollOptions {
  /** Milliseconds between the end of one look and the next. */
  readonly interval: number;
  /** The interval grows to this many milliseconds, doubling with each look; absent = it stays. */
  readonly longestInterval?: number;
  /** Milliseconds after which no further pause starts; absent = until there is an answer or `signal` is aborted. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `look` until it gives a value, which is the result. Gives `undefined` when `timeout` has passed without one;
 * there is always one look, and one more after the last pause. Throws what `look` throws, and `interrupted` when
 * `signal` is aborted before a look or during a pause.
 */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  { interval, longestInterval = interval, timeout = Infinity, signal }: PollOptions,
): Promise<T | undefined> {
  const startedAt = performance.now();
  for (let delay = interval; ; delay = Math.min(longestInterval, delay * 2)) {
    if (signal?.aborted) throw new MirrorError("interrupted");
    const found = await look();
    if (found !== undefined) return found;
    const left = timeout - (performance.now() - startedAt);
    if (left <= 0) return undefined;
    await pause(Math.min(delay, left), signal);
  }
}

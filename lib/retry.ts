/** Trying again, with pauses that grow and vary, so that many clients do not come back at the same moment. */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "./errors.ts";

export interface RetryOptions {
  /** Attempts in all. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; each further pause is twice as long. */
  readonly firstDelay?: number;
  /** Milliseconds that no pause exceeds. */
  readonly longestDelay?: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt may help; by default what the error itself says. */
  readonly helps?: (error: unknown) => boolean;
  /** Milliseconds that the other side asked to wait, in place of the usual pause. */
  readonly askedDelay?: (error: unknown) => number | undefined;
  /** Called before each pause; `attempt` counts from 1. */
  readonly onRetry?: (retry: { readonly error: unknown; readonly attempt: number; readonly delay: number }) => void;
}

/** Gives what `action` gives; throws its last error, or `interrupted` when `signal` is aborted during a pause. */
export async function retry<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = 4, firstDelay = 1000, longestDelay = 30_000, signal, helps = retryHelps, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= attempts || !helps(error)) throw error;
      const full = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1));
      const delay = options.askedDelay?.(error) ?? Math.round(full * (0.75 + Math.random() / 4));
      onRetry?.({ error, attempt, delay });
      await sleep(delay, undefined, { signal }).catch(() => {
        throw new MirrorError("interrupted");
      });
    }
  }
}

function retryHelps(error: unknown): boolean {
  return error instanceof MirrorError && error.retryHelps;
}

/** Trying again, with pauses that grow and vary, so that many clients do not come back at the same moment. */
import { MirrorError } from "../messages/errors.ts";
import { pause } from "./pause.ts";

export interface RetryOptions {
  /** Attempts in all, or how many an error is worth. */
  readonly attempts?: number | ((error: unknown) => number);
  /** Milliseconds before the second attempt; each further pause is twice as long. */
  readonly firstDelay?: number;
  /** Milliseconds that no pause exceeds. */
  readonly longestDelay?: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt may help; by default what the error itself says. */
  readonly helps?: (error: unknown) => boolean;
  /** Milliseconds that the other side asked to wait; never less than the usual pause. */
  readonly askedDelay?: (error: unknown) => number | undefined;
  /** Called before each pause; `attempt` counts from 1. */
  readonly onRetry?: (retry: { readonly error: unknown; readonly attempt: number; readonly delay: number }) => void;
}

/** Longest pause in milliseconds that the other side may ask for. */
const LONGEST_ASKED = 300_000;

/**
 * Milliseconds to wait after so many failures in a row: the usual pause, and what the other side `asked` for where that
 * is longer (one whose clock is wrong asks for 0). `undefined` when it asks for more than anybody would wait for.
 */
export function delayAfter(
  failures: number,
  { firstDelay, longestDelay }: Required<Pick<RetryOptions, "firstDelay" | "longestDelay">>,
  asked: number | undefined,
): number | undefined {
  if (asked !== undefined && asked > LONGEST_ASKED) return undefined;
  const full = Math.min(longestDelay, firstDelay * 2 ** (failures - 1));
  return Math.max(asked ?? 0, Math.round(full * (0.75 + Math.random() / 4)));
}

/** Gives what `promise` gives, or throws `interrupted` as soon as `signal` is aborted; the promise's work goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new MirrorError("interrupted"));
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Gives what `action` gives; throws its last error, or `interrupted` when `signal` is aborted during a pause. */
export async function retry<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = 4, firstDelay = 1000, longestDelay = 30_000, signal, helps = retryHelps, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const most = typeof attempts === "number" ? attempts : attempts(error);
      if (attempt >= most || !helps(error)) throw error;
      const delay = delayAfter(attempt, { firstDelay, longestDelay }, options.askedDelay?.(error));
      if (delay === undefined) throw error;
      onRetry?.({ error, attempt, delay });
      await pause(delay, signal);
    }
  }
}

function retryHelps(error: unknown): boolean {
  return error instanceof MirrorError && error.retryHelps;
}

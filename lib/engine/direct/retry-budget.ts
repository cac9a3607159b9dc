/** How long a transfer is tried: as long as it gets on, and a few times more when it does not. */
import { MirrorError } from "../../messages/errors.ts";
import { askedDelay } from "../../registry/client.ts";
import { delayAfter } from "../../async/retry.ts";

export interface RetrySettings {
  /** Tries in a row that may bring nothing. */
  readonly attempts: number;
  /** Milliseconds before the second try; each further pause is twice as long. */
  readonly firstDelay: number;
  readonly longestDelay: number;
}

export const RETRY_SETTINGS: RetrySettings = { attempts: 8, firstDelay: 200, longestDelay: 20_000 };

export interface RetryBudget {
  /**
   * What to do after `error`: wait `delay` milliseconds and go on, or give up (`undefined`). `gotOn` says that the
   * try brought something.
   */
  next(error: unknown, gotOn: boolean): { readonly attempt: number; readonly delay: number } | undefined;
}

export function createRetryBudget({ attempts, firstDelay, longestDelay }: RetrySettings): RetryBudget {
  let failures = 0;
  return {
    next: (error, gotOn) => {
      if (!(error instanceof MirrorError) || !error.retryHelps) return undefined;
      failures = gotOn ? 1 : failures + 1;
      if (failures >= attempts) return undefined;
      const delay = delayAfter(failures, { firstDelay, longestDelay }, askedDelay(error));
      return delay === undefined ? undefined : { attempt: failures, delay };
    },
  };
}

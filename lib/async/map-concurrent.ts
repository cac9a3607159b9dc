/** Bounded concurrency over a list: at most N items at once, results in the order of the items. */
import { MirrorError } from "../messages/errors.ts";

export interface MapConcurrentOptions {
  /** Items under way at once. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `step` for every item and gives the results in the order of `items`. No further item is started once `signal`
 * is aborted or a step has thrown; those under way are waited for, then the first error is thrown (`interrupted` for
 * the signal).
 */
export async function mapConcurrent<Item, Result>(
  items: readonly Item[],
  step: (item: Item) => Promise<Result>,
  { concurrency, signal }: MapConcurrentOptions,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (signal?.aborted || failures.length > 0) return;
      try {
        results[index] = await step(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  if (signal?.aborted) throw new MirrorError("interrupted");
  return results;
}

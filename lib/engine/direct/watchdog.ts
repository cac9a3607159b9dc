/** A connection that is open but carries next to nothing is worse than one that is cut: the watchdog cuts it. */
import { RegistryError } from "../../registry/errors.ts";

/** The least that must come through. */
export interface LeastFlow {
  readonly bytes: number;
  /** Milliseconds within which that many bytes are due. */
  readonly within: number;
}

export const LEAST_FLOW: LeastFlow = { bytes: 30 * 1024, within: 30_000 };

export interface Flow {
  /** For the request that is watched: aborted by the watchdog, and with the caller's signal. */
  readonly signal: AbortSignal;
  /** Bytes came through. */
  readonly count: (bytes: number) => void;
  /** What is waited for now is not the connection. */
  readonly rest: () => void;
  /** From here on it is the connection again. */
  readonly resume: () => void;
}

export interface WatchOptions {
  readonly host: string;
  readonly least: LeastFlow;
  readonly signal: AbortSignal | undefined;
}

/** Runs `action` under the watchdog's eyes. Throws what it throws, or `registry-stalled`. */
export async function watched<T>(options: WatchOptions, action: (flow: Flow) => Promise<T>): Promise<T> {
  const { host, least, signal } = options;
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let bytes = 0;
  let isResting = false;
  let stalled: RegistryError | undefined;
  const timer = setInterval(() => {
    if (!isResting && bytes < least.bytes) {
      stalled = new RegistryError("registry-stalled", { host, bytes, seconds: Math.round(least.within / 1000) });
      abort.abort();
    }
    bytes = 0;
  }, least.within);
  try {
    return await action({
      signal: abort.signal,
      count: (more) => void (bytes += more),
      rest: () => void (isResting = true),
      resume: () => {
        if (isResting) timer.refresh();
        isResting = false;
      },
    });
  } catch (error) {
    throw stalled ?? error;
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

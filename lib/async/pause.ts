/** The one way to wait in this program, so that every wait ends with the run. */
import { setTimeout as sleep } from "node:timers/promises";
import { MirrorError } from "../messages/errors.ts";

/** Waits so many milliseconds. Throws `interrupted` as soon as `signal` is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw new MirrorError("interrupted");
  });
}

/**
 * Who works in a store: every writing process holds a lock file of its own under `sessions/`, and `prune` a further one.
 * Each side makes its file first and looks for the other's then, so they cannot miss each other.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import type { Paths } from "./files.ts";
import { holderOf, takeLock, tryLock } from "./process-lock.ts";
import type { StoreOptions } from "./store.ts";

export interface Writer {
  /** Runs `action` while no other process writes. Throws `store-busy`. */
  readonly alone: <T>(action: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Begins a session; waits while another process prunes. Throws `interrupted` and what `takeLock` throws. */
export async function openWriter(paths: Paths, options: Pick<StoreOptions, "signal" | "onWait">): Promise<Writer> {
  const own = `session-${randomUUID()}`;
  const session = await takeLock(join(paths.sessions, own));
  const pruning = join(paths.locks, "prune");
  try {
    if ((await holderOf(pruning)) !== undefined) await afterPrune(paths, pruning, options);
  } catch (error) {
    await session.release();
    throw error;
  }
  await otherProcess(paths, own);
  const busy = (process: number | "?" = "?"): MirrorError =>
    new MirrorError("store-busy", { folder: paths.folder, process });
  return {
    alone: async (action) => {
      const lock = await tryLock(pruning);
      if (lock === undefined) throw busy(await holderOf(pruning));
      try {
        const other = await otherProcess(paths, own);
        if (other !== undefined) throw busy(other);
        return await action();
      } finally {
        await lock.release();
      }
    },
    close: session.release,
  };
}

/** Waits for the prune to end, for as long as it removes something now and then. */
async function afterPrune(
  { blobs }: Paths,
  pruning: string,
  { signal, onWait }: Pick<StoreOptions, "signal" | "onWait">,
): Promise<void> {
  const moved = async (): Promise<unknown> => (await stat(join(blobs, "sha256"))).mtimeMs;
  const told = (process: number | "?"): void => onWait?.({ reason: "prune", process });
  await (await takeLock(pruning, { signal, moved, onWait: told })).release();
}

/** A session of a process that only looks. */
export const NO_WRITER: Writer = {
  alone: () => Promise.reject(new Error("a store opened for reading cannot be pruned")),
  close: () => Promise.resolve(),
};

/** A process with a session besides `own`. Sessions that killed processes left behind are removed. */
async function otherProcess({ sessions }: Paths, own: string): Promise<number | "?" | undefined> {
  let found: number | "?" | undefined;
  for (const name of await readdir(sessions)) {
    if (name === own || !name.startsWith("session-") || name.endsWith(".lock")) continue;
    const holder = await holderOf(join(sessions, name));
    if (holder === undefined) await rm(join(sessions, name), { force: true });
    found ??= holder;
  }
  return found;
}

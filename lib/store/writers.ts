/**
 * Who works in a store: every writing process holds a lock file of its own under `sessions/`, and `prune` a further one.
 * Each side makes its file first and looks for the other's then, so they cannot miss each other.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import type { Paths } from "./files.ts";
import { holderOf, takeLock, tryLock } from "./process-lock.ts";

export interface Writer {
  /** Runs `action` while no other process writes. Throws `store-busy`. */
  readonly alone: <T>(action: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Begins a session; waits while another process prunes. */
export async function openWriter(paths: Paths): Promise<Writer> {
  const own = `session-${randomUUID()}`;
  const session = await takeLock(join(paths.sessions, own));
  const pruning = join(paths.locks, "prune");
  if ((await holderOf(pruning)) !== undefined) await (await takeLock(pruning)).release();
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

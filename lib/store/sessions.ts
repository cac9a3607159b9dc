/**
 * Who works in a store: every writing process holds a lock file of its own under `sessions/`, and `prune` a further one.
 * Each side makes its file first and looks for the other's then, so they cannot miss each other.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MirrorError } from "../errors.ts";
import type { Paths } from "./files.ts";
import { lockOwner, takeLock, tryLock } from "./process-lock.ts";

export interface Session {
  /** Runs `action` while no other process writes. Throws `store-busy`. */
  readonly alone: <T>(action: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Begins a session; waits while another process prunes. */
export async function openSession(paths: Paths): Promise<Session> {
  const name = `session-${randomUUID()}`;
  const own = await takeLock(join(paths.sessions, name));
  const pruning = join(paths.locks, "prune");
  if ((await lockOwner(pruning)) !== undefined) await (await takeLock(pruning)).release();
  return {
    alone: async (action) => {
      const lock = await tryLock(pruning);
      if (lock === undefined) throw await busy(paths, pruning);
      try {
        for (const other of await readdir(paths.sessions)) {
          if (other === name || !other.startsWith("session-") || other.endsWith(".lock")) continue;
          if ((await lockOwner(join(paths.sessions, other))) !== undefined) {
            throw await busy(paths, join(paths.sessions, other));
          }
          await rm(join(paths.sessions, other), { force: true });
        }
        return await action();
      } finally {
        await lock.release();
      }
    },
    close: own.release,
  };
}

/** A session of a process that only looks. */
export const NO_SESSION: Session = {
  alone: () => Promise.reject(new Error("a store opened for reading cannot be pruned")),
  close: () => Promise.resolve(),
};

async function busy({ folder }: Paths, file: string): Promise<MirrorError> {
  const owner = await lockOwner(file);
  return new MirrorError("store-busy", { folder, process: owner?.process ?? "?" });
}

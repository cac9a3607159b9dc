/** What the outcomes of a run come to in the lock file. */
import { dirname, join } from "node:path";
import { LOCK_FILE, type LockedImage, mergeLock, readLock } from "../lock.ts";
import type { Transfer } from "../plan.ts";
import type { Outcome } from "./engine.ts";

/** The lock file's place: beside the mirror compose file. */
export function lockFileOf(composeFile: string): string {
  return join(dirname(composeFile), LOCK_FILE);
}

/**
 * The lock after a run: what it mirrored, and of what `file` holds all that is still wanted. Throws what `readLock`
 * throws.
 */
export async function lockAfter(file: string, outcomes: readonly Outcome[]): Promise<readonly LockedImage[]> {
  const previous = (await readLock(file)) ?? [];
  const wanted = outcomes.map(({ transfer }) => ({ ...namesOf(transfer), platform: transfer.platform }));
  return mergeLock(previous, outcomes.flatMap(lockedOf), wanted);
}

function lockedOf({ transfer, status, sourceDigest, platformDigest, digest, bytes }: Outcome): readonly LockedImage[] {
  if (status === "failed" || sourceDigest === undefined || digest === undefined || bytes === undefined) return [];
  return [
    {
      ...namesOf(transfer),
      platform: transfer.platform,
      sourceDigest,
      ...(platformDigest === undefined ? {} : { platformDigest }),
      mirrorDigest: digest,
      size: bytes,
    },
  ];
}

function namesOf({ source, target }: Transfer): Pick<LockedImage, "source" | "mirror"> {
  return { source, mirror: target };
}

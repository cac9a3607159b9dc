/** What the outcomes of a run come to in the lock file. */
import { lockFileOf, type LockedImage, mergeLock, readLock } from "../mirror/lock-file.ts";
import type { Transfer } from "../mirror/transfers.ts";
import { formatReference } from "../image/reference.ts";
import type { Outcome } from "./engine.ts";

/** The lock before a run: empty when there is none. Throws what `readLock` throws. */
export async function lockBefore(composeFile: string): Promise<readonly LockedImage[]> {
  return (await readLock(lockFileOf(composeFile))) ?? [];
}

/** The lock after a run: what it mirrored, and of `previous` all that is still wanted. */
export function lockAfter(previous: readonly LockedImage[], outcomes: readonly Outcome[]): readonly LockedImage[] {
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

/** Whether `locked` has the transfer's image, at the same place. */
export function isLocked(locked: readonly LockedImage[]): (transfer: Transfer) => boolean {
  const keys = new Set(locked.map(keyOf));
  return (transfer) => keys.has(keyOf(namesOf(transfer)));
}

function keyOf({ source, mirror }: Pick<LockedImage, "source" | "mirror">): string {
  return `${formatReference(source)} ${formatReference(mirror)}`;
}

function namesOf({ source, target }: Transfer): Pick<LockedImage, "source" | "mirror"> {
  return { source, mirror: target };
}

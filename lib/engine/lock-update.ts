/** What the outcomes of a run come to in the lock file. */
import { lockFileOf, type LockedImage, mergeLock, readLock } from "../mirror/lock-file.ts";
import type { Prepared } from "../mirror/prepare.ts";
import type { Transfer } from "../mirror/transfers.ts";
import { formatReference } from "../image/reference.ts";
import type { Outcome } from "./engine.ts";

/** The lock before a run: empty when there is none. Throws what `readLock` throws. */
export async function lockBefore(composeFile: string): Promise<readonly LockedImage[]> {
  return (await readLock(lockFileOf(composeFile))) ?? [];
}

/**
 * The lock after a run: what it mirrored, and of `previous` all that is still wanted, which may be more than the run did.
 */
export function lockAfter(
  previous: readonly LockedImage[],
  outcomes: readonly Outcome[],
  wanted: readonly Transfer[],
): readonly LockedImage[] {
  const names = wanted.map((transfer) => ({ ...namesOf(transfer), platform: transfer.platform }));
  return mergeLock(previous, outcomes.flatMap(lockedOf), names);
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

/** Whether `locked` has the transfer's image, for its platform and at the same place. */
export function isLocked(locked: readonly LockedImage[]): (transfer: Transfer) => boolean {
  const keys = new Set(locked.map(keyOf));
  return (transfer) => keys.has(keyOf({ ...namesOf(transfer), platform: transfer.platform }));
}

/** What of the project a run leaves alone and no earlier run mirrored: the registry may not have it. */
export function unmirroredOf(
  { plan, whole }: Pick<Prepared, "plan" | "whole">,
  locked: readonly LockedImage[],
): readonly Transfer[] {
  const planned = new Set(plan.transfers);
  const isMirrored = isLocked(locked);
  return whole.transfers.filter((transfer) => !planned.has(transfer) && !isMirrored(transfer));
}

function keyOf({ source, mirror, platform }: Pick<LockedImage, "source" | "mirror" | "platform">): string {
  return `${formatReference(source)} ${formatReference(mirror)} ${platform}`;
}

function namesOf({ source, target }: Transfer): Pick<LockedImage, "source" | "mirror"> {
  return { source, mirror: target };
}

/** What the lock file says of the images of a deploy. */
import { formatReference } from "../../image/reference.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";

/** The images of the lock by their names in the compose file, which may name `registry` in another way. */
export function lockedBy(
  lock: readonly LockedImage[] = [],
  registry: string | undefined,
): ReadonlyMap<string, LockedImage> {
  if (registry === undefined) return new Map();
  return new Map(lock.map((image) => [formatReference({ ...image.mirror, registry }), image]));
}

/** Whether a run would replace an image of another source: two projects may give two images one mirror name. */
import { familiarRepository, formatReference } from "../image/reference.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Transfer } from "./transfers.ts";

type Names = Pick<Transfer, "source" | "target">;

/** The repository that an image is of, whatever its tag: a newer tag of the same repository replaces nothing foreign. */
export function repositoryOf({ source }: Pick<Transfer, "source">): string {
  return familiarRepository(source);
}

/**
 * Checks every mirror name against what it was last taken from. `owners` has the source repository by the full mirror
 * name, as far as it is known. Throws `target-owned` for the first that would be replaced by another repository's image.
 */
export function refuseOwned(transfers: readonly Names[], owners: ReadonlyMap<string, string>): void {
  for (const transfer of transfers) {
    const target = formatReference(transfer.target);
    const [owner, source] = [owners.get(target), repositoryOf(transfer)];
    if (owner !== undefined && owner !== source) throw new MirrorError("target-owned", { target, owner, source });
  }
}

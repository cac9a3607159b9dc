/** How far what runs on a host is from what was deployed there, and that from what the lock names now. */
import { type ImageReference, formatReference, parseReference } from "../../image/reference.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";
import type { Release } from "../plan/release.ts";
import type { Container } from "./containers.ts";

export type Drift =
  /** A container runs another image than its release has. */
  | { readonly kind: "other-image"; readonly service: string; readonly expected: string; readonly found: string }
  /** A service of the release has no container. */
  | { readonly kind: "missing"; readonly service: string }
  /** The release's image is not the one that the lock names: another digest, or another version of it. */
  | { readonly kind: "behind-lock"; readonly service: string; readonly expected: string; readonly found: string };

/** Compares the containers with the release that runs, and that with the lock; in code-point order of the services. */
export function driftOf(
  containers: readonly Container[],
  release: Release | undefined,
  lock: readonly LockedImage[] = [],
): readonly Drift[] {
  const wanted = new Map(lock.map(({ mirror, mirrorDigest }) => [placeOf(mirror), mirrorDigest]));
  const found = (release?.images ?? []).flatMap(({ service, image, id, pulledBy }): readonly Drift[] => {
    const own = containers.filter(({ name }) => name === service);
    const other = own.find(({ imageId }) => id !== undefined && imageId !== "" && imageId !== id);
    const reference = parseReference(image);
    const digest = pulledBy?.split("@")[1];
    const expected = wanted.get(placeOf(reference));
    const versions = expected === undefined ? versionsOf(reference, lock) : [];
    return [
      ...(own.length === 0 ? [{ kind: "missing", service } as const] : []),
      ...(other === undefined ? [] : [{ kind: "other-image", service, expected: id!, found: other.imageId } as const]),
      ...(digest === undefined || expected === undefined || digest === expected
        ? []
        : [{ kind: "behind-lock", service, expected, found: digest } as const]),
      ...(versions.length === 0
        ? []
        : [{ kind: "behind-lock", service, expected: versions.join(", "), found: image } as const]),
    ];
  });
  return found.toSorted((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

/** A name without its registry: the host may pull by another name than the lock has. */
function placeOf(reference: ImageReference): string {
  return formatReference({ ...reference, registry: "mirror" });
}

/** The names that the lock has for other versions of an image of the mirror. */
function versionsOf(reference: ImageReference, lock: readonly LockedImage[]): readonly string[] {
  const { registry, repository } = reference;
  return lock
    .filter(({ mirror }) => mirror.repository === repository && mirror.registry === registry)
    .map(({ mirror }) => formatReference(mirror));
}

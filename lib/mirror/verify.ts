/**
 * Whether what the lock file says still holds: at the mirror, where anything else than the locked bytes is a fault, and
 * at the source, where it means that a newer image is there to be mirrored. One HEAD for each end of an image.
 */
import { storeName } from "../store/store-name.ts";
import { mapConcurrent } from "../async/map-concurrent.ts";
import { MirrorError } from "../messages/errors.ts";
import type { LockedImage } from "./lock-file.ts";
import type { Transfer } from "./transfers.ts";
import { formatReference, type ImageReference, withDefaultTag } from "../image/reference.ts";
import type { Registries } from "../registry/registries.ts";
import { placesOf, type SourceMirror } from "../registry/source-mirror.ts";
import type { Store } from "../store/store.ts";

export type Drift =
  /** In the project, and not in the lock file under this mirror name. */
  | { readonly kind: "not-locked" }
  /** In the lock file, and no longer in the project under this mirror name. */
  | { readonly kind: "not-used" }
  | { readonly kind: "source-moved" | "mirror-moved"; readonly locked: string; readonly actual: string }
  | { readonly kind: "source-gone" | "mirror-gone"; readonly locked: string }
  /** Not known, because nobody answered. */
  | { readonly kind: "source-unknown" | "mirror-unknown"; readonly error: MirrorError };

export interface Verified extends Pick<LockedImage, "source" | "mirror" | "platform"> {
  /** Empty when the image matches mirror.lock.json. */
  readonly drifts: readonly Drift[];
}

export interface VerifyOptions {
  readonly registries: Pick<Registries, "of">;
  readonly sourceMirrors?: readonly SourceMirror[];
  /** Asked in place of the mirror's registry, where the content store is the mirror. */
  readonly store?: Pick<Store, "reference"> | undefined;
  /** Images asked about at once. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Compares the lock with the project's transfers and with both registries. Throws `interrupted` only. */
export async function verify(
  locked: readonly LockedImage[],
  transfers: readonly Transfer[],
  { registries, sourceMirrors = [], store, concurrency = 16, signal }: VerifyOptions,
): Promise<readonly Verified[]> {
  const lockedKeys = new Set(locked.map(keyOf));
  const used = new Set(transfers.map((transfer) => keyOf({ ...transfer, mirror: transfer.target })));
  const missing = transfers
    .map(({ source, target, platform }) => ({ source, mirror: target, platform }))
    .filter((image) => !lockedKeys.has(keyOf(image)))
    .map(({ source, mirror, platform }): Verified => ({ source, mirror, platform, drifts: [{ kind: "not-locked" }] }));

  const digestAt = async (host: string, repository: string, name: ImageReference): Promise<string | undefined> => {
    const { tag, digest } = withDefaultTag(name);
    return (await registries.of(host).head(repository, digest ?? tag!, { signal }))?.digest;
  };
  const atSource = async ({ source }: LockedImage): Promise<string | undefined> => {
    const places = placesOf(source, sourceMirrors);
    for (const [index, { host, repository }] of places.entries()) {
      try {
        const digest = await digestAt(host, repository, source);
        if (digest !== undefined) return digest;
      } catch (error) {
        if (index === places.length - 1 || signal?.aborted) throw error;
      }
    }
    return undefined;
  };
  const atMirror = async ({ mirror }: LockedImage): Promise<string | undefined> =>
    store === undefined
      ? digestAt(mirror.registry, mirror.repository, mirror)
      : (await store.reference(storeName(mirror)))?.digest;

  const look = async (image: LockedImage): Promise<Verified> => {
    const { source, mirror, platform, sourceDigest, mirrorDigest } = image;
    const found = await Promise.all([
      compare("source", sourceDigest, () => atSource(image)),
      compare("mirror", mirrorDigest, () => atMirror(image)),
    ]);
    const notUsed: readonly Drift[] = used.has(keyOf(image)) ? [] : [{ kind: "not-used" }];
    return { source, mirror, platform, drifts: [...notUsed, ...found.flat()] };
  };
  const looked = await mapConcurrent(locked, look, { concurrency, signal });
  return [...missing, ...looked].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

async function compare(
  end: "source" | "mirror",
  locked: string,
  ask: () => Promise<string | undefined>,
): Promise<readonly Drift[]> {
  try {
    const actual = await ask();
    if (actual === undefined) return [{ kind: `${end}-gone`, locked }];
    return actual === locked ? [] : [{ kind: `${end}-moved`, locked, actual }];
  } catch (error) {
    if (!(error instanceof MirrorError) || error.code === "interrupted") throw error;
    return [{ kind: `${end}-unknown`, error }];
  }
}

function keyOf({ source, mirror, platform }: Pick<LockedImage, "source" | "mirror" | "platform">): string {
  return [formatReference(source), platform, formatReference(mirror)].join(" ");
}

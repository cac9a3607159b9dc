/**
 * What a transfer's source names right now: its manifest, and the platform's image in it. A manifest that is in the
 * store by its digest is not fetched again, and where an earlier run left its mark a HEAD tells whether a tag moved.
 */
import { MirrorError } from "../../messages/errors.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { familiarName } from "../../image/reference.ts";
import type { CallOptions } from "../../registry/client.ts";
import {
  choosePlatform,
  type Descriptor,
  isDigest,
  MANIFEST_LIMIT,
  type Manifest,
  parseManifest,
  type RawManifest,
} from "../../image/manifest.ts";
import type { Registries } from "../../registry/registries.ts";
import { placesOf, type SourceMirror } from "../../registry/source-mirror.ts";
import type { Store } from "../../store/store.ts";
import type { BlobSource } from "./downloads.ts";

/** The image that a transfer copies. */
export interface Source {
  /** What the source's name names: an index, or the image itself. */
  readonly sourceDigest: string;
  /** The image for the platform. */
  readonly descriptor: Descriptor;
  /** Where its blobs are, the best place first. */
  readonly places: readonly BlobSource[];
  /** The image's manifest, from the store or from its registry. */
  image(options: CallOptions): Promise<SourceImage>;
}

export interface SourceImage {
  readonly raw: RawManifest;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Whether only the config says which platform it is for. */
  readonly isUnchecked: boolean;
}

export interface SourceImages {
  /** `isKnown` says that an earlier run had this image. */
  find(transfer: Transfer, options: CallOptions & { readonly isKnown: boolean }): Promise<Source>;
}

export interface SourceImagesOptions {
  readonly registries: Registries;
  readonly store: Store;
  readonly mirrors: readonly SourceMirror[];
}

export function openSourceImages({ registries, store, mirrors }: SourceImagesOptions): SourceImages {
  /** Hosts that could not be reached; they are left out as long as there is another place. */
  const silent = new Set<string>();

  /** Asks one place after another; gives the answer and the places with the one that answered first. */
  const ask = async <T>(
    places: readonly BlobSource[],
    question: (place: BlobSource) => Promise<T>,
  ): Promise<{ readonly answer: T; readonly places: readonly BlobSource[] }> => {
    const last = places.at(-1)!;
    for (const place of places) {
      if (silent.has(place.registry.host) && place !== last) continue;
      try {
        const answer = await question(place);
        const others = places.filter((each) => each !== place && (each === last || !silent.has(each.registry.host)));
        return { answer, places: [place, ...others] };
      } catch (error) {
        if (!(error instanceof MirrorError) || error.code === "interrupted" || place === last) throw error;
        if (error.code === "registry-unreachable" || error.code === "registry-timeout") silent.add(place.registry.host);
      }
    }
    throw new Error("unreachable: the last place answers or throws");
  };

  const fromStore = async (digest: string): Promise<Uint8Array | undefined> => {
    const size = await store.sizeOf(digest);
    if (size === undefined || size > MANIFEST_LIMIT) return undefined;
    try {
      return await store.readBytes(digest);
    } catch (error) {
      // a corrupt one is gone now, and is fetched anew
      if (error instanceof MirrorError && error.retryHelps) return undefined;
      throw error;
    }
  };

  const fetchManifest = async (places: readonly BlobSource[], reference: string, options: CallOptions) => {
    const { answer, places: ordered } = await ask(places, ({ registry, repository }) =>
      registry.manifest(repository, reference, options),
    );
    await store.writeBytes(answer.descriptor.digest, answer.bytes);
    return { raw: answer, places: ordered };
  };

  const byDigest = async (places: readonly BlobSource[], descriptor: Descriptor, options: CallOptions) => {
    const bytes = await fromStore(descriptor.digest);
    if (bytes !== undefined) return { raw: { descriptor: { ...descriptor, size: bytes.length }, bytes }, places };
    return fetchManifest(places, descriptor.digest, options);
  };

  return {
    find: async (transfer, { isKnown, ...options }) => {
      const { source, platform } = transfer;
      const name = familiarName(source);
      const places = placesOf(source, mirrors).map(({ host, repository }) => ({
        registry: registries.of(host),
        repository,
      }));
      const reference = source.digest ?? source.tag ?? "latest";
      const top = async () => {
        if (isDigest(reference)) return byDigest(places, { digest: reference, mediaType: "", size: 0 }, options);
        if (!isKnown) return fetchManifest(places, reference, options);
        const { answer, places: ordered } = await ask(places, ({ registry, repository }) =>
          registry.head(repository, reference, options),
        );
        // a GET says best that there is no such tag
        return answer === undefined ? fetchManifest(places, reference, options) : byDigest(ordered, answer, options);
      };
      const found = await top();
      const manifest = parseManifest(found.raw, name);
      const sourceDigest = found.raw.descriptor.digest;
      if (manifest.kind === "image") {
        const descriptor = { ...found.raw.descriptor, mediaType: typeOf(found.raw) };
        const image = imageOf({ ...found.raw, descriptor }, manifest, true);
        return { sourceDigest, descriptor, places: found.places, image: async () => image };
      }
      const { digest, mediaType, size } = choosePlatform(manifest.entries, platform, name);
      return {
        sourceDigest,
        descriptor: { digest, mediaType, size },
        places: found.places,
        image: async (call) => {
          const { raw } = await byDigest(found.places, { digest, mediaType, size }, call);
          const child = parseManifest(raw, name);
          if (child.kind === "index")
            throw new MirrorError("manifest-invalid", { name, detail: "its index leads to another index" });
          return imageOf({ ...raw, descriptor: { digest, mediaType, size: raw.bytes.length } }, child, false);
        },
      };
    },
  };
}

function imageOf(
  raw: RawManifest,
  { config, layers }: Extract<Manifest, { kind: "image" }>,
  isUnchecked: boolean,
): SourceImage {
  return { raw, config, layers, isUnchecked };
}

/** The media type a manifest says of itself, for one that came from the store by its digest alone. */
function typeOf({ descriptor, bytes }: RawManifest): string {
  if (descriptor.mediaType !== "") return descriptor.mediaType;
  const { mediaType } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { mediaType?: unknown };
  return typeof mediaType === "string" ? mediaType : "application/vnd.oci.image.manifest.v1+json";
}

/**
 * What a transfer's source names right now: its manifest, and the platform's image in it. A manifest that is in the
 * store by its digest is not fetched again, and where an earlier run left its mark a HEAD tells whether a tag moved.
 */
import { causeOf, MirrorError } from "../../messages/errors.ts";
import { type Cause, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { RegistryError } from "../../registry/errors.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { familiarName } from "../../image/reference.ts";
import type { CallOptions } from "../../registry/client.ts";
import {
  choosePlatform,
  type Descriptor,
  isDigest,
  MANIFEST_LIMIT,
  manifestTypeOf,
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
  /** Hosts that turned out to be of no use in this run, with the reason; asked no more while another place is left. */
  const bad = new Map<string, MirrorError>();

  /**
   * Asks one place after another for a usable answer; gives it, and the places with the one that gave it first. Throws
   * one error that tells the reasons of all places.
   */
  const ask = async <T>(
    places: readonly BlobSource[],
    question: (place: BlobSource) => Promise<T>,
  ): Promise<{ readonly answer: T; readonly places: readonly BlobSource[] }> => {
    const failures: PlaceFailure[] = [];
    const last = places.at(-1)!;
    for (const place of places) {
      const { host } = place.registry;
      const known = bad.get(host);
      if (known !== undefined && (place !== last || isUnresolved(known))) {
        failures.push({ host, error: known });
        continue;
      }
      try {
        const answer = await question(place);
        const others = places.filter((each) => each !== place && (each === last || !bad.has(each.registry.host)));
        return { answer, places: [place, ...others] };
      } catch (error) {
        if (!(error instanceof MirrorError) || error.code === "interrupted" || error.code.startsWith("store-"))
          throw error;
        failures.push({ host, error });
        if (!ABOUT_THE_IMAGE.has(error.code)) bad.set(host, error);
      }
    }
    throw allFailed(failures);
  };

  const fromStore = async (digest: string): Promise<Uint8Array | undefined> => {
    const size = await store.sizeOf(digest);
    if (size === undefined || size > MANIFEST_LIMIT) return undefined;
    try {
      return await store.readBytes(digest);
    } catch (error) {
      // a corrupt one is gone now, and is fetched again
      if (error instanceof MirrorError && error.retryHelps) return undefined;
      throw error;
    }
  };

  const fetchManifest = async (places: readonly BlobSource[], reference: string, options: CallOptions) => {
    const { answer, places: ordered } = await ask(places, async ({ registry, repository }) => {
      const raw = await registry.manifest(repository, reference, options);
      // a login page or a proxy may answer too: only a manifest is an answer
      parseManifest(raw, `${repository}:${reference}`);
      return raw;
    });
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
        if (answer === undefined) return fetchManifest(places, reference, options);
        // the digest of a HEAD may be wrong, or gone since: then the tag itself is asked for
        return byDigest(ordered, answer, options).catch((error: unknown) => {
          if (!(error instanceof MirrorError) || !ABOUT_THE_IMAGE.has(error.code)) throw error;
          return fetchManifest(places, reference, options);
        });
      };
      const found = await top();
      const manifest = parseManifest(found.raw, name);
      const sourceDigest = found.raw.descriptor.digest;
      if (manifest.kind === "image") {
        const descriptor = { ...found.raw.descriptor, mediaType: manifestTypeOf(found.raw) };
        const image = imageOf({ ...found.raw, descriptor }, manifest, true);
        return { sourceDigest, descriptor, places: found.places, image: async () => image };
      }
      const { digest, mediaType, size, platform: named } = choosePlatform(manifest.entries, platform, name);
      return {
        sourceDigest,
        descriptor: { digest, mediaType, size },
        places: found.places,
        image: async (call) => {
          const { raw } = await byDigest(found.places, { digest, mediaType, size }, call);
          const child = parseManifest(raw, name);
          if (child.kind === "index")
            throw new MirrorError("manifest-invalid", { name, detail: message("manifest-nested-index") });
          const descriptor = { digest, mediaType: manifestTypeOf(raw), size: raw.bytes.length };
          return imageOf({ ...raw, descriptor }, child, named === undefined);
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

interface PlaceFailure {
  readonly host: string;
  readonly error: MirrorError;
}

/** Errors that say nothing of the place, only of one image there. */
const ABOUT_THE_IMAGE: ReadonlySet<string> = new Set([
  "registry-not-found",
  "registry-pull-denied",
  "registry-login-missing",
  "registry-digest",
  "manifest-invalid",
  "manifest-too-large",
]);

/** The name does not resolve: another try in the same run does not help. */
function isUnresolved({ code, cause }: MirrorError): boolean {
  return code.startsWith("registry-unreachable") && (cause as NodeJS.ErrnoException | undefined)?.code === "ENOTFOUND";
}

/** An answer of a registry says more than a connection that failed. */
function isTelling({ error }: PlaceFailure): boolean {
  return error instanceof RegistryError && error.status !== undefined;
}

/** One error for all places: the first that got an answer is the cause, the reasons of the others follow. */
function allFailed(failures: readonly PlaceFailure[]): MirrorError {
  const main = failures.find(isTelling) ?? failures.at(-1)!;
  const { error } = main;
  const own = error.values["detail"];
  if (failures.length === 1 || own === undefined) return error;
  const detail = failures
    .filter((each) => each !== main)
    .reduce<Cause>(
      (all, each) => message("place-failed-too", { detail: all, host: each.host, reason: causeOf(each.error) }),
      typeof own === "object" && !Array.isArray(own) ? (own as Cause) : theirs(String(own)),
    );
  return error.with({ detail });
}

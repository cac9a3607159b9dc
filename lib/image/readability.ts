/**
 * What of an image an engine of some version cannot read: the media types of its manifest and the compression of its
 * layers against the version that first read them. Known before anything is sent, instead of a pull that fails late.
 *
 * Sources: image-spec layer media types (https://github.com/opencontainers/image-spec/blob/main/layer.md); beside each
 * version, what tells it.
 */
import { MEDIA_TYPES } from "./manifest.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

export interface Reader {
  readonly kind: "docker" | "podman" | "containerd";
  /** As the program prints it: `20.10.24`, `1.13.1`, `26.1.4-ce`. */
  readonly version: string;
}

/** What of a mirrored image matters to its reader. */
export interface ReadManifest {
  /** The image, for the message. */
  readonly name: string;
  readonly mediaType: string;
  readonly layers: readonly { readonly mediaType: string }[];
}

export type Feature = "oci-manifest" | "zstd-layer";

interface Rule {
  readonly feature: Feature;
  readonly uses: (manifest: ReadManifest) => boolean;
  /** The first version that reads it; a kind that is not named always did. */
  readonly since: Readonly<Partial<Record<Reader["kind"], string>>>;
}

const RULES: readonly Rule[] = [
  {
    feature: "oci-manifest",
    uses: ({ mediaType }) => mediaType === MEDIA_TYPES.ociManifest,
    since: {
      // before, pulls are reported to fail with "missing signature key": it was taken for one of schema 1
      docker: "18.0",
    },
  },
  {
    feature: "zstd-layer",
    uses: ({ layers }) => layers.some(({ mediaType }) => mediaType.endsWith("zstd")),
    since: {
      // https://docs.docker.com/engine/release-notes/23.0/, https://github.com/moby/moby/pull/41759
      docker: "23.0",
      // Its release notes name containers/storage 1.12.13, which unpacks layers for it and has
      // https://github.com/containers/storage/pull/363; podman 1.4.2 has 1.12.10, without it.
      podman: "1.4.4",
      // https://github.com/containerd/containerd/pull/4809, https://github.com/containerd/containerd/releases/tag/v1.5.0
      containerd: "1.5",
    },
  },
];

/** Why `reader` cannot read an image. */
export interface Unreadable {
  readonly name: string;
  readonly feature: Feature;
  /** The first version of the reader's kind that can. */
  readonly since: string;
  readonly reason: Message;
}

/**
 * The images that `reader` cannot read, one entry for each image and feature, in the order of `manifests`. A version
 * that cannot be understood is taken for a new one: nobody is held up by a guess.
 */
export function unreadableBy({ kind, version }: Reader, manifests: readonly ReadManifest[]): readonly Unreadable[] {
  return manifests.flatMap((manifest) =>
    RULES.flatMap(({ feature, uses, since: { [kind]: since } }) => {
      if (since === undefined || !uses(manifest) || !isOlder(version, since)) return [];
      const { name } = manifest;
      return [
        { name, feature, since, reason: message(`unreadable-${feature}`, { image: name, kind, version, since }) },
      ];
    }),
  );
}

/** Whether `reader` reads what has `feature`; `undefined` where its version cannot be understood. */
export function readsFeature({ kind, version }: Reader, feature: Feature): boolean | undefined {
  const since = RULES.find((rule) => rule.feature === feature)?.since[kind];
  return since === undefined ? true : numbersOf(version) && !isOlder(version, since);
}

function isOlder(version: string, since: string): boolean {
  const is = numbersOf(version);
  const wanted = numbersOf(since)!;
  const differs = is?.findIndex((number, index) => number !== wanted[index]) ?? -1;
  return differs >= 0 && is![differs]! < wanted[differs]!;
}

/** Major, minor and patch, a missing patch as 0; `undefined` where the text is no version. */
function numbersOf(version: string): readonly number[] | undefined {
  const [, ...numbers] = /^v?(\d+)\.(\d+)\.?(\d*)/.exec(version) ?? [];
  return numbers.length === 0 ? undefined : numbers.map(Number);
}

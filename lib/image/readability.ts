/**
 * What of an image an engine of some version cannot read: the media types of its manifest and the compression of its
 * layers against the version that first read them. Known before anything is sent, instead of a pull that fails late.
 *
 * Sources: image-spec layer media types (https://github.com/opencontainers/image-spec/blob/main/layer.md), the release
 * notes of docker (17.06: pulls OCI manifests reliably, 1.13 to 17 being reported to fail; 23.0: zstd
 * layers), containerd (1.5: zstd) and podman (1.8: zstd).
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

interface Rule {
  readonly feature: "oci-manifest" | "zstd-layer";
  readonly uses: (manifest: ReadManifest) => boolean;
  /** The first version that reads it; a kind that is not named always did. */
  readonly since: Readonly<Partial<Record<Reader["kind"], string>>>;
}

const RULES: readonly Rule[] = [
  {
    feature: "oci-manifest",
    uses: ({ mediaType }) => mediaType === MEDIA_TYPES.ociManifest,
    since: { docker: "18.0" },
  },
  {
    feature: "zstd-layer",
    uses: ({ layers }) => layers.some(({ mediaType }) => mediaType.endsWith("zstd")),
    since: { docker: "23.0", podman: "1.8", containerd: "1.5" },
  },
];

/** Why `reader` cannot read an image. */
export interface Unreadable {
  readonly name: string;
  readonly feature: Rule["feature"];
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

function isOlder(version: string, since: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  const [sinceMajor = 0, sinceMinor = 0] = since.split(".").map(Number);
  return Number(major) < sinceMajor || (Number(major) === sinceMajor && Number(minor) < sinceMinor);
}

/**
 * Newer versions of images, by their tags. A tag is a version when it begins with one to three numbers; what follows
 * names a flavour, and only tags of the same flavour and the same number of parts compare: `16-alpine` is newer than
 * `15-alpine`, and neither `15.2-alpine` nor `16` is. A pre-release compares with later pre-releases and with releases.
 */
import semver from "semver";
import { mapConcurrent } from "../async/map-concurrent.ts";
import { MirrorError } from "../messages/errors.ts";
import { type ImageReference, withDefaultTag } from "../image/reference.ts";
import type { Registries } from "../registry/registries.ts";
import { placesOf, type SourceMirror } from "../registry/source-mirror.ts";

export type Outlook =
  | { readonly status: "current" }
  | {
      readonly status: "outdated";
      /** Newer tags, the newest last. */
      readonly newer: readonly string[];
      /** The newest with the same first number, where there is a newer one. */
      readonly sameMajor?: string;
    }
  /** Its tag is no version (`latest`, a digest alone). */
  | { readonly status: "unversioned" }
  | { readonly status: "failed"; readonly error: MirrorError };

export interface OutdatedOptions {
  readonly registries: Pick<Registries, "of">;
  readonly sourceMirrors?: readonly SourceMirror[];
  /** Repositories asked about at once. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Looks for newer tags of every image, in the order given. Throws `interrupted` only. */
export async function findNewer(
  images: readonly ImageReference[],
  { registries, sourceMirrors = [], concurrency = 8, signal }: OutdatedOptions,
): Promise<readonly Outlook[]> {
  const asked = new Map<string, Promise<readonly string[]>>();
  const tagsOf = (image: ImageReference): Promise<readonly string[]> => {
    const key = `${image.registry}/${image.repository}`;
    const tags = asked.get(key) ?? ask(image);
    asked.set(key, tags);
    return tags;
  };
  const ask = async (image: ImageReference): Promise<readonly string[]> => {
    const places = placesOf(image, sourceMirrors);
    for (const [index, { host, repository }] of places.entries()) {
      try {
        return await registries.of(host).tags(repository, { signal });
      } catch (error) {
        if (index === places.length - 1 || signal?.aborted) throw error;
      }
    }
    return [];
  };
  const look = async (image: ImageReference): Promise<Outlook> => {
    const { tag } = withDefaultTag(image);
    if (tag === undefined || parseVersion(tag) === undefined) return { status: "unversioned" };
    try {
      return compareTags(tag, await tagsOf(image));
    } catch (error) {
      if (!(error instanceof MirrorError) || error.code === "interrupted") throw error;
      return { status: "failed", error };
    }
  };
  return mapConcurrent(images, look, { concurrency, signal });
}

/** What `tags` offer to someone who uses `tag`. */
export function compareTags(tag: string, tags: readonly string[]): Outlook {
  const mine = parseVersion(tag);
  if (mine === undefined) return { status: "unversioned" };
  const newer = tags
    .flatMap((each) => {
      const version = parseVersion(each);
      return version !== undefined && compares(mine, version) && isNewer(version, mine) ? [{ tag: each, version }] : [];
    })
    .toSorted((a, b) => (isNewer(a.version, b.version) ? 1 : -1));
  if (newer.length === 0) return { status: "current" };
  const sameMajor = newer.findLast(({ version }) => version.numbers.major === mine.numbers.major)?.tag;
  return {
    status: "outdated",
    newer: newer.map((each) => each.tag),
    ...(sameMajor === undefined ? {} : { sameMajor }),
  };
}

interface Version {
  /** The numbers and, for a pre-release, its name. */
  readonly numbers: semver.SemVer;
  /** What must be the same to compare: the `v`, how many numbers, whether they are a date, the flavour. */
  readonly kind: string;
  readonly isPreRelease: boolean;
}

const VERSION = /^(?<v>v?)(?<numbers>\d+(?:\.\d+){0,2})(?:[-+_.]?(?<rest>(?:(?<=[-+_.])|(?=[a-z])).+))?$/i;
const PRE_RELEASE = /^(?:a|b|alpha|beta|rc|pre|preview|dev|canary|nightly|snapshot|m)[-.]?\d*(?:\.\d+)*$/i;
/** Numbers of this length are dates or builds. */
const DATE_LENGTH = 6;

function parseVersion(tag: string): Version | undefined {
  const { v, numbers, rest = "" } = VERSION.exec(tag)?.groups ?? {};
  if (v === undefined || numbers === undefined) return undefined;
  const parts = numbers.split(".");
  const isPreRelease = PRE_RELEASE.test(rest);
  const core = [...parts, "0", "0"].slice(0, 3).map((part) => String(Number(part)));
  const name = isPreRelease ? `-${rest.toLowerCase().replace(/(?<=[a-z])[-.]?(?=\d)/, ".")}` : "";
  const parsed = semver.parse(core.join(".") + name);
  if (parsed === null) return undefined;
  const kind = [v, parts.length, parts[0]!.length >= DATE_LENGTH, isPreRelease ? "" : rest].join(" ");
  return { numbers: parsed, kind, isPreRelease };
}

/** A release is not compared with pre-releases. */
function compares(mine: Version, other: Version): boolean {
  return mine.kind === other.kind && (mine.isPreRelease || !other.isPreRelease);
}

function isNewer(a: Version, b: Version): boolean {
  return semver.compare(a.numbers, b.numbers) > 0;
}

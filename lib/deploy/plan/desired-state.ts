/**
 * The difference between what a host has of a project and what is asked for, as data: services that are new, changed, the
 * same, or no longer there, and files that go. A renamed service is one that goes and one that is new.
 */
import type { Container } from "../host/containers.ts";
import type { Release, SentFile } from "./release.ts";
import type { Settings } from "./settings.ts";
import type { WantedImage } from "./steps.ts";

/** An image by name, and by digest where that is known. */
export interface NamedImage {
  readonly image: string;
  readonly digest?: string;
}

/** Why a service is changed: its image, files that are mounted in it, or what else the compose files say of it. */
export type ChangeReason = "image" | "files" | "settings";

/** What becomes of a service: `same` has the image, the mounted files and the settings that it had. */
export interface ServiceChange {
  readonly service: string;
  readonly change: "added" | "changed" | "same" | "removed";
  /** Set for a service that is `changed`. */
  readonly reasons?: readonly ChangeReason[];
  /** What it ran. */
  readonly from?: NamedImage;
  readonly to?: NamedImage;
}

export interface StateRequest {
  readonly images: readonly WantedImage[];
  /** Services that are built on the host. */
  readonly built: readonly string[];
  /** The release that runs. */
  readonly previous: Release | undefined;
  /** What compose started in the folder. */
  readonly containers: readonly Container[];
  /** Names of the compose files of the new release. */
  readonly files: readonly string[];
  /** Services whose mounted files are replaced. */
  readonly affected: readonly string[];
  /** The configuration of each service, as a digest. */
  readonly settings: Settings;
  /** The compose files differ from those on the host: all that is known where the release has no `settings`. */
  readonly otherFiles: boolean;
}

/** Every service of either side, in code-point order. */
export function serviceChanges(request: StateRequest): readonly ServiceChange[] {
  const { images, built, previous, affected, settings, otherFiles } = request;
  const before = new Map(previous?.images.map((each) => [each.service, each]));
  const touched = new Set(affected);
  const wanted = [
    ...images.flatMap(({ image, digest, services }) =>
      services.map((service) => [service, named(image, digest)] as const),
    ),
    ...built.map((service) => [service, undefined] as const),
  ];
  const asked = wanted.map(([service, to]): ServiceChange => {
    const old = before.get(service);
    const from = old === undefined ? undefined : named(old.image, old.pulledBy?.split("@")[1]);
    const isSame =
      to === undefined ||
      (from?.image === to.image && (to.digest === undefined || from.digest === undefined || from.digest === to.digest));
    const told = previous?.settings;
    const hasOtherSettings = told === undefined ? otherFiles : told[service] !== settings[service];
    const reasons: readonly ChangeReason[] = [
      ...(isSame ? [] : (["image"] as const)),
      ...(touched.has(service) ? (["files"] as const) : []),
      // The image is one of the settings.
      ...(hasOtherSettings && from?.image === (to?.image ?? from?.image) ? (["settings"] as const) : []),
    ];
    const isChanged = from !== undefined && reasons.length > 0;
    return {
      service,
      change: from === undefined ? "added" : isChanged ? "changed" : "same",
      ...(isChanged ? { reasons } : {}),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
  });
  const gone = removedServices(request).map((service): ServiceChange => {
    const image = before.get(service)?.image ?? request.containers.find(({ name }) => name === service)?.image;
    return { service, change: "removed", ...(image === undefined ? {} : { from: { image } }) };
  });
  return [...asked, ...gone].toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

function named(image: string, digest: string | undefined): NamedImage {
  return { image, ...(digest === undefined ? {} : { digest }) };
}

/**
 * Services that run and that nobody asks for any more, in code-point order: containers that were started in this folder
 * from the files of the previous or of the new release. What somebody else runs from the same folder is not ours.
 */
export function removedServices({
  images,
  built,
  previous,
  containers,
  files,
}: Pick<StateRequest, "images" | "built" | "previous" | "containers" | "files">): readonly string[] {
  const wanted = new Set([...images.flatMap(({ services }) => services), ...built]);
  const ours = new Set([...files, ...(previous?.files ?? [])]);
  const names = containers
    .filter(
      ({ name, files: from }) =>
        !wanted.has(name) && (from.length === 0 ? previous !== undefined : ours.has(from.at(-1)!)),
    )
    .map(({ name }) => name);
  return [...new Set(names)].toSorted();
}

/** Files that the previous release sent and that nothing names any more. */
export function removedFiles(
  previous: Release | undefined,
  named_: ReadonlySet<string>,
): Readonly<Record<string, SentFile>> {
  return Object.fromEntries(Object.entries(previous?.sent ?? {}).filter(([name]) => !named_.has(name)));
}

/** Files that `release` sent and `other` did not. */
export function filesOnlyIn(
  release: Pick<Release, "sent"> | undefined,
  other: Pick<Release, "sent"> | undefined,
): Readonly<Record<string, SentFile>> {
  return Object.fromEntries(Object.entries(release?.sent ?? {}).filter(([name]) => other?.sent[name] === undefined));
}

/** The services of a release. */
export function servicesOf(release: Pick<Release, "images"> | undefined): readonly string[] {
  return [...new Set(release?.images.map(({ service }) => service))].toSorted();
}

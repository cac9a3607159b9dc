/** What will be done, as a value: nothing happens here. */
import type { BuildBase } from "../compose/build-bases.ts";
import type { Project, Service } from "../compose/project.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import type { IgnoreList } from "./ignore.ts";
import { mapReferences, type MappingOptions } from "./mapping.ts";
import { byCodePoint } from "../system/compare.ts";
import { wantedPlatform } from "../image/platform.ts";
import { formatReference, type ImageReference, parseReference } from "../image/reference.ts";

/** An image as the compose file writes it, and the services that use it in code-point order. */
export interface ImageUsers {
  readonly image: string;
  readonly services: readonly string[];
}

/** One image to copy from its public name to the mirror. */
export interface Transfer {
  readonly source: ImageReference;
  readonly target: ImageReference;
  /** The platform wanted, `os/arch[/variant]`. */
  readonly platform: string;
  /** The spellings of `source` in the project, in code-point order; never empty. */
  readonly uses: readonly [ImageUsers, ...ImageUsers[]];
}

export interface Plan {
  readonly transfers: readonly Transfer[];
  readonly ignored: readonly ImageUsers[];
  readonly built: readonly ImageUsers[];
  /** Images that are at the mirror already by their own name; they are left alone. */
  readonly present: readonly ImageUsers[];
}

export interface SelectOptions {
  readonly ignore: IgnoreList;
  /** The platform of every service that does not name its own. */
  readonly platform: string;
  /** The images that builds start from, where they are wanted too. */
  readonly bases?: readonly BuildBase[];
  /** A service with `build` and `image` counts as one with an image: somebody publishes what it builds. */
  readonly mirrorBuilt?: boolean;
  /** Images whose name is not valid are collected in `invalid`; the first is thrown otherwise. */
  readonly collectInvalid?: boolean;
}

/** What of a project is to be mirrored, before anything is known of the mirror. */
export interface Selection {
  readonly mirrored: readonly Omit<Transfer, "target">[];
  readonly ignored: readonly ImageUsers[];
  readonly built: readonly ImageUsers[];
  /** Why images can be neither mirrored nor named: `reference-invalid`, `image-variable-unset`, `value-not-text`, `compose-image-empty`. */
  readonly invalid: readonly MirrorError[];
}

/** What of a project decides its images; where they are written is for messages and for patterns of the ignore list. */
type ImageSource = Pick<Project, "services"> & Partial<Pick<Project, "uses" | "files">>;

/** One line of `images`: the contract's JSON object. */
export interface ImageRow {
  readonly source: string;
  readonly target: string | null;
  readonly services: readonly string[];
  /** `present`: it is at the mirror by its own name, `target`. */
  readonly status: "mirror" | "ignored" | "built" | "present";
}

/**
 * Decides for every image of the project whether it is mirrored, ignored or built. An image that any service builds
 * is built for all of them. Throws `reference-invalid` with the service, `image-variable-unset` with the variable, the
 * file and the line; `platform-conflict`, `platform-invalid`.
 */
export function selectImages(
  project: ImageSource,
  { ignore, platform, bases = [], mirrorBuilt = false, collectInvalid = false }: SelectOptions,
): Selection {
  const builtImages = new Set(
    project.services.filter((service) => service.built && !(mirrorBuilt && isPublishable(service))).map(imageName),
  );
  const built: ImageUsers[] = [];
  const ignored: ImageUsers[] = [];
  const invalid: MirrorError[] = [];
  const wanted = new Map<string, { source: ImageReference; uses: ImageUsers[]; services: Service[] }>();

  for (const [image, services] of groupByImage(project.services, bases)) {
    const users = { image, services: services.map(({ name }) => name).toSorted(byCodePoint) };
    if (builtImages.has(image)) {
      built.push(users);
      continue;
    }
    const places = placesOf(image, project);
    const source = referenceOf(users, places);
    if (ignore.ignores(source instanceof MirrorError ? undefined : source, image, ...places.map(({ text }) => text))) {
      ignored.push(users);
      continue;
    }
    if (source instanceof MirrorError) {
      if (!collectInvalid) throw source;
      invalid.push(source);
      continue;
    }
    const key = formatReference(source);
    const entry = wanted.get(key) ?? { source, uses: [], services: [] };
    entry.uses.push(users);
    entry.services.push(...services);
    wanted.set(key, entry);
  }
  const mirrored = [...wanted.values()].map(({ source, uses, services }) => ({
    source,
    platform: platformOf(uses[0]!.image, services, platform),
    uses: uses as [ImageUsers, ...ImageUsers[]],
  }));
  return { mirrored, ignored, built, invalid };
}

/**
 * Gives every mirrored image its place at the mirror; one that is there by its own name, which the host pulls by
 * `pullRegistry` as well, is left alone. Throws what `mapReferences` throws.
 */
export function planTransfers(
  { mirrored, ignored, built }: Selection,
  { pullRegistry, ...mapping }: MappingOptions & { readonly pullRegistry?: string | undefined },
): Plan {
  const isThere = ({ source }: Pick<Transfer, "source">): boolean =>
    (source.registry === mapping.registry || source.registry === pullRegistry) &&
    source.repository.startsWith(`${mapping.namespace}/`);
  const moving = mirrored.filter((each) => !isThere(each));
  const targets = mapReferences(
    moving.map(({ source }) => source),
    mapping,
  );
  return {
    transfers: moving.map((each, index) => ({ ...each, target: targets[index]! })),
    ignored,
    built,
    present: mirrored.filter(isThere).flatMap(({ uses }) => uses),
  };
}

/** The part of a plan that some services need. */
export function planFor(plan: Plan, services: readonly string[]): Plan {
  const needed = new Set(services);
  const isNeeded = (users: ImageUsers): boolean => users.services.some((name) => needed.has(name));
  return {
    transfers: plan.transfers.filter(({ uses }) => uses.some(isNeeded)),
    ignored: plan.ignored.filter(isNeeded),
    built: plan.built.filter(isNeeded),
    present: plan.present.filter(isNeeded),
  };
}

/** Images that a build of the project makes and that have a name of their own, so that a registry may have them. */
export function publishedBuilds({ services }: Pick<Project, "services">): readonly ImageUsers[] {
  const published = services.filter(isPublishable);
  return [...new Set(published.map(imageName))].toSorted(byCodePoint).map((image) => ({
    image,
    services: published.filter((service) => imageName(service) === image).map(({ name }) => name),
  }));
}

/**
 * The transfers that only services of profiles need which a plain `docker compose up` would not run, and the names of
 * those profiles, in code-point order.
 */
export function ofInactiveProfiles(
  { services, activeProfiles }: Pick<Project, "services" | "activeProfiles">,
  transfers: readonly Transfer[],
): { readonly transfers: readonly Transfer[]; readonly profiles: readonly string[] } {
  const active = new Set(activeProfiles);
  const isInactive = ({ profiles }: Service): boolean =>
    profiles.length > 0 && !active.has("*") && !profiles.some((profile) => active.has(profile));
  const inactive = new Map(services.filter(isInactive).map((service) => [service.name, service.profiles]));
  const found = transfers.filter((transfer) => servicesOf(transfer).every((name) => inactive.has(name)));
  const profiles = new Set(found.flatMap(servicesOf).flatMap((name) => inactive.get(name) ?? []));
  return { transfers: found, profiles: [...profiles].filter((name) => name !== "").toSorted(byCodePoint) };
}

/** Whether what a service builds can be pulled by its name: compose does that first (`mustPull` in compose's pull.go). */
function isPublishable({ image, build, pullPolicy }: Service): boolean {
  return image !== undefined && build !== undefined && pullPolicy !== "build";
}

/** The rows of `images`, in code-point order of `source`. */
export function imageRows(plan: Plan): readonly ImageRow[] {
  const row = (users: ImageUsers, status: ImageRow["status"], target: string | null): ImageRow => ({
    source: users.image,
    target,
    services: users.services,
    status,
  });
  return [
    ...plan.transfers.flatMap(({ target, uses }) => uses.map((users) => row(users, "mirror", formatReference(target)))),
    ...plan.ignored.map((users) => row(users, "ignored", null)),
    ...plan.built.map((users) => row(users, "built", null)),
    ...plan.present.map((users) => row(users, "present", users.image)),
  ].toSorted((a, b) => byCodePoint(a.source, b.source));
}

export interface MirrorNameOptions {
  /** The registry's name as the host pulls by it, where that is another than the one pushed to. */
  readonly pullRegistry?: string | undefined;
  /** The digest that a transfer's image has at the mirror, for names that are to be pinned to it. */
  readonly digestOf?: (transfer: Transfer) => string | undefined;
}

/** For every spelling of a mirrored image its mirror name, as the mirror compose file has it. */
export function mirrorNames(
  plan: Plan,
  { pullRegistry, digestOf = () => undefined }: MirrorNameOptions = {},
): ReadonlyMap<string, string> {
  return new Map(
    plan.transfers.flatMap((transfer) => {
      const { target, uses } = transfer;
      const digest = digestOf(transfer);
      const name = formatReference({
        ...target,
        ...(pullRegistry === undefined ? {} : { registry: pullRegistry }),
        ...(digest === undefined ? {} : { digest }),
      });
      return uses.map(({ image }) => [image, name] as const);
    }),
  );
}

/** The services of a transfer, in code-point order. */
export function servicesOf(transfer: Transfer): readonly string[] {
  return transfer.uses.flatMap(({ services }) => services).toSorted(byCodePoint);
}

function groupByImage(
  services: readonly Service[],
  bases: readonly BuildBase[],
): readonly (readonly [image: string, users: readonly Service[]])[] {
  const groups = new Map<string, Set<Service>>();
  const add = (image: string, service: Service): void => {
    groups.set(image, (groups.get(image) ?? new Set()).add(service));
  };
  for (const service of services) {
    add(imageName(service), service);
    for (const image of service.otherImages) add(image, service);
    for (const base of bases) if (base.services.includes(service.name)) add(base.image, service);
  }
  return [...groups].map(([image, users]) => [image, [...users]] as const).toSorted(([a], [b]) => byCodePoint(a, b));
}

/** What `docker compose config --images` prints for the service. */
function imageName(service: Service): string {
  return service.image ?? service.defaultImage;
}

/** Where an image is written: the text of its scalar, variables and all. */
interface Place {
  readonly text: string;
  /** `FILE:LINE` */
  readonly where: string;
  /** The variables in it that left nothing. */
  readonly empty: readonly string[];
  /** The variables in it whose values are no text. */
  readonly notText: readonly string[];
}

function placesOf(image: string, { uses = [], files }: ImageSource): readonly Place[] {
  return uses
    .filter((use) => use.image === image)
    .map(({ file, start, end, empty, notText = [] }) => {
      const text = files?.get(file) ?? "";
      return {
        text: text.slice(start, end).replace(/^(["'])(.*)\1$/s, "$2"),
        where: `${file}:${text.slice(0, start).split("\n").length}`,
        empty,
        notText,
      };
    });
}

/** The image as a reference, or what is wrong with its name. */
function referenceOf({ image, services }: ImageUsers, places: readonly Place[]): ImageReference | MirrorError {
  try {
    return parseReference(image);
  } catch (cause) {
    if (!(cause instanceof MirrorError)) throw cause;
    const unreadable = places.find(({ notText }) => notText.length > 0);
    if (unreadable !== undefined) {
      const { where, notText } = unreadable;
      return new MirrorError("value-not-text", { variables: notText, where }, { cause });
    }
    const reason = cause.values["detail"] as Cause;
    const place = places.find(({ empty }) => empty.length > 0);
    if (place !== undefined) {
      const { text, where, empty } = place;
      const values = { variables: empty, where, image: text, services, rest: image, detail: reason };
      return new MirrorError("image-variable-unset", values, { cause });
    }
    return new MirrorError(
      "reference-invalid",
      { image, detail: message("reference-of-services", { reason, services }) },
      { cause },
    );
  }
}

function platformOf(image: string, services: readonly Service[], fallback: string): string {
  const platforms = new Set(services.map((service) => wantedPlatform(service.platform ?? fallback)));
  const [first, ...others] = [...platforms].toSorted(byCodePoint);
  if (others.length === 0) return first!;
  throw new MirrorError("platform-conflict", {
    image,
    platforms: [first!, ...others],
    services: services.map(({ name }) => name),
  });
}

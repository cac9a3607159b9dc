/** What will be done, as a value: nothing happens here. */
import type { BuildBase } from "../compose/build-bases.ts";
import type { Project, Service } from "../compose/project.ts";
import { detailOf, MirrorError } from "../messages/errors.ts";
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
}

export interface SelectOptions {
  readonly ignore: IgnoreList;
  /** The platform of every service that does not name its own. */
  readonly platform: string;
  /** The images that builds start from, where they are wanted too. */
  readonly bases?: readonly BuildBase[];
}

/** What of a project is to be mirrored, before anything is known of the mirror. */
export interface Selection {
  readonly mirrored: readonly Omit<Transfer, "target">[];
  readonly ignored: readonly ImageUsers[];
  readonly built: readonly ImageUsers[];
}

/** One line of `images`: the contract's JSON object. */
export interface ImageRow {
  readonly source: string;
  readonly target: string | null;
  readonly services: readonly string[];
  readonly status: "mirror" | "ignored" | "built";
}

/**
 * Decides for every image of the project whether it is mirrored, ignored or built. An image that any service builds
 * is built for all of them. Throws `reference-invalid` with the service, `platform-conflict`.
 */
export function selectImages(
  project: Pick<Project, "services">,
  { ignore, platform, bases = [] }: SelectOptions,
): Selection {
  const builtImages = new Set(project.services.filter(({ built }) => built).map(imageName));
  const built: ImageUsers[] = [];
  const ignored: ImageUsers[] = [];
  const wanted = new Map<string, { source: ImageReference; uses: ImageUsers[]; services: Service[] }>();

  for (const [image, services] of groupByImage(project.services, bases)) {
    const users = { image, services: services.map(({ name }) => name).toSorted(byCodePoint) };
    if (builtImages.has(image)) {
      built.push(users);
      continue;
    }
    const source = referenceOf(image, users.services);
    if (ignore.ignores(source, image)) {
      ignored.push(users);
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
  return { mirrored, ignored, built };
}

/** Gives every mirrored image its place at the mirror. Throws what `mapReferences` throws. */
export function planTransfers({ mirrored, ignored, built }: Selection, mapping: MappingOptions): Plan {
  const targets = mapReferences(
    mirrored.map(({ source }) => source),
    mapping,
  );
  return { transfers: mirrored.map((each, index) => ({ ...each, target: targets[index]! })), ignored, built };
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

function referenceOf(image: string, services: readonly string[]): ImageReference {
  try {
    return parseReference(image);
  } catch (cause) {
    if (!(cause instanceof MirrorError)) throw cause;
    const users = services.map((name) => `"${name}"`).join(", ");
    const detail = `${cause.values["detail"] ?? detailOf(cause)} (service ${users})`;
    throw new MirrorError("reference-invalid", { image, detail }, { cause });
  }
}

function platformOf(image: string, services: readonly Service[], fallback: string): string {
  const platforms = new Set(services.map((service) => wantedPlatform(service.platform ?? fallback)));
  const [first, ...others] = [...platforms].toSorted(byCodePoint);
  if (others.length === 0) return first!;
  throw new MirrorError("platform-conflict", {
    image,
    platforms: [first, ...others].join(" and "),
    services: services.map(({ name }) => `"${name}"`).join(", "),
  });
}

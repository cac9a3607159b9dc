/**
 * Source reference → mirror reference. The registry host is dropped, `/` becomes `-`, the tag stays (none = `latest`,
 * a digest alone becomes `sha256-<hex>`), REGISTRY/NAMESPACE/ goes in front.
 *
 * Alibaba Cloud's personal registry takes one-level repository names of 2 to 64 characters without a separator at either
 * end; the same limits hold for every registry, so a project has the same names wherever it is mirrored. A name outside
 * them gets a part of its hash, so no two are ever cut to the same one.
 */
import { createHash } from "node:crypto";
import { MirrorError } from "../messages/errors.ts";
import { type Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import {
  DOCKER_HUB,
  familiarName,
  familiarRepository,
  formatReference,
  type ImageReference,
  isComponent,
  isRegistryHost,
  parseReference,
  withoutUserinfo,
} from "../image/reference.ts";

/** `source` is stored under the repository name `name`; a source without tag and digest means all of them. */
export interface Rename {
  readonly source: ImageReference;
  readonly name: string;
}

export interface MappingOptions {
  /** Host and port of the mirror registry. */
  readonly registry: string;
  /** One or more path components. */
  readonly namespace: string;
  readonly renames?: readonly Rename[];
  /** What to do with two sources of one mirror name: refuse, or put their registry host in front of the name. */
  readonly onCollision?: OnCollision;
}

export type OnCollision = "error" | "prefix-host";

const SHORTEST = 2;
const LONGEST = 64;
const HASH_DIGITS = 8;
/**
 * Alibaba Cloud's personal edition (`registry.REGION.aliyuncs.com`, its -vpc and -internal names, and
 * `crpi-….personal.cr.aliyuncs.com`), whose repositories are NAMESPACE/NAME: a further level is denied as if the login
 * were wrong. Enterprise instances are named `NAME-registry.REGION.cr.aliyuncs.com`.
 */
const ONE_LEVEL = /^(?:registry(?:-vpc|-internal)?\.[a-z0-9-]+|.+\.personal\.cr)\.aliyuncs\.com(?::\d+)?$/i;

/** Reads `SOURCE=NAME`. Throws `rename-invalid`, or `reference-invalid` for the source. */
export function parseRename(text: string): Rename {
  const [source, name, ...extra] = text.split("=").map((part) => part.trim());
  if (!source || !name || extra.length > 0) {
    throw new MirrorError("rename-invalid", { rename: text, detail: message("rename-form") });
  }
  if (!isStorable(name)) throw new MirrorError("rename-invalid", { rename: text, detail: nameRule(name) });
  return { source: parseReference(source), name };
}

/**
 * Gives every source its mirror reference, in the order of `sources`.
 * Throws `mapping-collision` when two different sources would get one name, `registry-invalid`, `namespace-invalid`.
 */
export function mapReferences(sources: readonly ImageReference[], options: MappingOptions): readonly ImageReference[] {
  const { onCollision = "error" } = options;
  const mirror = checkMirror(options);
  const targets = sources.map((source) => mirrorOf(source, mirror, options.renames ?? []));
  const clashes = collisions(sources, targets);
  if (clashes.length === 0) return targets;
  if (onCollision === "error") throw collisionError(clashes[0]!);
  const clashing = new Set(clashes.flatMap(({ indexes }) => indexes));
  const prefixed = targets.map((target, index) => (clashing.has(index) ? withHost(sources[index]!, target) : target));
  const left = collisions(sources, prefixed)[0];
  if (left) throw collisionError(left);
  return prefixed;
}

/** `registry` when it is the name of one. Throws `registry-invalid`. */
export function checkRegistry(registry: string): string {
  if (isRegistryHost(registry)) return registry;
  throw new MirrorError("registry-invalid", { registry: withoutUserinfo(registry), detail: message("registry-form") });
}

/** The mirror's registry and namespace, checked. */
function checkMirror({ registry, namespace }: MappingOptions): Pick<MappingOptions, "registry" | "namespace"> {
  checkRegistry(registry);
  const parts = namespace.split("/");
  for (const part of parts) {
    if (!isComponent(part))
      throw new MirrorError("namespace-invalid", { namespace, detail: message("namespace-part", { part }) });
  }
  if (parts.length > 1 && ONE_LEVEL.test(registry))
    throw new MirrorError("namespace-invalid", { namespace, detail: message("namespace-one-level", { registry }) });
  return { registry, namespace };
}

function mirrorOf(
  source: ImageReference,
  { registry, namespace }: Pick<MappingOptions, "registry" | "namespace">,
  renames: readonly Rename[],
): ImageReference {
  const rename = renames.find((each) => isRenamed(source, each.source));
  const name = rename?.name ?? fit(flatName(source), familiarRepository(source));
  const tag = source.tag ?? (source.digest === undefined ? "latest" : source.digest.replace(":", "-"));
  return { registry, repository: `${namespace}/${name}`, tag };
}

function isRenamed(source: ImageReference, by: ImageReference): boolean {
  return (
    source.registry === by.registry &&
    source.repository === by.repository &&
    (by.tag === undefined || source.tag === by.tag) &&
    (by.digest === undefined || source.digest === by.digest)
  );
}

/** The repository without its host, on one level; `library/` is not part of a Docker Hub image's name. */
function flatName(source: ImageReference): string {
  const repository = source.registry === DOCKER_HUB ? familiarRepository(source) : source.repository;
  return repository.replaceAll("/", "-");
}

function withHost(source: ImageReference, target: ImageReference): ImageReference {
  const namespace = target.repository.slice(0, target.repository.lastIndexOf("/"));
  const host = source.registry
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^-|-$/g, "");
  const name = fit(`${host}-${flatName(source)}`, familiarRepository(source));
  return { ...target, repository: `${namespace}/${name}` };
}

/** `name` when the registry takes it; else its beginning and a hash of `identity`. */
function fit(name: string, identity: string): string {
  if (isStorable(name)) return name;
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, HASH_DIGITS);
  const head = name.slice(0, LONGEST - HASH_DIGITS - 1).replace(/[-_.]+$/, "");
  return `${head}-${hash}`;
}

function isStorable(name: string): boolean {
  return name.length >= SHORTEST && name.length <= LONGEST && isComponent(name);
}

function nameRule(name: string): Message {
  return message("rename-name", { name, least: SHORTEST, most: LONGEST });
}

interface Collision {
  readonly target: string;
  readonly sources: readonly string[];
  readonly indexes: readonly number[];
}

/** Targets that more than one distinct source would be stored under. */
function collisions(sources: readonly ImageReference[], targets: readonly ImageReference[]): readonly Collision[] {
  const byTarget = new Map<string, { sources: Map<string, string>; indexes: number[] }>();
  for (const [index, target] of targets.entries()) {
    const key = familiarName(target);
    const entry = byTarget.get(key) ?? { sources: new Map<string, string>(), indexes: [] as number[] };
    entry.sources.set(formatReference(sources[index]!), familiarName(sources[index]!));
    entry.indexes.push(index);
    byTarget.set(key, entry);
  }
  return [...byTarget]
    .filter(([, entry]) => entry.sources.size > 1)
    .map(([target, entry]) => ({ target, sources: [...entry.sources.values()], indexes: entry.indexes }));
}

function collisionError({ target, sources }: Collision): MirrorError {
  return new MirrorError("mapping-collision", {
    sources,
    target,
  });
}

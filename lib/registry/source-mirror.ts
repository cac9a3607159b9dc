/**
 * Other places where a registry's images can be read: `docker.io=mirror.example/hub` says that what docker.io has as
 * `library/nginx` is at mirror.example as `hub/library/nginx`. They are asked first, in the order they are given in,
 * and the registry itself last; what they send counts by its digest alone.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { DOCKER_HUB, type ImageReference, isComponent, isRegistryHost, withoutUserinfo } from "../image/reference.ts";

export interface SourceMirror {
  /** The registry whose images it has. */
  readonly registry: string;
  readonly host: string;
  /** Path before the repository. */
  readonly prefix?: string;
}

/** Reads `REGISTRY=HOST[/PREFIX]`. Throws `source-mirror-invalid`. */
export function parseSourceMirror(text: string): SourceMirror {
  const fail = (detail: Cause): MirrorError =>
    new MirrorError("source-mirror-invalid", { mirror: withoutUserinfo(text), detail });
  const [registry, place, ...extra] = text.split("=").map((part) => part.trim());
  if (!registry || !place || extra.length > 0) throw fail(message("source-mirror-form"));
  // a password may hold slashes
  if (place.includes("@")) throw fail(message("source-mirror-host", { text: withoutUserinfo(place) }));
  const [host, ...path] = place.replace(/\/$/, "").split("/") as [string, ...string[]];
  for (const each of [registry, host])
    if (!isRegistryHost(each)) throw fail(message("source-mirror-host", { text: each }));
  for (const component of path)
    if (!isComponent(component)) throw fail(message("source-mirror-path", { text: component }));
  const known = registry === "index.docker.io" || registry === "registry-1.docker.io" ? DOCKER_HUB : registry;
  return { registry: known, host, ...(path.length === 0 ? {} : { prefix: path.join("/") }) };
}

/** The places to read `reference` from, in the order to be tried. */
export function placesOf(
  { registry, repository }: Pick<ImageReference, "registry" | "repository">,
  mirrors: readonly SourceMirror[],
): readonly { readonly host: string; readonly repository: string }[] {
  const others = mirrors
    .filter((mirror) => mirror.registry === registry)
    .map(({ host, prefix }) => ({ host, repository: prefix === undefined ? repository : `${prefix}/${repository}` }));
  return [...others, { host: registry, repository }];
}

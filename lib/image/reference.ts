/**
 * An image name as a value, by the grammar of the distribution reference package
 * (https://pkg.go.dev/github.com/distribution/reference):
 *
 *     reference  = [ host "/" ] path [ ":" tag ] [ "@" digest ]
 *     host       = domain-or-IP [ ":" port ]; the first component is a host only if it has "." or ":" or is "localhost"
 *     path       = component { "/" component }; component = [a-z0-9]+ joined by ".", "_", "__" or dashes; 255 at most
 *     tag        = [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
 *     digest     = algorithm ":" hex; sha256 has 64 digits
 *
 * Without a host the registry is docker.io, where a one-part path means library/PATH.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

export const DOCKER_HUB = "docker.io";

export interface ImageReference {
  /** Host and port; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** Path within the registry, `library/` included. */
  readonly repository: string;
  /** Absent when none is written: `latest` is meant, unless there is a digest. */
  readonly tag?: string;
  /** Wins over the tag where both are written. */
  readonly digest?: string;
}

const DOMAIN_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const HOST = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const SHA256 = /^sha256:[0-9a-f]{64}$/;
const PATH_LIMIT = 255;

/**
 * Reads an image name. Throws `reference-invalid` with the name and what is wrong with it.
 * https://github.com/distribution/reference/blob/main/reference.go
 */
export function parseReference(text: string): ImageReference {
  const fail = (detail: Message): never => {
    throw new MirrorError("reference-invalid", { image: text, detail });
  };
  if (text === "") fail(message("reference-empty"));
  if (/^[0-9a-f]{64}$/.test(text)) fail(message("reference-image-id"));

  const [beforeDigest, digest, ...extra] = text.split("@") as [string, string?, ...string[]];
  if (extra.length > 0) fail(message("reference-two-digests"));
  if (digest !== undefined && !(digest.startsWith("sha256:") ? SHA256 : DIGEST).test(digest)) {
    fail(message("reference-digest", { digest }));
  }

  const slash = beforeDigest.lastIndexOf("/");
  const colon = beforeDigest.indexOf(":", slash + 1);
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  if (tag === "") fail(message("reference-tag-empty"));
  if (tag !== undefined && !TAG.test(tag)) fail(message("reference-tag", { tag }));

  const first = name.indexOf("/");
  const head = first < 0 ? "" : name.slice(0, first);
  const hasHost = isHost(head);
  if (hasHost && !HOST.test(head)) fail(message("reference-host", { host: head }));
  const registry = !hasHost || head === "index.docker.io" ? DOCKER_HUB : head;
  const path = hasHost ? name.slice(first + 1) : name;
  for (const component of path.split("/")) {
    if (!COMPONENT.test(component)) fail(explainComponent(component));
  }
  const repository = registry === DOCKER_HUB && !path.includes("/") ? `library/${path}` : path;
  if (repository.length > PATH_LIMIT) fail(message("reference-too-long", { most: PATH_LIMIT }));
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Whether a name's first component is a registry host (the rule of docker and of the reference grammar). */
function isHost(component: string): boolean {
  return component.includes(".") || component.includes(":") || component === "localhost";
}

function explainComponent(part: string): Message {
  if (part === "") return message("reference-part-empty");
  return message(/[A-Z]/.test(part) ? "reference-upper-case" : "reference-part", { part });
}

/** Whether `text` can be a registry host, with or without a port. */
export function isRegistryHost(text: string): boolean {
  return HOST.test(text);
}

/** For messages: `HOST` or `NAME=HOST` without a login that was written before the host (`user:password@HOST`). */
export function withoutUserinfo(text: string): string {
  return text.replace(/^([^=:@]*=)?.*:.*@/s, "$1[REDACTED]@");
}

/** Whether `text` can be one component of a repository path. */
export function isComponent(text: string): boolean {
  return COMPONENT.test(text);
}

/** The full name: registry, repository, tag (`latest` when there is neither tag nor digest), digest. */
export function formatReference(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}${suffix(withDefaultTag(reference))}`;
}

/** The name as docker shows it: without `docker.io/` and `library/`, with nothing added. */
export function familiarName(reference: ImageReference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/** The name an engine is asked for: a digest wins over a tag, and not every engine takes both. */
export function engineName(reference: ImageReference): string {
  const { registry, repository, tag = "latest", digest } = reference;
  return familiarName({ registry, repository, ...(digest === undefined ? { tag } : { digest }) });
}

/** Registry and repository as docker shows them, without tag and digest. */
export function familiarRepository({ registry, repository }: ImageReference): string {
  return registry === DOCKER_HUB ? repository.replace(/^library\/(?=[^/]+$)/, "") : `${registry}/${repository}`;
}

/** The same reference with the tag `latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

function suffix({ tag, digest }: ImageReference): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

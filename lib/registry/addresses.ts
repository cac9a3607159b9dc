/**
 * The one rule for addresses that an answer names: a redirect, the Location of an upload, the realm of a token server,
 * the Link to a next page. A registry behind a front that ends TLS often does not know how it is reached, and then names
 * itself by http or without its port (distribution reads X-Forwarded-Proto and Host, which a front may leave out). The
 * address that the request went to is the one that is trusted:
 *
 *     from https, the same host by http              stays on https and on the port of the request
 *     the same host and protocol, the port missing   gets the port of the request where it leads to the registry's API
 *                                                    (`/v2/`); other services may be at the usual port (GitLab)
 *     from https, another host by http               is refused, but for hosts that may be used without TLS
 *     anything else                                  is taken as it is
 */
import { message, type TextCode } from "../messages/texts.ts";
import { RegistryError } from "./errors.ts";

export type AddressKind = "redirect" | "location" | "realm" | "link";

export interface NamedAddress {
  readonly kind: AddressKind;
  /** As the answer has it; may be relative to `from`. */
  readonly text: string;
  /** Where the request went. */
  readonly from: URL;
  /** The registry, for messages. */
  readonly host: string;
  /** Whether an address may be used without TLS. */
  readonly mayBePlain: (url: URL) => boolean;
}

const INVALID = {
  redirect: "redirect-invalid",
  location: "location-invalid",
  realm: "realm-invalid",
  link: "link-invalid",
} as const satisfies Record<AddressKind, TextCode>;
const PLAIN = {
  redirect: "redirect-plain",
  location: "location-plain",
  realm: "realm-plain",
  link: "link-plain",
} as const satisfies Record<AddressKind, TextCode>;

/** The address that an answer means. Throws `registry-answer`. */
export function readAddress({ kind, text, from, host, mayBePlain }: NamedAddress): URL {
  const parsed = URL.canParse(text, from.href) ? new URL(text, from) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new RegistryError("registry-answer", { host, detail: message(INVALID[kind]) });
  const url = ownAddress(parsed, from);
  if (from.protocol === "https:" && url.protocol === "http:" && !mayBePlain(url))
    throw new RegistryError("registry-answer", { host, detail: message(PLAIN[kind], { place: url.host }) });
  return url;
}

/** The same address at the port of the request, where only that may have been lost; `undefined` where it was not. */
export function atPortOf(from: URL, url: URL): URL | undefined {
  if (url.hostname !== from.hostname || url.protocol !== from.protocol) return undefined;
  if (url.port !== "" || from.port === "") return undefined;
  const moved = new URL(url);
  moved.port = from.port;
  return moved;
}

/**
 * `url` with further parameters. Its own stay as they are, byte for byte: an address may be signed, and `URLSearchParams`
 * would write `%20` as `+`. What follows `#` is not sent (RFC 9110, section 7.1).
 */
export function withParameters(url: URL, parameters: readonly (readonly [name: string, value: string])[]): URL {
  const added = new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
  const extended = new URL(url);
  extended.search = [url.search.slice(1), added].filter((part) => part !== "").join("&");
  extended.hash = "";
  return extended;
}

function ownAddress(url: URL, from: URL): URL {
  if (url.hostname === from.hostname && from.protocol === "https:" && url.protocol === "http:") {
    const secure = new URL(url);
    secure.protocol = "https:";
    secure.port = from.port;
    return secure;
  }
  return url.pathname.includes("/v2/") ? (atPortOf(from, url) ?? url) : url;
}

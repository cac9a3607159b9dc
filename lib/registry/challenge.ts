/**
 * How a registry wants its requests authorized. Its 401 carries challenges in WWW-Authenticate (RFC 9110, section 11.6.1;
 * RFC 7235): `Basic` (RFC 7617), or `Bearer` (RFC 6750) with the address of a token server (`realm`), a `service` and a
 * `scope` (https://distribution.github.io/distribution/spec/auth/token/).
 */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

type Header = string | readonly string[] | undefined;

/**
 * The strongest challenge of a WWW-Authenticate header that is understood. The token server of a Bearer is named by a
 * whole address: docker, which is to pull from the registry, follows no other.
 */
export function readChallenge(header: Header): Challenge | undefined {
  const challenges = parse(header);
  const bearer = challenges.get("bearer");
  const realm = bearer?.get("realm");
  if (bearer !== undefined && realm !== undefined && /^https?:\/\//i.test(realm)) {
    const service = bearer.get("service");
    const scope = bearer.get("scope");
    return {
      scheme: "bearer",
      realm,
      ...(service === undefined ? {} : { service }),
      ...(scope === undefined ? {} : { scope }),
    };
  }
  return challenges.has("basic") ? { scheme: "basic" } : undefined;
}

/** The schemes that a WWW-Authenticate header offers, as it spells them. */
export function schemesOf(header: Header): readonly string[] {
  return [...parse(header).values()].map((parameters) => parameters.get("")!);
}

/** What a WWW-Authenticate header names as the token server, be it an address or not; "" where it names none. */
export function realmOf(header: Header): string {
  return parse(header).get("bearer")?.get("realm") ?? "";
}

/** Parameters by scheme in lower case; the parameter "" is the scheme's own spelling. */
function parse(header: Header): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const text = typeof header === "string" ? header : (header ?? []).join(", ");
  const challenges = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  // a scheme is a word that no "=" follows; a parameter is name=value or name="value"
  for (const [, scheme, name, quoted, plain] of text.matchAll(
    /([\w-]+)(?=\s+[\w-]+\s*=|\s*(?:,|$))|([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/g,
  )) {
    if (scheme !== undefined) challenges.set(scheme.toLowerCase(), (current = new Map([["", scheme]])));
    else current?.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
  }
  return challenges;
}

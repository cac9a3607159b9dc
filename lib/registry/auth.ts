/**
 * How a registry wants to be convinced. Its 401 carries a challenge: `Basic`, or `Bearer` with the address of a token
 * server (`realm`), a `service` and a `scope`. A scope is `repository:NAME:pull` or `repository:NAME:pull,push`; one
 * token may carry several, and lives a minute unless the server says otherwise. Once a challenge is known, tokens are
 * asked for before a request, not after its refusal.
 *
 * A token for many repositories saves a request for each of them, but not every server grants that. So a group of
 * scopes is asked for at once, and when a registry refuses such a token, its scopes are asked for one by one.
 */

import { unlessAborted } from "../async/retry.ts";
import type { RegistryCredentials } from "./credentials.ts";
import { answerError, RegistryError } from "./errors.ts";
import { type HttpAnswer, readBody, readText, type Transport } from "./transport.ts";

/** `repository:NAME:ACTION[,ACTION]`. */
export type Scope = string;

export function pullScope(repository: string): Scope {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): Scope {
  return `repository:${repository}:pull,push`;
}

export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

export interface Authorizer {
  /** Whether a challenge, or that none is needed, is known. */
  readonly isSettled: boolean;
  /** Whether it is tokens that the registry wants. */
  readonly wantsToken: boolean;
  /** Whether credentials are sent. */
  readonly isLoggedIn: boolean;
  /** Why stored credentials could not be read: what a refusal is then about. */
  readonly problem: unknown;
  /** Announces scopes that will be needed, so that few tokens carry them all. */
  expect(scopes: readonly Scope[]): void;
  /** The Authorization header for `scopes`, or `undefined` when none is needed as far as is known. */
  header(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined>;
  /** The registry took a request without authorization. */
  accepted(): void;
  /** Learns from a 401 to `sent`. `false` when nothing better can be sent: the refusal is final. */
  refused(answer: HttpAnswer, scopes: readonly Scope[], sent: string | undefined): Promise<boolean>;
}

export interface AuthorizerOptions {
  readonly host: string;
  readonly transport: Transport;
  /** Asked once, at the first challenge. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
}

interface Token {
  readonly value: string;
  readonly renewAt: number;
}

const DEFAULT_LIFETIME = 60;
/** A token is renewed this much of its life before it ends, for requests that wait their turn. */
const RESERVE = 0.2;
const MOST_SCOPES = 40;
const ANSWER_LIMIT = 1024 * 1024;

export function openAuthorizer({ host, transport, credentials }: AuthorizerOptions): Authorizer {
  let challenge: Challenge | "none" | undefined;
  let found: Promise<RegistryCredentials | undefined> | undefined;
  let loggedIn = false;
  const tokens = new Map<string, Token>();
  const fetching = new Map<string, Promise<Token>>();
  const groups = new Map<Scope, readonly Scope[]>();

  /** The token server refused the credentials: sending them again and again may lock the account. */
  let refusal: RegistryError | undefined;

  // a broken helper must not keep anybody from a public image: it counts when the anonymous request is refused
  let problem: unknown;
  const login = (): Promise<RegistryCredentials | undefined> => {
    found ??= credentials().catch((error: unknown) => {
      problem = error;
      return undefined;
    });
    return found;
  };

  /** A repository that is going to be written is read with the same token. */
  const announced = (scope: Scope): readonly Scope[] | undefined =>
    groups.get(scope) ?? groups.get(scope.replace(/:pull$/, ":pull,push"));
  const groupOf = (scopes: readonly Scope[]): readonly Scope[] =>
    [...new Set(scopes.flatMap((scope) => announced(scope) ?? [scope]))].toSorted();
  const ungroup = (scopes: readonly Scope[]): void => {
    for (const scope of scopes) groups.delete(scope);
  };

  /** Asks for a token once however many requests wait for it, so the end of one of them must not end it. */
  const fetchOnce = (key: string, request: TokenRequest): Promise<Token> => {
    const known = fetching.get(key);
    if (known !== undefined) return known;
    const token = fetchToken(request).finally(() => fetching.delete(key));
    fetching.set(key, token);
    // whoever still waits is told
    token.then((fetched) => tokens.set(key, fetched)).catch(() => {});
    return token;
  };

  const tokenFor = async (scopes: readonly Scope[], signal: AbortSignal | undefined): Promise<string> => {
    const known = await login();
    if (challenge === undefined || challenge === "none" || challenge.scheme === "basic") return "";
    const group = groupOf(scopes);
    const key = group.join(" ");
    const token = tokens.get(key);
    if (token !== undefined && token.renewAt > Date.now()) return token.value;
    if (refusal !== undefined) throw refusal;
    try {
      const request = { host, transport, challenge, scopes: group, credentials: known };
      return (await unlessAborted(fetchOnce(key, request), signal)).value;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.retryHelps) throw error;
      if (group.length <= scopes.length) {
        if (error.status === 401 && known !== undefined && tokens.size === 0) refusal = error;
        throw error;
      }
      // the server may dislike the group for one of its scopes, or for its length
      ungroup(group);
      return tokenFor(scopes, signal);
    }
  };

  return {
    get isSettled() {
      return challenge !== undefined;
    },
    get wantsToken() {
      return typeof challenge === "object" && challenge.scheme === "bearer";
    },
    get isLoggedIn() {
      return loggedIn;
    },
    get problem() {
      return problem;
    },
    expect: (scopes) => {
      const fresh = scopes.filter((scope) => !groups.has(scope));
      for (let start = 0; start < fresh.length; start += MOST_SCOPES) {
        const group = fresh.slice(start, start + MOST_SCOPES);
        for (const scope of group) groups.set(scope, group);
      }
    },
    header: async (scopes, signal) => {
      if (challenge === undefined || challenge === "none") return undefined;
      const known = await login();
      loggedIn = known !== undefined;
      if (challenge.scheme === "bearer") return `Bearer ${await tokenFor(scopes, signal)}`;
      return known !== undefined && "username" in known ? basic(known) : undefined;
    },
    accepted: () => {
      challenge ??= "none";
    },
    refused: async (answer, scopes, sent) => {
      const asked = readChallenge(answer.headers["www-authenticate"]);
      if (asked === undefined) return false;
      challenge = asked;
      const known = await login();
      loggedIn = known !== undefined;
      if (asked.scheme === "basic") return sent === undefined && known !== undefined && "username" in known;
      if (sent === undefined) return true;
      const group = groupOf(scopes);
      const key = group.join(" ");
      // another request may have been refused before, and the token be a new one since
      if (`Bearer ${tokens.get(key)?.value}` !== sent) return true;
      tokens.delete(key);
      ungroup(group);
      return true;
    },
  };
}

/** The strongest challenge of a WWW-Authenticate header that is understood. */
export function readChallenge(header: string | readonly string[] | undefined): Challenge | undefined {
  const text = typeof header === "string" ? header : (header ?? []).join(", ");
  const challenges = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  // a scheme is a word that no "=" follows; a parameter is name=value or name="value"
  for (const [, scheme, name, quoted, plain] of text.matchAll(
    /([\w-]+)(?=\s+[\w-]+\s*=|\s*(?:,|$))|([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/g,
  )) {
    if (scheme !== undefined) challenges.set(scheme.toLowerCase(), (current = new Map()));
    else current?.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
  }
  const bearer = challenges.get("bearer");
  const realm = bearer?.get("realm");
  if (bearer !== undefined && realm !== undefined) {
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

interface TokenRequest {
  readonly host: string;
  readonly transport: Transport;
  readonly challenge: Extract<Challenge, { scheme: "bearer" }>;
  readonly scopes: readonly Scope[];
  readonly credentials: RegistryCredentials | undefined;
}

async function fetchToken({ host, transport, challenge, scopes, credentials }: TokenRequest): Promise<Token> {
  const url = realmOf(host, challenge, transport);
  const parameters = new URLSearchParams();
  if (challenge.service !== undefined) parameters.set("service", challenge.service);
  const byToken = credentials !== undefined && "identityToken" in credentials;
  let answer: HttpAnswer;
  if (byToken) {
    // the form of OAuth 2, which docker uses for a login made elsewhere
    parameters.set("grant_type", "refresh_token");
    parameters.set("refresh_token", credentials.identityToken.reveal());
    parameters.set("client_id", "compose-mirror");
    if (scopes.length > 0) parameters.set("scope", scopes.join(" "));
    const body = Buffer.from(parameters.toString());
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    answer = await transport.send({ method: "POST", url, headers, body });
  } else {
    for (const scope of scopes) parameters.append("scope", scope);
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const headers: Record<string, string> = credentials === undefined ? {} : { authorization: basic(credentials) };
    answer = await transport.send({ method: "GET", url, headers });
  }
  if (answer.status !== 200) {
    const text = await readText(answer);
    const name = scopes.map((scope) => scope.split(":")[1]).join(", ");
    const question = {
      host: url.host === host ? host : `${host} (${url.host})`,
      action: "log in",
      name,
      loggedIn: credentials !== undefined,
    };
    throw answerError(question, { status: answer.status, headers: answer.headers, text });
  }
  return readToken(host, (await readBody(answer, ANSWER_LIMIT))?.toString("utf8") ?? "");
}

function readToken(host: string, text: string): Token {
  const fail = (): RegistryError =>
    new RegistryError("registry-answer", { host, detail: "its token server answered without a token" });
  let body: { token?: unknown; access_token?: unknown; expires_in?: unknown };
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    throw fail();
  }
  const value = [body?.token, body?.access_token].find((each) => typeof each === "string" && each !== "");
  if (typeof value !== "string") throw fail();
  if (/[^\u0021-\u007E]/.test(value)) throw fail();
  const lifetime = typeof body.expires_in === "number" && body.expires_in > 0 ? body.expires_in : DEFAULT_LIFETIME;
  return { value, renewAt: Date.now() + lifetime * 1000 * (1 - RESERVE) };
}

/** The token server's address; a registry spoken to by TLS may not send credentials elsewhere in the clear. */
function realmOf(host: string, { realm }: { readonly realm: string }, transport: Transport): URL {
  const fail = (detail: string): RegistryError => new RegistryError("registry-answer", { host, detail });
  let url: URL;
  try {
    url = new URL(realm);
  } catch {
    throw fail("the address of its token server is not valid");
  }
  const plain = url.protocol === "http:" && (transport.isInsecure(url) || transport.origin(host).startsWith("http:"));
  if (url.protocol !== "https:" && !plain) throw fail(`its token server "${url.host}" is not spoken to by TLS`);
  return url;
}

function basic(credentials: Extract<RegistryCredentials, { username: string }>): string {
  const plain = `${credentials.username}:${credentials.password.reveal()}`;
  return `Basic ${Buffer.from(plain).toString("base64")}`;
}

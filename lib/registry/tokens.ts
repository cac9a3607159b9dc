/**
 * Token servers. The usual question is a GET with the scopes in the query and the login as Basic
 * (https://distribution.github.io/distribution/spec/auth/token/); an identity token is sent by POST as a refresh token of
 * OAuth 2 (https://distribution.github.io/distribution/spec/auth/oauth/). Not every server knows both, so one that does
 * not know the first is asked in the other way, as containerd does it.
 *
 * A realm may lead to another host than the registry's, and gets the login for the registry all the same: that is how
 * the protocol works (Docker Hub's is auth.docker.io), and what docker sends. It never leaves TLS for it: `addresses.ts`.
 */
import { message } from "../messages/texts.ts";
import { atPortOf, readAddress, withParameters } from "./addresses.ts";
import { type HttpAnswer, readBody, readText } from "./body.ts";
import type { Challenge } from "./challenge.ts";
import { basicAuthorization, type RegistryCredentials, type StoredOrGiven, withoutLogin } from "./credentials.ts";
import { answerError, RegistryError } from "./errors.ts";
import type { Transport } from "./transport.ts";

/** `repository:NAME:ACTION[,ACTION]`. */
export type Scope = string;

export interface Token {
  readonly value: string;
  /** Milliseconds since 1970 from which on another one is to be fetched. */
  readonly renewAt: number;
}

export interface TokenRequest {
  readonly challenge: Extract<Challenge, { scheme: "bearer" }>;
  readonly scopes: readonly Scope[];
  readonly login: StoredOrGiven | undefined;
}

export interface TokenServer {
  /** Throws what `answerError` and `networkError` know, and `registry-answer` where no token came. */
  fetch(request: TokenRequest): Promise<Token>;
}

export interface TokenServerOptions {
  readonly host: string;
  readonly origin: string;
  readonly transport: Transport;
}

/** One way to ask. */
interface Grant {
  readonly send: (url: URL, request: TokenRequest, transport: Transport) => Promise<HttpAnswer>;
  /** Statuses that say no more than "not in this way". */
  readonly unknown: ReadonlySet<number>;
}

const CLIENT = "compose-mirror";
/** Seconds that a token lives when its server does not say. */
const DEFAULT_LIFETIME = 60;
/** A token is renewed this much of its life before it ends, for requests that wait their turn. */
const RESERVE = 0.2;
const ANSWER_LIMIT = 1024 * 1024;
const NOT_THIS_WAY = [404, 405, 501] as const;

/** The login goes in the header; without one nothing does. */
const byGet: Grant = {
  send: (url, request, transport) => {
    const { login, challenge, scopes } = request;
    const service = challenge.service === undefined ? [] : [["service", challenge.service] as const];
    const target = withParameters(url, [...service, ...scopes.map((scope) => ["scope", scope] as const)]);
    const headers: Record<string, string> =
      login === undefined ? {} : { authorization: basicAuthorization(login.credentials) };
    return transport.send({ method: "GET", url: target, headers });
  },
  unknown: new Set(NOT_THIS_WAY),
};

const byPost = (
  grant: (credentials: RegistryCredentials) => Readonly<Record<string, string>>,
  also: number[],
): Grant => ({
  send: (url, { challenge, scopes, login }, transport) => {
    const { service } = challenge;
    const form = new URLSearchParams({
      ...grant(login!.credentials),
      client_id: CLIENT,
      ...(service === undefined ? {} : { service }),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return transport.send({ method: "POST", url, headers, body: Buffer.from(form.toString()) });
  },
  unknown: new Set([...NOT_THIS_WAY, ...also]),
});

const byRefreshToken = byPost(
  (credentials) =>
    "identityToken" in credentials
      ? { grant_type: "refresh_token", refresh_token: credentials.identityToken.reveal() }
      : {},
  [400, 401],
);

const byPassword = byPost(
  (credentials) =>
    "password" in credentials
      ? { grant_type: "password", username: credentials.username, password: credentials.password.reveal() }
      : {},
  [],
);

export function openTokenServer({ host, origin, transport }: TokenServerOptions): TokenServer {
  /** The place that gave a token last, by realm. */
  const good = new Map<string, string>();

  const placesOf = (realm: string): readonly URL[] => {
    const from = new URL(origin);
    const written = readAddress({
      kind: "realm",
      text: realm,
      from,
      host,
      mayBePlain: (url) => transport.isInsecure(url),
    });
    // a front that does not know its port names the token server without it
    const places = [written, atPortOf(from, written)].filter((each) => each !== undefined);
    return places.toSorted((a, b) => Number(good.get(realm) === b.href) - Number(good.get(realm) === a.href));
  };

  const ask = async (grant: Grant, url: URL, request: TokenRequest): Promise<Token | RegistryError> => {
    const answer = await grant.send(url, request, transport);
    if (answer.status >= 200 && answer.status < 300) {
      const text = (await readBody(answer, ANSWER_LIMIT))?.toString("utf8") ?? "";
      return readToken(text) ?? new RegistryError("registry-answer", { host, detail: message("token-missing") });
    }
    const { login } = request;
    const said = await readText(answer);
    const text = login === undefined ? said : withoutLogin(said, basicAuthorization(login.credentials));
    const error = answerError(
      {
        host,
        action: "login",
        name: request.scopes.map((scope) => scope.split(":")[1]).join(", ") || host,
        login: login?.sent ?? { kind: "none" },
        ...(url.origin === origin ? {} : { by: { role: "token-server", place: url.host } }),
      },
      { status: answer.status, headers: answer.headers, text },
    );
    if (!grant.unknown.has(answer.status)) throw error;
    return error;
  };

  return {
    fetch: async (request) => {
      const { realm } = request.challenge;
      const failures: RegistryError[] = [];
      const places = placesOf(realm);
      for (const [index, url] of places.entries()) {
        for (const grant of grantsFor(request.login?.credentials)) {
          try {
            const found = await ask(grant, url, request);
            if (!(found instanceof RegistryError)) {
              good.set(realm, url.href);
              return found;
            }
            failures.push(found);
          } catch (error) {
            const isNetwork = error instanceof RegistryError && error.status === undefined;
            if (!isNetwork || index === places.length - 1) throw causeAmong(failures, error);
            failures.push(error);
            break;
          }
        }
      }
      throw causeAmong(failures, failures[0]);
    },
  };
}

function grantsFor(credentials: RegistryCredentials | undefined): readonly Grant[] {
  if (credentials === undefined) return [byGet];
  return "identityToken" in credentials ? [byRefreshToken, byGet] : [byGet, byPassword];
}

/** Of several failures the one that says something of the login; `last` where none does. */
function causeAmong(failures: readonly RegistryError[], last: unknown): unknown {
  return saysSomething(last) ? last : (failures.find(saysSomething) ?? failures[0] ?? last);
}

function saysSomething(error: unknown): boolean {
  return error instanceof RegistryError && error.status !== undefined && !byGet.unknown.has(error.status);
}

function readToken(text: string): Token | undefined {
  let body: { token?: unknown; access_token?: unknown; expires_in?: unknown } | null;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return undefined;
  }
  const value = [body?.token, body?.access_token].find((each) => typeof each === "string" && each !== "");
  // it becomes a part of a header
  if (typeof value !== "string" || /[^\u0021-\u007E]/.test(value)) return undefined;
  const told = Number(body?.expires_in);
  const lifetime = told > 0 && Number.isFinite(told) ? told : DEFAULT_LIFETIME;
  return { value, renewAt: Date.now() + lifetime * 1000 * (1 - RESERVE) };
}

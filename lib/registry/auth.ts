/**
 * What goes into the Authorization header of a registry. Once its challenge is known, tokens are asked for before a
 * request, not after its refusal. A scope is `repository:NAME:pull` or `repository:NAME:pull,push`; one token may carry
 * several, and lives a minute unless its server says otherwise.
 *
 * A token for many repositories saves a request for each of them. But a token grows with its scopes, and a front before
 * the registry takes header lines up to 8 KiB or so (nginx, `large_client_header_buffers`); and not every token server
 * grants several. So scopes are grouped up to a size, and when a group is refused they are asked for one by one.
 *
 * A stored login that is out of date must not keep anybody from a public image: what is read is then asked for once more
 * without it. A login of the settings is meant, and its refusal is final.
 */
import { unlessAborted } from "../async/retry.ts";
import type { Cause } from "../messages/message.ts";
import type { HttpAnswer } from "./body.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import { basicAuthorization, type StoredOrGiven } from "./credentials.ts";
import { RegistryError, type SentLogin } from "./errors.ts";
import { openTokenServer, type Scope, type Token, type TokenRequest } from "./tokens.ts";
import type { Transport } from "./transport.ts";

export function pullScope(repository: string): Scope {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): Scope {
  return `repository:${repository}:pull,push`;
}

/**
 * What a 401 leads to: the request can be sent again with something better, the refusal is final, or the registry offers
 * no way to log in that is known.
 */
export type Outcome = "again" | "refused" | "no-method";

export interface Authorizer {
  /** Whether a challenge, or that none is needed, is known. */
  readonly isSettled: boolean;
  /** Whether it is tokens that the registry wants. */
  readonly wantsToken: boolean;
  /** Why stored credentials could not be read: what a refusal is then about. */
  readonly problem: unknown;
  /** Announces scopes that will be needed, so that few tokens carry them all. */
  expect(scopes: readonly Scope[]): void;
  /** The Authorization header for `scopes`, or `undefined` when none is needed as far as is known. */
  header(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined>;
  /** The registry took a request without authorization. */
  accepted(): void;
  /** Learns from a 401 to `sent`. */
  refused(answer: HttpAnswer, scopes: readonly Scope[], sent: string | undefined): Promise<Outcome>;
  /** The login that is, or was at first, sent for `scopes`. */
  loginFor(scopes: readonly Scope[]): Promise<SentLogin>;
  /** Asks for smaller tokens from now on. `false` when the one for `scopes` cannot be smaller. */
  ungroup(scopes: readonly Scope[]): boolean;
  /** A stored login that turned out to be out of date, once for each. */
  takeNotice(): RegistryError | undefined;
  /** Leaves a stored login out for `scopes` from now on; `false` when there is none, or when they write. */
  leaveOutLogin(scopes: readonly Scope[]): Promise<boolean>;
}

export interface AuthorizerOptions {
  readonly host: string;
  /** Of the registry's API. */
  readonly origin: string;
  readonly transport: Transport;
  /** The login for a repository; gives the same value for the same login. Asked at the first challenge. */
  readonly login: (repository: string | undefined) => Promise<StoredOrGiven | undefined>;
}

/**
 * Characters of scopes that one token may carry. In the token, each scope is JSON within base64, beside a signature and
 * often a certificate chain of 3 KiB; the header line stays below 8 KiB.
 */
const GROUP_SIZE = 2600;
/** What the JSON of a scope has more than its text. */
const SCOPE_OVERHEAD = 40;
const MOST_SCOPES = 40;
/** A token server refuses a login, or what it may do. */
const REFUSALS = new Set([400, 401, 403]);

const isPull = (scopes: readonly Scope[]): boolean =>
  scopes.length > 0 && scopes.every((scope) => scope.endsWith(":pull"));
const sizeOf = (scopes: readonly Scope[]): number =>
  scopes.reduce((size, scope) => size + scope.length + SCOPE_OVERHEAD, 0);
const repositoryOf = (scope: Scope | undefined): string | undefined => scope?.split(":").slice(1, -1).join(":");

/** The words of a refusal, without the remark on the login. */
function saidOf({ values }: RegistryError): Cause {
  const detail = values["detail"] as Cause;
  return "code" in detail && detail.code === "sent-stored" ? (detail.values["detail"] as Cause) : detail;
}

export function openAuthorizer({ host, origin, transport, login }: AuthorizerOptions): Authorizer {
  let challenge: Challenge | "none" | undefined;
  const server = openTokenServer({ host, origin, transport });
  const tokens = new Map<string, Token>();
  const fetching = new Map<string, Promise<Token>>();
  const groups = new Map<Scope, readonly Scope[]>();
  const logins = new Map<string, Promise<StoredOrGiven | undefined>>();
  /** Scopes that are asked for without a login, and logins that are not sent for what is read. */
  const anonymous = new Set<Scope | StoredOrGiven>();
  /** The token server refused these logins: sending one again and again may lock the account. */
  const refusals = new Map<StoredOrGiven, RegistryError>();

  const notices: RegistryError[] = [];
  const notice = ({ sent }: StoredOrGiven, error: RegistryError): void => {
    if (sent.kind !== "stored") return;
    notices.push(new RegistryError("registry-login-stale", { host, file: sent.file, detail: saidOf(error) }));
  };

  // a broken helper must not keep anybody from a public image: it counts when the anonymous request is refused
  let problem: unknown;
  const loginOf = (scopes: readonly Scope[]): Promise<StoredOrGiven | undefined> => {
    const repository = repositoryOf(scopes[0]);
    const known =
      logins.get(repository ?? "") ??
      login(repository).catch((error: unknown) => {
        problem = error;
        return undefined;
      });
    logins.set(repository ?? "", known);
    return known;
  };
  /** The login that is sent for `scopes`. */
  const usedLogin = async (scopes: readonly Scope[]): Promise<StoredOrGiven | undefined> => {
    const found = await loginOf(scopes);
    if (found === undefined || !isPull(scopes)) return found;
    return anonymous.has(found) || scopes.every((scope) => anonymous.has(scope)) ? undefined : found;
  };

  /** A repository that is going to be written is read with the same token. */
  const announced = (scope: Scope): readonly Scope[] =>
    groups.get(scope) ?? groups.get(scope.replace(/:pull$/, ":pull,push")) ?? [scope];
  /** The scopes that the token for `scopes` carries: what was announced with them, for the same login. */
  const groupOf = async (scopes: readonly Scope[], used: StoredOrGiven | undefined): Promise<readonly Scope[]> => {
    const all = [...new Set(scopes.flatMap(announced))];
    const fits = sizeOf(all) <= GROUP_SIZE ? all : [...new Set([...announced(scopes[0]!), ...scopes.slice(1)])];
    const own = await Promise.all(
      fits.map(async (scope) => scopes.includes(scope) || (await usedLogin([scope])) === used),
    );
    return fits.filter((_, index) => own[index]).toSorted();
  };
  const drop = (scopes: readonly Scope[]): void => {
    for (const scope of scopes) groups.delete(scope);
  };
  const names = new Map<StoredOrGiven, number>();
  const keyOf = (group: readonly Scope[], used: StoredOrGiven | undefined): string => {
    if (used !== undefined && !names.has(used)) names.set(used, names.size + 1);
    return `${used === undefined ? 0 : names.get(used)} ${group.join(" ")}`;
  };

  /** Asks for a token once however many requests wait for it, so the end of one of them must not end it. */
  const fetchOnce = (key: string, request: TokenRequest): Promise<Token> => {
    const known = fetching.get(key);
    if (known !== undefined) return known;
    const token = server.fetch(request).finally(() => fetching.delete(key));
    fetching.set(key, token);
    // every request that still waits gets the failure
    token.then((fetched) => tokens.set(key, fetched)).catch(() => {});
    return token;
  };

  const tokenFor = async (scopes: readonly Scope[], signal: AbortSignal | undefined): Promise<string> => {
    if (typeof challenge !== "object" || challenge.scheme === "basic") return "";
    const used = await usedLogin(scopes);
    const group = await groupOf(scopes, used);
    const key = keyOf(group, used);
    const token = tokens.get(key);
    if (token !== undefined && token.renewAt > Date.now()) return token.value;
    const refusal = used === undefined ? undefined : refusals.get(used);
    if (refusal !== undefined) throw refusal;
    try {
      return (await unlessAborted(fetchOnce(key, { challenge, scopes: group, login: used }), signal)).value;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.retryHelps) throw error;
      if (group.length > scopes.length) {
        // the server may dislike the group for one of its scopes, or for its length
        drop(group);
        return tokenFor(scopes, signal);
      }
      if (used === undefined || error.status === undefined || !REFUSALS.has(error.status)) throw error;
      if (used.sent.kind === "stored" && isPull(scopes)) {
        anonymous.add(used);
        try {
          const without = await tokenFor(scopes, signal);
          notice(used, error);
          return without;
        } catch (second) {
          throw second instanceof RegistryError && !second.retryHelps ? error : second;
        }
      }
      if (error.status === 401 && tokens.size === 0) refusals.set(used, error);
      throw error;
    }
  };

  return {
    get isSettled() {
      return challenge !== undefined;
    },
    get wantsToken() {
      return typeof challenge === "object" && challenge.scheme === "bearer";
    },
    get problem() {
      return problem;
    },
    expect: (scopes) => {
      let group: Scope[] = [];
      for (const scope of scopes.filter((each) => !groups.has(each))) {
        if (group.length === MOST_SCOPES || sizeOf([...group, scope]) > GROUP_SIZE) group = [];
        group.push(scope);
        groups.set(scope, group);
      }
    },
    header: async (scopes, signal) => {
      if (challenge === undefined || challenge === "none") return undefined;
      if (challenge.scheme === "bearer") return `Bearer ${await tokenFor(scopes, signal)}`;
      const used = await usedLogin(scopes);
      return used === undefined ? undefined : basicAuthorization(used.credentials);
    },
    accepted: () => {
      challenge ??= "none";
    },
    refused: async (answer, scopes, sent) => {
      const asked = readChallenge(answer.headers["www-authenticate"]);
      if (asked === undefined) return sent === undefined ? "no-method" : "refused";
      challenge = asked;
      const used = await usedLogin(scopes);
      if (asked.scheme === "basic") return sent === undefined && used !== undefined ? "again" : "refused";
      if (sent === undefined) return "again";
      const group = await groupOf(scopes, used);
      const key = keyOf(group, used);
      // another request may have been refused before, and the token be a new one since
      if (`Bearer ${tokens.get(key)?.value}` !== sent) return "again";
      tokens.delete(key);
      drop(group);
      return "again";
    },
    loginFor: async (scopes) =>
      challenge === undefined || challenge === "none"
        ? { kind: "none" }
        : ((await loginOf(scopes))?.sent ?? { kind: "none" }),
    ungroup: (scopes) => {
      const isGrouped = scopes.some((scope) => announced(scope).length > 1);
      if (isGrouped) groups.clear();
      return isGrouped;
    },
    takeNotice: () => notices.shift(),
    leaveOutLogin: async (scopes) => {
      const used = await usedLogin(scopes);
      if (used?.sent.kind !== "stored" || !isPull(scopes)) return false;
      for (const scope of scopes) anonymous.add(scope);
      drop(scopes);
      return true;
    },
  };
}

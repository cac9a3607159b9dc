/**
 * Calls to one registry: a request with the login it needs, the renewal of a token in mid-transfer, and for small
 * requests further tries. Request bodies that are streams are sent once, because only the caller knows how much of one
 * has arrived.
 */
import { retry, type RetryOptions } from "../async/retry.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { type NamedAddress, readAddress } from "./addresses.ts";
import { type Authorizer, openAuthorizer, pullScope } from "./auth.ts";
import { discard, type HttpAnswer, readText } from "./body.ts";
import { readChallenge, realmOf, schemesOf } from "./challenge.ts";
import { type StoredOrGiven, withoutLogin } from "./credentials.ts";
import { type Answer, answerError, hasRegistryWords, type RegistryAction, RegistryError } from "./errors.ts";
import { type HttpRequest, isRepeatable } from "./exchange.ts";
import type { Scope } from "./tokens.ts";
import type { Transport } from "./transport.ts";

export type CallOptions = Pick<RetryOptions, "signal" | "onRetry">;

/** How often and how soon to try again. */
export type RetryPolicy = Pick<RetryOptions, "attempts" | "firstDelay" | "longestDelay">;

export interface Call extends Omit<HttpRequest, "headers" | "url" | "authorize"> {
  /** A path of the API (below `/v2/`), or an address that the registry gave. */
  readonly to: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scopes: readonly Scope[];
  readonly action: RegistryAction;
  /** The image or blob, for messages. */
  readonly name: string;
  /** Statuses that are an answer besides 2xx; every other one is an error. */
  readonly also?: readonly number[];
  /** It is all about the login: a token is answer enough. */
  readonly isLogin?: boolean;
}

export interface CallerOptions {
  readonly transport: Transport;
  /** The login for a repository, given as the same value each time; asked when the registry first wants one. */
  readonly login?: ((repository: string | undefined) => Promise<StoredOrGiven | undefined>) | undefined;
  /** The login that is stored for another registry, which this one redirects to. */
  readonly loginElsewhere?: ((host: string, repository: string) => Promise<StoredOrGiven | undefined>) | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
}

export interface Caller {
  readonly host: string;
  /** Announces scopes that will be needed. */
  expect(scopes: readonly Scope[]): void;
  /** Sends one request. Throws what `answerError` and `networkError` know. */
  ask(call: Call): Promise<HttpAnswer>;
  /** Sends a request and uses its answer; both again where that may help. */
  small<T>(use: (answer: HttpAnswer) => Promise<T>, call: Call, options?: CallOptions): Promise<T>;
  /** The login for `scopes`, once the registry wanted one; throws where it could not be read. */
  isLoggedIn(scopes: readonly Scope[]): Promise<boolean>;
  /** An address in an answer, by the rule of `addresses.ts`. */
  address(named: Pick<NamedAddress, "kind" | "text" | "from">): URL;
}

/** A token may be refused as too old, then as one that was asked for too many scopes. */
const MOST_REFUSALS = 2;
/** What fronts answer when a header line is too long for them. */
const TOO_LARGE = new Set([400, 413, 414, 431, 494]);
/** Tries in all; a registry that limits requests says that it will take them later. */
const ATTEMPTS = { usual: 4, limited: 6 } as const;
const REDIRECTED = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//;

/** Another registry that this one redirects to. */
interface Elsewhere {
  readonly authorizer: Authorizer;
  /** By repository there: what its challenge asked for. */
  readonly scopes: Map<string, readonly Scope[]>;
}

export function openCaller(host: string, options: CallerOptions): Caller {
  return new RegistryCaller(host, options);
}

class RegistryCaller implements Caller {
  readonly host: string;
  readonly #options: CallerOptions;
  #authorizer: Authorizer | undefined;
  #origin = "";
  #opening: Promise<Authorizer> | undefined;
  readonly #expected: Scope[] = [];
  readonly #elsewhere = new Map<string, Elsewhere>();
  #first: Promise<void> | undefined;

  constructor(host: string, options: CallerOptions) {
    this.host = host;
    this.#options = options;
  }

  expect(scopes: readonly Scope[]): void {
    if (this.#authorizer === undefined) this.#expected.push(...scopes);
    else this.#authorizer.expect(scopes);
  }

  /** The very first request goes alone: what its answer asks for, all others then know. */
  async ask(call: Call): Promise<HttpAnswer> {
    const authorizer = await this.#open();
    while (!authorizer.isSettled) {
      if (this.#first === undefined) {
        const answer = this.#send(call, authorizer);
        this.#first = ended(answer).finally(() => (this.#first = undefined));
        return answer;
      }
      await this.#first;
    }
    return this.#send(call, authorizer);
  }

  small<T>(use: (answer: HttpAnswer) => Promise<T>, call: Call, { onRetry }: CallOptions = {}): Promise<T> {
    const { retryPolicy = {} } = this.#options;
    const action = async (): Promise<T> => {
      const used = await use(await this.ask(call));
      const notice = onRetry === undefined ? undefined : this.#authorizer?.takeNotice();
      if (notice !== undefined) onRetry?.({ error: notice, attempt: 1, delay: 0 });
      return used;
    };
    return retry(action, {
      attempts: (error) =>
        error instanceof RegistryError && error.code === "registry-rate-limit" ? ATTEMPTS.limited : ATTEMPTS.usual,
      ...retryPolicy,
      askedDelay,
      signal: call.signal,
      ...(onRetry === undefined ? {} : { onRetry }),
    });
  }

  async isLoggedIn(scopes: readonly Scope[]): Promise<boolean> {
    const authorizer = await this.#open();
    if (authorizer.problem !== undefined) throw authorizer.problem;
    return (await authorizer.loginFor(scopes)).kind !== "none";
  }

  address(named: Pick<NamedAddress, "kind" | "text" | "from">): URL {
    const { transport } = this.#options;
    return readAddress({ ...named, host: this.host, mayBePlain: (url) => transport.isInsecure(url) });
  }

  #open(): Promise<Authorizer> {
    this.#opening ??= this.#locate();
    return this.#opening;
  }

  async #locate(): Promise<Authorizer> {
    const { transport, login = async () => undefined } = this.#options;
    this.#origin = await transport.locate(this.host);
    this.#authorizer = openAuthorizer({ host: this.host, origin: this.#origin, transport, login });
    this.#authorizer.expect(this.#expected);
    return this.#authorizer;
  }

  /** Sends one request with what the registry wants to see. */
  async #send(call: Call, authorizer: Authorizer): Promise<HttpAnswer> {
    const { to, scopes, action, name, also = [], isLogin = false, ...request } = call;
    const url = typeof to === "string" ? new URL(`/v2/${to}`, this.#origin) : to;
    const isOurs = url.origin === this.#origin;
    const repeatable = isRepeatable(request);
    /** The refusal of a stored login, when the request is sent once more without it. */
    let withLogin: RegistryError | undefined;
    for (let refusals = 0; ; refusals += 1) {
      let sent: string | undefined;
      const answer = await this.#options.transport.send({
        ...request,
        url,
        authorize: async (hop) => {
          // an upload may go to another host, which has its own permission in the address
          if (hop.origin !== this.#origin) return this.#headerElsewhere(hop, request.signal);
          sent = await authorizer.header(scopes, request.signal);
          return sent;
        },
      });
      if ((answer.status >= 200 && answer.status < 300) || also.includes(answer.status)) {
        if (isOurs) authorizer.accepted();
        return answer;
      }
      const isFromUs = answer.url.origin === this.#origin;
      let noMethod = false;
      if (answer.status === 401 && refusals < MOST_REFUSALS) {
        const outcome = isFromUs
          ? await authorizer.refused(answer, scopes, sent)
          : await this.#refusedElsewhere(answer);
        if (outcome === "again" && repeatable) {
          discard(answer);
          if (!isLogin || sent !== undefined || !authorizer.wantsToken) continue;
          await authorizer.header(scopes, request.signal);
          return answer;
        }
        if (outcome === "again") throw this.#cut(answer, "token-expired");
        noMethod = outcome === "no-method" && isFromUs;
      }
      const refusal = {
        status: answer.status,
        headers: answer.headers,
        text: withoutLogin(await readText(answer), sent),
      };
      // the answer came before the whole body was sent: the server may never read the rest
      if (!repeatable) answer.body.destroy();
      if (isTooLarge(refusal, repeatable) && sent !== undefined && authorizer.ungroup(scopes)) {
        if (repeatable) continue;
        throw this.#cut(answer, "token-too-large");
      }
      const isLoginRefused = answer.status === 401 || answer.status === 403;
      if (authorizer.problem !== undefined && isLoginRefused) throw authorizer.problem;
      const error = noMethod
        ? this.#noMethod(refusal)
        : answerError(
            {
              host: this.host,
              action,
              name,
              login: isFromUs ? await authorizer.loginFor(scopes) : { kind: "none" },
              ...(isOurs && !isFromUs ? { by: { role: "redirected", place: answer.url.host } } : {}),
            },
            refusal,
          );
      if (
        withLogin === undefined &&
        isLoginRefused &&
        isFromUs &&
        repeatable &&
        (await authorizer.leaveOutLogin(scopes))
      ) {
        withLogin = error;
        refusals = 0;
        continue;
      }
      throw error.retryHelps ? error : (withLogin ?? error);
    }
  }

  /** The error for a request whose body cannot be sent again by us. */
  #cut(answer: HttpAnswer, reason: "token-expired" | "token-too-large"): RegistryError {
    answer.body.destroy();
    return new RegistryError("registry-cut", { host: this.host, detail: message(reason) }, { retryAfter: 0 });
  }

  #noMethod({ status, headers }: Answer): RegistryError {
    const detail = whyNoMethod(headers["www-authenticate"]);
    return new RegistryError("registry-login-method", { host: this.host, detail }, { status });
  }

  async #headerElsewhere(url: URL, signal: AbortSignal | undefined): Promise<string | undefined> {
    const elsewhere = this.#elsewhere.get(url.origin);
    const repository = REDIRECTED.exec(url.pathname)?.[1];
    if (elsewhere === undefined || repository === undefined) return undefined;
    return elsewhere.authorizer.header(elsewhere.scopes.get(repository) ?? [pullScope(repository)], signal);
  }

  /** A redirect led to another registry, which wants a token of its own (registry.k8s.io leads to others so). */
  async #refusedElsewhere(answer: HttpAnswer): Promise<"again" | "refused"> {
    const { transport, loginElsewhere } = this.#options;
    const { origin, host, pathname } = answer.url;
    const repository = REDIRECTED.exec(pathname)?.[1];
    const challenge = readChallenge(answer.headers["www-authenticate"]);
    if (repository === undefined || challenge === undefined) return "refused";
    const known = this.#elsewhere.get(origin);
    const { authorizer, scopes } = known ?? {
      authorizer: openAuthorizer({
        host,
        origin,
        transport,
        login: async (name) => loginElsewhere?.(host, name ?? repository),
      }),
      scopes: new Map<string, readonly Scope[]>(),
    };
    this.#elsewhere.set(origin, { authorizer, scopes });
    const asked = challenge.scheme === "bearer" ? challenge.scope?.split(" ") : undefined;
    const before = scopes.get(repository) ?? [pullScope(repository)];
    const sent = known === undefined ? undefined : await authorizer.header(before);
    scopes.set(repository, asked ?? before);
    return (await authorizer.refused(answer, asked ?? before, sent)) === "again" ? "again" : "refused";
  }
}

/** Milliseconds that the registry asked to wait; `undefined` when it did not. */
export function askedDelay(error: unknown): number | undefined {
  return error instanceof RegistryError ? error.retryAfter : undefined;
}

/** Uses nothing of an answer but that it came. */
export async function ignored(answer: HttpAnswer): Promise<HttpAnswer> {
  discard(answer);
  return answer;
}

/** Waits for an end, good or bad. */
async function ended(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => {});
}

/** Whether a refusal may be about the length of the token: a front speaks, and not about a body that we stream. */
function isTooLarge(refusal: Answer, repeatable: boolean): boolean {
  if (refusal.status === 413 && !repeatable) return false;
  return TOO_LARGE.has(refusal.status) && !hasRegistryWords(refusal);
}

/** Why none of the challenges in WWW-Authenticate can be answered. */
function whyNoMethod(header: string | string[] | undefined): Cause {
  const methods = schemesOf(header);
  if (methods.length === 0) return message("challenge-none");
  if (methods.some((method) => method.toLowerCase() !== "bearer")) return message("challenge-other", { methods });
  const realm = realmOf(header);
  return realm === "" ? message("challenge-realm") : message("challenge-address", { realm });
}

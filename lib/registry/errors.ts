/**
 * What a registry's answer means. The answer's own words (`{"errors": [{code, message, detail}]}`) are kept as the
 * detail; the error's code says which remedy fits, and whether the same request may succeed later.
 */
import { detailOf, type ErrorArguments, type ErrorCode, type ErrorsWith, MirrorError } from "../messages/errors.ts";

export interface RegistryErrorOptions {
  readonly cause?: unknown;
  /** HTTP status of the answer. */
  readonly status?: number | undefined;
  /** Milliseconds the registry asks to wait. */
  readonly retryAfter?: number | undefined;
}

export class RegistryError<C extends ErrorCode = ErrorCode> extends MirrorError<C> {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: C, values: ErrorArguments<C>[0], options: RegistryErrorOptions = {}) {
    super(code, ...([values, options] as unknown as ErrorArguments<C>));
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** An answer that is not what was asked for. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of its body. */
  readonly text: string;
}

/** What was asked: the words of the message. */
export interface Question {
  readonly host: string;
  /** `pull`, `push`, `log in`. */
  readonly action: string;
  /** Repository with tag or digest. */
  readonly name: string;
  /** Whether credentials were sent. */
  readonly loggedIn: boolean;
}

/** Not implemented, HTTP version not supported. */
const LASTING = new Set([501, 505]);
const NOT_TLS = /^(?:EPROTO|ERR_SSL_)/;
const UNTRUSTED = /^(?:DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/;
const UNREACHABLE = /^(?:ENOTFOUND|EAI_|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)/;
/** The login was taken, and the token it got does not reach so far (RFC 6750). */
const OUT_OF_SCOPE = /\berror="?insufficient_scope\b/;
const ALIYUN = /\.aliyuncs\.com(?::\d+)?$/;
const MOST_ERRORS = 4;
const PRIVATE_NETWORK = /-(?:vpc|internal)\b.*\.aliyuncs\.com(?::\d+)?$/;

/** The error for `answer`. */
export function answerError({ host, action, name, loggedIn }: Question, answer: Answer): RegistryError {
  const { status } = answer;
  const { codes, words } = registryWords(answer);
  const values = { host, action, name, detail: words === "" ? `HTTP ${status}` : words };
  const aliyun = ALIYUN.test(host);
  const error = (code: ErrorsWith<typeof values>): RegistryError =>
    new RegistryError(code, values, { status, retryAfter: retryAfterOf(answer) });

  if (status === 429) return error("registry-rate-limit");
  if (status === 408 || (status >= 500 && !LASTING.has(status))) return error("registry-server");
  if (/unknown manifest class/i.test(words)) return error("registry-artifact");
  const isOutOfScope = loggedIn && OUT_OF_SCOPE.test(String(answer.headers["www-authenticate"]));
  if (status === 401 && !isOutOfScope) {
    if (!loggedIn) return error("registry-login-missing");
    return error(aliyun ? "registry-unauthorized-aliyun" : "registry-unauthorized");
  }
  if (status === 403 || isOutOfScope || codes.includes("DENIED")) {
    if (action === "push") return error(aliyun ? "registry-push-denied-aliyun" : "registry-push-denied");
    return error("registry-pull-denied");
  }
  if (status === 404) return error(action === "push" ? "registry-push-unknown" : "registry-not-found");
  return error("registry-refused");
}

/** The error for a request that got no answer, or whose answer broke off. `thrown` is what the network said. */
export function networkError(host: string, thrown: unknown): MirrorError {
  if (thrown instanceof MirrorError) return thrown;
  const { code = "" } = thrown as NodeJS.ErrnoException;
  const detail = detailOf(thrown) || code;
  const error = (name: ErrorsWith<{ readonly host: string; readonly detail: string }>): RegistryError =>
    new RegistryError(name, { host, detail }, { cause: thrown });

  if (NOT_TLS.test(code) && /wrong version number|packet length/i.test(detail)) return error("registry-plain");
  if (UNTRUSTED.test(code) || /certificate/i.test(detail)) return error("registry-certificate");
  if (!UNREACHABLE.test(code)) return error("registry-cut");
  return error(PRIVATE_NETWORK.test(host) ? "registry-unreachable-vpc" : "registry-unreachable");
}

/** Milliseconds the answer asks to wait: `Retry-After` in seconds or as a date. */
function retryAfterOf({ headers }: Pick<Answer, "headers">): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** The codes and messages of the answer's JSON, or its text when it is not JSON. */
function registryWords({ text }: Answer): { readonly codes: readonly string[]; readonly words: string } {
  const body = parseJson(text);
  const { errors, details, message } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(errors)) {
    const entries = errors
      .slice(0, MOST_ERRORS)
      .map((entry: unknown) => (entry ?? {}) as Readonly<Record<string, unknown>>);
    const codes = entries.map(({ code }) => (typeof code === "string" ? code : ""));
    const words = entries.map(({ message: said }, index) =>
      [codes[index]!.toLowerCase(), typeof said === "string" ? said : ""].filter((part) => part !== "").join(": "),
    );
    return { codes, words: oneLine(words.filter((part) => part !== "").join("; ")) };
  }
  const plain = [message, details].find((value) => typeof value === "string");
  if (plain !== undefined) return { codes: [], words: oneLine(plain) };
  // a front of the registry may answer with a page of its own
  return { codes: [], words: text.trimStart().startsWith("<") ? "" : oneLine(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}

/**
 * What a registry's answer means. The answer's own words (`{"errors": [{code, message, detail}]}`, distribution-spec
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes) are kept as the detail. Its code and
 * its words decide first which advice fits, the HTTP status second: registries say quotas, limits and policies with the
 * status that they have at hand.
 */
import {
  causeOf,
  detailOf,
  type ErrorArguments,
  type ErrorCode,
  type ErrorsWith,
  MirrorError,
} from "../messages/errors.ts";
import { type Cause, theirs } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import type { Proxy } from "./proxy.ts";

export interface RegistryErrorOptions {
  readonly cause?: unknown;
  /** HTTP status of the answer. */
  readonly status?: number | undefined;
  /** Milliseconds the registry asks to wait. */
  readonly retryAfter?: number | undefined;
  /** The registry's own error codes, in upper case (`MANIFEST_BLOB_UNKNOWN`). */
  readonly codes?: readonly string[];
}

export class RegistryError<C extends ErrorCode = ErrorCode> extends MirrorError<C> {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly codes: readonly string[];

  constructor(code: C, values: ErrorArguments<C>[0], options: RegistryErrorOptions = {}) {
    super(code, ...([values, options] as unknown as ErrorArguments<C>));
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.codes = options.codes ?? [];
  }
}

/** An answer that is not what was asked for. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of its body. */
  readonly text: string;
}

/** Which login went with a request: none, the one of the settings, or one that is stored in `file`. */
export type SentLogin =
  | { readonly kind: "none" }
  | { readonly kind: "settings" }
  | { readonly kind: "stored"; readonly file: string };

export type RegistryAction = "pull" | "push" | "login";

/** What was asked: the words of the message. */
export interface Question {
  readonly host: string;
  readonly action: RegistryAction;
  /** Repository with tag or digest. */
  readonly name: string;
  readonly login: SentLogin;
  /** Who answered, where it was not the registry itself: its token server, or where it redirects to. */
  readonly by?: { readonly place: string; readonly role: "token-server" | "redirected" };
}

/** Not implemented, HTTP version not supported. */
const LASTING = new Set([501, 505]);
const INSUFFICIENT_STORAGE = 507;
const NOT_TLS = /^(?:EPROTO|ERR_SSL_)/;
const UNTRUSTED = /^(?:DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/;
/** What nothing but the server's own headers can be the reason of. */
const BAD_HEADERS = /header|content-length|transfer-encoding/i;
const UNREACHABLE = /^(?:ENOTFOUND|EAI_|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)/;
/** TLS never came about: what a filter between here and the registry does. */
const NEVER_SECURE = /before secure TLS connection/i;
/** The login was taken, and the token it got does not reach so far (RFC 6750, section 3.1). */
const OUT_OF_SCOPE = /\berror="?insufficient_scope\b/;
const ALIYUN = /\.aliyuncs\.com(?::\d+)?$/;
const MOST_ERRORS = 4;
const PRIVATE_NETWORK = /-(?:vpc|internal)\b.*\.aliyuncs\.com(?::\d+)?$/;
/** Seconds from 2001 on: a point in time, where a number of seconds to wait is due. */
const EPOCH = 1e9;
/** Milliseconds. More than a day is not a pause. */
const LONGEST_PAUSE = 24 * 3600 * 1000;

interface AnswerValues {
  readonly host: string;
  readonly action: Cause;
  readonly name: string;
  readonly detail: Cause;
}

interface Rule {
  /** Of the registry's own error codes. */
  readonly codes?: RegExp;
  readonly words?: RegExp;
  readonly statuses?: (status: number) => boolean;
  readonly error: ErrorsWith<AnswerValues>;
}

const isRefusal = (status: number): boolean => status < 500 || status === INSUFFICIENT_STORAGE;

/** What codes and words say, whatever the status; the first rule that fits wins. */
const RULES: readonly Rule[] = [
  { words: /unknown manifest class/i, error: "registry-artifact" },
  { codes: /^TOO_?MANY_?REQUESTS$/, error: "registry-rate-limit" },
  { words: /\btoo many requests\b|\b(?:pull )?rate limit/i, statuses: isRefusal, error: "registry-rate-limit" },
  {
    words: /\bimmutab|cannot be overwritten|overwrit\w* .*(?:not allowed|forbidden|disabled)/i,
    statuses: isRefusal,
    error: "registry-immutable",
  },
  { codes: /POLICY/, error: "registry-policy" },
  {
    words: /\bvulnerabilit|\bpolic(?:y|ies) (?:check|violation)|(?:image|artifact) is not signed/i,
    statuses: isRefusal,
    error: "registry-policy",
  },
  {
    words:
      /(?:country|region|jurisdiction)\b.*\b(?:not (?:available|allowed|supported)|blocked|restricted|prohibited)|(?:not available|unavailable|blocked|restricted|prohibited)\b.*\b(?:country|region|jurisdiction)|export control|sanction/i,
    statuses: (status) => status === 403 || status === 451,
    error: "registry-region",
  },
  { statuses: (status) => status === 451, error: "registry-region" },
  {
    words:
      /\barrears\b|\boverdue\b|\bpast due\b|payment required|account (?:\S+ ){0,3}(?:suspended|disabled|locked)|欠费/i,
    statuses: isRefusal,
    error: "registry-account",
  },
  { statuses: (status) => status === 402, error: "registry-account" },
  {
    codes: /QUOTA|LIMIT_?EXCEEDED/,
    statuses: isRefusal,
    error: "registry-quota",
  },
  {
    words:
      /\bquota\b|exceed\w* .*\blimit\b|(?:reached|over|hit) (?:\S+ ){0,3}limit\b|storage (?:limit|resource|full)|insufficient storage|配额|超出.*限/i,
    statuses: isRefusal,
    error: "registry-quota",
  },
  { statuses: (status) => status === INSUFFICIENT_STORAGE, error: "registry-quota" },
  { words: /\bread[- ]?only\b/i, statuses: isRefusal, error: "registry-read-only" },
];

/** `NAME_UNKNOWN`, `MANIFEST_BLOB_UNKNOWN`, `NOT_FOUND`; not `UNKNOWN`, which registries use for unexpected errors. */
const NOTHING_THERE = /_UNKNOWN$|NOT_?FOUND$/;

/** The error for `answer`. */
export function answerError(question: Question, answer: Answer): RegistryError {
  const { host, action, login, by } = question;
  const { status } = answer;
  const { codes, words } = registryWords(answer);
  const said = words === "" ? theirs(`HTTP ${status}`) : theirs(words);
  const detail = by === undefined ? said : message(`answer-of-${by.role}`, { place: by.place, detail: said });
  const values = {
    host,
    action: message(`action-${action}`),
    name: question.name,
    detail: login.kind === "stored" && isAboutLogin(status) ? message("sent-stored", { ...login, detail }) : detail,
    // for the hints
    doing: action,
    login: login.kind,
    ...lostBy(codes),
  };
  const error = (code: ErrorsWith<AnswerValues>): RegistryError =>
    new RegistryError(code, values, { status, retryAfter: retryAfterOf(answer), codes });
  const variant = <C extends string>(code: C): C | `${C}-aliyun` => (ALIYUN.test(host) ? `${code}-aliyun` : code);

  if (status === 429) return error("registry-rate-limit");
  const rule = RULES.find((each) => fits(each, codes, words, status));
  if (rule !== undefined) return error(rule.error);
  if (status === 408 || (status >= 500 && !LASTING.has(status))) return error("registry-server");
  const loggedIn = login.kind !== "none";
  const isDenied = codes.includes("DENIED") || OUT_OF_SCOPE.test(String(answer.headers["www-authenticate"]));
  if (status === 401 && !(loggedIn && isDenied))
    return error(loggedIn ? variant("registry-unauthorized") : "registry-login-missing");
  const isNothing = codes.some((code) => NOTHING_THERE.test(code)) && status < 500;
  // a registry says why in its own words; a front that refuses before it has none
  if (status === 403 && action === "login" && codes.length === 0) return error("registry-forbidden");
  if (!isNothing && (status === 403 || isDenied))
    return error(action === "push" ? variant("registry-push-denied") : "registry-pull-denied");
  if (isNothing || status === 404) return error(action === "push" ? "registry-push-unknown" : "registry-not-found");
  return error("registry-refused");
}

/** What a registry had confirmed and does not know any more. */
function lostBy(codes: readonly string[]): { readonly lost?: "upload" | "blob" } {
  if (codes.includes("BLOB_UPLOAD_UNKNOWN")) return { lost: "upload" };
  return codes.some((code) => code.endsWith("BLOB_UNKNOWN")) ? { lost: "blob" } : {};
}

/** Whether the registry's own words are in `answer`, not only those of a proxy in front of it. */
export function hasRegistryWords(answer: Answer): boolean {
  return registryWords(answer).codes.some((code) => code !== "");
}

function fits({ codes, words, statuses }: Rule, said: readonly string[], text: string, status: number): boolean {
  if (statuses !== undefined && !statuses(status)) return false;
  if (codes !== undefined && !said.some((code) => codes.test(code))) return false;
  return words === undefined || words.test(text);
}

function isAboutLogin(status: number): boolean {
  return status === 401 || status === 403;
}

/** What is known of the way that a request took, besides what the network said of it. */
export interface Way {
  readonly proxy?: Proxy | undefined;
  /** Authorities of one's own are trusted besides the well-known ones. */
  readonly hasAuthorities?: boolean;
  /** The certificate that the server showed. */
  readonly shown?: ShownCertificate | undefined;
}

export interface ShownCertificate {
  /** The names it is good for. */
  readonly names: readonly string[];
  /** Who signed it. */
  readonly issuer: string;
  /** Whether it is good for the name that was asked for. */
  readonly fits: boolean;
}

/** The error for a request that got no answer, or whose answer broke off. `thrown` is what the network said. */
export function networkError(host: string, thrown: unknown, way: Way = {}): MirrorError {
  if (thrown instanceof MirrorError) return thrown;
  const { code = "" } = thrown as NodeJS.ErrnoException;
  const said = detailOf(thrown) || code;
  const { proxy, hasAuthorities = false, shown } = way;
  const values = {
    host,
    detail: { ...causeOf(thrown), theirs: said },
    // for the hints
    via: proxy?.variable ?? "",
    authorities: hasAuthorities ? "own" : "",
    expired: /EXPIRED|NOT_YET_VALID/.test(code) ? "yes" : "",
  };
  const error = (name: ErrorsWith<{ readonly host: string; readonly detail: Cause }>): RegistryError =>
    new RegistryError(name, values, { cause: thrown });

  if (NOT_TLS.test(code) && /wrong version number|packet length/i.test(said)) return error("registry-plain");
  if (UNTRUSTED.test(code) || /certificate/i.test(said)) {
    if (shown !== undefined && !shown.fits && shown.names.length > 0) {
      const { names, issuer } = shown;
      return new RegistryError("registry-certificate-name", { ...values, names, issuer }, { cause: thrown });
    }
    if (shown === undefined || shown.issuer === "") return error("registry-certificate");
    const detail = message("certificate-issuer", { issuer: shown.issuer, detail: values.detail });
    return new RegistryError("registry-certificate", { ...values, detail }, { cause: thrown });
  }
  if (code.startsWith("HPE_") && BAD_HEADERS.test(said))
    return new RegistryError(
      "registry-answer",
      { host, detail: message("answer-headers", { detail: values.detail }) },
      { cause: thrown },
    );
  if (!UNREACHABLE.test(code) && !NEVER_SECURE.test(said)) return error("registry-cut");
  return error(PRIVATE_NETWORK.test(host) ? "registry-unreachable-vpc" : "registry-unreachable");
}

/** A proxy that refuses, breaks off or is not there. */
export function proxyError({ host, variable }: Proxy, detail: Cause, cause?: unknown): RegistryError {
  return new RegistryError("registry-proxy", { proxy: host, variable, detail }, { cause });
}

/** A proxy that wants a login, or another one. */
export function proxyLoginError({ host, variable, protocol, login }: Proxy): RegistryError {
  const sent = login === undefined ? "none" : "settings";
  return new RegistryError("registry-proxy-login", { proxy: host, variable, scheme: protocol, login: sent });
}

/**
 * Milliseconds the answer asks to wait: `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), and what is
 * seen besides: fractions, and seconds since 1970. `undefined` where it says nothing, or nothing that makes sense.
 */
function retryAfterOf({ headers }: Pick<Answer, "headers">): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
  const due =
    seconds === undefined
      ? /[a-z]{3}/i.test(text)
        ? Date.parse(text)
        : Number.NaN
      : seconds >= EPOCH
        ? seconds * 1000
        : Date.now() + seconds * 1000;
  if (Number.isNaN(due)) return undefined;
  const delay = seconds !== undefined && seconds < EPOCH ? Math.round(seconds * 1000) : Math.max(0, due - Date.now());
  return delay > LONGEST_PAUSE ? undefined : delay;
}

/** The codes and messages of the answer's JSON, or its text when it is not JSON. */
function registryWords({ text }: Answer): { readonly codes: readonly string[]; readonly words: string } {
  const body = parseJson(text);
  const { errors, details, message: only, error } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(errors)) {
    const entries = errors
      .slice(0, MOST_ERRORS)
      .map((entry: unknown) => (entry ?? {}) as Readonly<Record<string, unknown>>);
    const codes = entries.map(({ code }) => (typeof code === "string" ? code : ""));
    const words = entries.map(({ message: said }, index) =>
      [codes[index]!.toLowerCase(), typeof said === "string" ? said : ""].filter((part) => part !== "").join(": "),
    );
    const upper = codes.map((code) => code.toUpperCase());
    return { codes: upper, words: oneLine(words.filter((part) => part !== "").join("; ")) };
  }
  const plain = [only, details, error].find((value) => typeof value === "string");
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

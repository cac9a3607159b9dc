/**
 * Errors that a user can act on. Every error is a row of a table (`tables/`): what happened and what to do about it, in
 * every language; here is the class that carries the row's code and its values to where it is said.
 */
import { ARCHIVE_ERRORS } from "./tables/archive.ts";
import { COMPOSE_ERRORS } from "./tables/compose.ts";
import { CONFIG_ERRORS } from "./tables/config.ts";
import { DEPLOY_ERRORS } from "./tables/deploy.ts";
import { ENGINE_ERRORS } from "./tables/engine.ts";
import { IMAGE_ERRORS } from "./tables/image.ts";
import { MIRROR_ERRORS } from "./tables/mirror.ts";
import { REGISTRY_ERRORS } from "./tables/registry.ts";
import { STORE_ERRORS } from "./tables/store.ts";
import { SYSTEM_ERRORS } from "./tables/system.ts";
import type { ErrorRow } from "./error-row.ts";
import { type Facts, NO_FACTS } from "./facts.ts";
import type { Language } from "./format.ts";
import { type Cause, fill, type Message, type Text, type Values, type ValuesOf } from "./message.ts";

/** Exit codes of the command contract. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export const ERRORS = {
  ...SYSTEM_ERRORS,
  ...CONFIG_ERRORS,
  ...IMAGE_ERRORS,
  ...MIRROR_ERRORS,
  ...COMPOSE_ERRORS,
  ...STORE_ERRORS,
  ...REGISTRY_ERRORS,
  ...ENGINE_ERRORS,
  ...DEPLOY_ERRORS,
  ...ARCHIVE_ERRORS,
} as const;

type Rows = typeof ERRORS;
export type ErrorCode = keyof Rows;

type HintText<H> = H extends { readonly en: infer S extends string }
  ? S
  : H extends readonly (infer A)[]
    ? A extends { readonly en: infer S extends string }
      ? S
      : never
    : never;
type Both<A> = (A extends unknown ? (a: A) => void : never) extends (a: infer All) => void ? All : never;

/** The values that an error needs; of several codes those of all. */
export type ErrorValues<C extends ErrorCode> = C extends ErrorCode
  ? ValuesOf<Rows[C]["en"] | HintText<Rows[C]["hint"]>>
  : never;

/** The errors that `V` is enough for: what a table of rules may lead to. */
export type ErrorsWith<V> = { [C in ErrorCode]: V extends ErrorValues<C> ? C : never }[ErrorCode];

export interface MirrorErrorOptions {
  readonly cause?: unknown;
}

/** What the constructor takes besides the code; values that no language shows may be there too, for `hint`'s sake. */
export type ErrorArguments<C extends ErrorCode> =
  Record<never, never> extends Both<ErrorValues<C>>
    ? [values?: Values, options?: MirrorErrorOptions]
    : [values: Both<ErrorValues<C>> & Values, options?: MirrorErrorOptions];

/** `message` is the English sentence; `explain` gives it, and what to do, in any language. */
export class MirrorError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly values: Values;

  constructor(code: C, ...[values, options]: ErrorArguments<C>) {
    super(fill(ERRORS[code].en, values ?? {}, "en"), options);
    this.name = "MirrorError";
    this.code = code;
    this.values = values ?? {};
  }

  /** What to do about it, in English and with nothing known of the circumstances. */
  get hint(): string {
    return hintOf(this, "en", NO_FACTS);
  }

  get exit(): 1 | 2 {
    return ERRORS[this.code].exit;
  }

  /** Whether the same action may succeed when it is tried again. */
  get retryHelps(): boolean {
    const { retry }: ErrorRow = ERRORS[this.code];
    return retry === true;
  }

  /** The same error with other `values` beside those it has. */
  with(values: Values): MirrorError {
    return new MirrorError(
      this.code,
      ...([{ ...this.values, ...values }, { cause: this }] as unknown as ErrorArguments<C>),
    );
  }
}

/** What happened and what to do about it, as a person reads it and as `--json` shows it. */
export interface Explanation {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Puts an error into words, with the advice that holds under `facts`. */
export function explain(error: MirrorError, language: Language, facts: Facts): Explanation {
  return { code: error.code, message: sentenceOf(error, language), hint: hintOf(error, language, facts) };
}

function sentenceOf({ code, values }: MirrorError, language: Language): string {
  return fill(ERRORS[code][language], values, language);
}

function hintOf({ code, values }: MirrorError, language: Language, facts: Facts): string {
  const { hint }: ErrorRow = ERRORS[code];
  const all: readonly (Text & { readonly when?: (facts: Facts, values: Values) => boolean })[] =
    "en" in hint ? [hint] : hint;
  return all
    .filter(({ when }) => when?.(facts, values) ?? true)
    .map((text) => fill(text[language], values, language))
    .join(language === "zh" ? "；" : "; ");
}

/** Why something failed, for the `{detail:cause}` of another error: a message of ours, or the words of the system. */
export function causeOf(thrown: unknown): Cause {
  if (thrown instanceof MirrorError) return asMessage(thrown);
  const errno = (thrown as NodeJS.ErrnoException | undefined)?.code;
  return { theirs: detailOf(thrown), ...(typeof errno === "string" ? { errno } : {}) };
}

/** An error's sentence as a message that another can hold. */
function asMessage({ code, values }: MirrorError): Message {
  return { code, values, text: ERRORS[code] };
}

/** The message of anything that can be thrown, in English and on one line. */
export function detailOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, "; ").trim();
}

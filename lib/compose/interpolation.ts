/**
 * Variables in values, as compose fills them in
 * (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md):
 *
 *     $NAME  ${NAME}      the value; empty, with a warning, when unset
 *     ${NAME:-word}       word when unset or empty       ${NAME-word}  word when unset
 *     ${NAME:+word}       word when set and not empty    ${NAME+word}  word when set
 *     ${NAME:?word}       an error when unset or empty   ${NAME?word}  an error when unset
 *     $$                  one $
 *
 * A word may hold further variables. A `$` before anything else is a plain character, `${` must lead to one of the forms.
 * Which `}` ends a form is compose-go's rule (template.go): within one line, the first that balances the braces, and
 * the last of the line when none does.
 */
import { MirrorError } from "../messages/errors.ts";
import { theirs } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

/** A variable's value, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

const NAME = /[_a-z][_a-z0-9]*/iy;
const OPERATOR = /:?[-+?]/y;
/** A value longer than this comes from variables that multiply each other; nobody writes one. */
const LONGEST = 1 << 20;
const DEEPEST = 100;

/** What the caller wants to hear. */
export interface Listeners {
  /** Of every unset variable that became an empty string. */
  readonly onUnset?: ((name: string) => void) | undefined;
  /** Of the variables of every form that left nothing. */
  readonly onEmpty?: (names: readonly string[]) => void;
}

/**
 * Fills the variables into `text`.
 * Throws `interpolation-invalid` for a form that is none of the above, `variable-required` for an unmet `?`; their
 * `where` is for the caller to correct, who knows it.
 */
export function interpolate(text: string, lookup: Lookup, listeners: Listeners = {}): string {
  return text.includes("$") ? substitute(text, { lookup, ...listeners, template: text }, 0) : text;
}

/** The names of the variables that `text` mentions, in order, each once. */
export function variablesIn(text: string): readonly string[] {
  const names = [...text.matchAll(/\$\$|\$\{?([_a-z][_a-z0-9]*)/gi)].flatMap(([, name]) => name ?? []);
  return [...new Set(names)];
}

/** Writes `text` so that interpolation gives it back. */
export function escapeDollars(text: string): string {
  return text.replaceAll("$", "$$$$");
}

interface Context extends Listeners {
  readonly lookup: Lookup;
  readonly template: string;
}

function substitute(text: string, context: Context, depth: number): string {
  if (depth > DEEPEST) throw invalid(context);
  let out = "";
  let line = { end: -1, lastBrace: -1 };
  const push = (part: string): void => {
    if (out.length + part.length > LONGEST) throw invalid(context);
    out += part;
  };
  const pushForm = (part: string, start: number, end: number): void => {
    if (part === "" && depth === 0) context.onEmpty?.(variablesIn(text.slice(start, end)));
    push(part);
  };

  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    push(text.slice(at, dollar === -1 ? text.length : dollar));
    if (dollar === -1) break;
    const next = text[dollar + 1];
    if (next === "$") {
      push("$");
      at = dollar + 2;
      continue;
    }
    if (next !== "{") {
      const name = matchAt(NAME, text, dollar + 1);
      pushForm(name === "" ? "$" : plain(name, context), dollar, dollar + 1 + name.length);
      at = dollar + 1 + name.length;
      continue;
    }

    const name = matchAt(NAME, text, dollar + 2);
    if (name === "") throw invalid(context);
    const afterName = dollar + 2 + name.length;
    if (text[afterName] === "}") {
      pushForm(plain(name, context), dollar, afterName + 1);
      at = afterName + 1;
      continue;
    }
    const operator = matchAt(OPERATOR, text, afterName);
    const start = afterName + operator.length;
    if (start > line.end) line = lineFrom(text, start);
    if (operator === "" || line.lastBrace < start) throw invalid(context);
    const close = balancingBrace(text, dollar + 1, line.lastBrace) ?? line.lastBrace;
    pushForm(apply(name, operator, text.slice(start, close), context, depth), dollar, close + 1);
    at = close + 1;
  }
  return out;
}

function apply(name: string, operator: string, word: string, context: Context, depth: number): string {
  const value = context.lookup(name);
  const emptyCounts = operator.length === 2;
  const present = value !== undefined && !(emptyCounts && value === "");
  switch (operator.at(-1)) {
    case "-":
      return present ? value : substitute(word, context, depth + 1);
    case "+":
      return present ? substitute(word, context, depth + 1) : (value ?? "");
    default: {
      if (present) return value;
      const reason = substitute(word, context, depth + 1);
      throw new MirrorError("variable-required", {
        variable: name,
        reason: reason === "" ? message("variable-must-be-set") : theirs(reason),
        where: context.template,
      });
    }
  }
}

function plain(name: string, { lookup, onUnset }: Context): string {
  const value = lookup(name);
  if (value === undefined) onUnset?.(name);
  return value ?? "";
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function lineFrom(text: string, start: number): { end: number; lastBrace: number } {
  const newline = text.indexOf("\n", start);
  const end = newline === -1 ? text.length : newline;
  return { end, lastBrace: text.lastIndexOf("}", end - 1) };
}

/** The brace that closes the one at `open`; a character right after an opening brace is not looked at. */
function balancingBrace(text: string, open: number, last: number): number | undefined {
  let depth = 0;
  for (let at = open; at <= last; at++) {
    const character = text[at];
    if (character === "}" && --depth === 0) return at;
    if (character === "{") {
      depth++;
      at++;
    }
  }
  return undefined;
}

function invalid({ template }: Context): MirrorError {
  const shown = template.length > 200 ? `${template.slice(0, 200)}…` : template;
  return new MirrorError("interpolation-invalid", { template: shown, where: "a value" });
}

/** What reaches the user: results on stdout, everything else on stderr, in the user's language. */
import { isatty } from "node:tty";
import type { Language } from "../config/config.ts";
import { ERRORS, fill, MirrorError } from "../messages/errors.ts";
import { printable } from "./format.ts";
import { TEXTS_EN, type TextKey } from "../messages/texts-en.ts";
import { ERRORS_ZH, TEXTS_ZH } from "../messages/texts-zh.ts";

type Values = Readonly<Record<string, string | number>>;

export interface Terminal {
  readonly language: Language;
  /** stderr is a terminal: rows may be drawn over. */
  readonly interactive: boolean;
  /** The text of `key` with its values filled in. */
  text(key: TextKey, values?: Values): string;
  /** What went wrong, and the way out, in two lines. */
  explain(error: unknown): string;
  /** The command's result, to stdout. */
  result(text: string): void;
  /** A file that is shown instead of written, to stdout: its exact bytes, but harmless where stdout is a terminal. */
  file(text: string): void;
  /** The command's result as one JSON document, to stdout. */
  json(value: unknown): void;
  /** A line for the user, to stderr. */
  note(text: string): void;
}

export interface TerminalOptions {
  readonly language: Language;
  readonly stdout?: NodeJS.WriteStream & { readonly fd: number };
  readonly stderr?: NodeJS.WriteStream & { readonly fd: number };
}

export function openTerminal(options: TerminalOptions): Terminal {
  const { language, stdout = process.stdout, stderr = process.stderr } = options;
  const texts = language === "zh" ? TEXTS_ZH : TEXTS_EN;
  const text = (key: TextKey, values: Values = {}): string => printable(fill(texts[key], values));
  const print = (content: string): void => {
    try {
      stdout.write(content);
    } catch (error) {
      // Deno throws here what Node emits.
      stdout.emit("error", error);
    }
  };
  return {
    language,
    interactive: isatty(stderr.fd),
    text,
    explain: (error) => explain(error, language, text),
    result: (line) => print(`${printable(line)}\n`),
    file: (content) => print(isatty(stdout.fd) ? printable(content) : content),
    json: (value) => print(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => void stderr.write(`${printable(line)}\n`),
  };
}

function explain(error: unknown, language: Language, text: Terminal["text"]): string {
  if (!(error instanceof MirrorError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [text("error", { text: stack }), text("wayOut", { text: text("reportBug") })].join("\n");
  }
  const { says, fix } = language === "zh" ? ERRORS_ZH[error.code] : ERRORS[error.code];
  return [text("error", { text: fill(says, error.values) }), text("wayOut", { text: fill(fix, error.values) })].join(
    "\n",
  );
}

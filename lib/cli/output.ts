/** What reaches the user: results on stdout, everything else on stderr, in the user's language. */
import { isatty } from "node:tty";
import { explain, type Explanation, MirrorError } from "../messages/errors.ts";
import { type Facts, NO_FACTS } from "../messages/facts.ts";
import type { Language } from "../messages/format.ts";
import { type Message, render } from "../messages/message.ts";
import { type TextArguments, type TextCode, textOf } from "../messages/texts.ts";
import { formatBlocks, formatTable, printable, widthOf } from "./format.ts";

export interface Terminal {
  readonly language: Language;
  /** stderr is a terminal: rows may be drawn over. */
  readonly interactive: boolean;
  /** The width of a line that is drawn over, in columns. */
  columns(): number;
  /** The lines that can be drawn over. */
  rows(): number;
  /** The text of `code` with its values filled in. */
  text<C extends TextCode>(code: C, ...values: TextArguments<C>): string;
  /** A message in words. */
  message(message: Message): string;
  /** A message as a warning. */
  warning(message: Message): string;
  /** What went wrong and the hint, in two lines. */
  explain(error: unknown): string;
  /** The same as `--json` shows it. */
  errorJson(error: unknown): Explanation;
  /** The command's result, to stdout. */
  result(text: string): void;
  /** The command's result as a table below its `head`, to stdout; row by row where the terminal is narrower. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** A file that is shown instead of written, to stdout: its exact bytes, but harmless where stdout is a terminal. */
  file(text: string): void;
  /** The command's result as one JSON document, to stdout. */
  json(value: unknown): void;
  /** Whether `json` was called: a command prints one document only. */
  hasJson(): boolean;
  /** A line for the user, to stderr. */
  note(text: string): void;
  /** While lines are drawn over, `sink` puts notes among them; `undefined` = to stderr again. */
  divertNotes(sink: ((text: string) => void) | undefined): void;
}

export interface TerminalOptions {
  readonly language: Language;
  /** What is in force, as far as it is known. */
  readonly facts?: Facts;
  /** Rows cannot be drawn over, whatever stderr is, as with TERM=dumb. */
  readonly plain?: boolean;
  readonly stdout?: NodeJS.WriteStream & { readonly fd: number };
  readonly stderr?: NodeJS.WriteStream & { readonly fd: number };
}

/** What a terminal has that does not say. */
const USUAL = { columns: 80, rows: 24 };

export function openTerminal(options: TerminalOptions): Terminal {
  const { language, facts = NO_FACTS, plain = false, stdout = process.stdout, stderr = process.stderr } = options;
  const print = (content: string): void => {
    try {
      stdout.write(content);
    } catch (error) {
      // Deno throws here what Node emits.
      stdout.emit("error", error);
    }
  };
  let printedJson = false;
  let sink: ((text: string) => void) | undefined;
  const text: Terminal["text"] = (code, ...values) => printable(textOf(language, code, ...values));
  const errorJson = (error: unknown): Explanation => {
    if (error instanceof MirrorError) return explain(error, language, facts);
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: "bug", message: stack, hint: text("reportBug") };
  };
  return {
    language,
    interactive: !plain && isatty(stderr.fd),
    columns: () => stderr.columns || USUAL.columns,
    rows: () => stderr.rows || USUAL.rows,
    text,
    message: (message) => printable(render(message, language)),
    warning: (message) => text("warning", { text: render(message, language) }),
    errorJson,
    explain: (error) => {
      const { message, hint } = errorJson(error);
      return [text("error", { text: message }), text("hint", { text: hint })].join("\n");
    },
    result: (line) => print(`${printable(line)}\n`),
    table: (head, rows) => {
      const table = formatTable([head, ...rows].map((row) => row.map(printable)));
      // Only a terminal has columns.
      const isNarrow = stdout.columns > 0 && widthOf(table) > stdout.columns;
      print(`${isNarrow ? printable(formatBlocks(head, rows)) : table}\n`);
    },
    file: (content) => print(isatty(stdout.fd) ? printable(content) : content),
    // \uXXXX means the same inside a JSON text.
    json: (value) => {
      printedJson = true;
      print(`${printable(JSON.stringify(value, null, 2))}\n`);
    },
    hasJson: () => printedJson,
    note: (line) => (sink === undefined ? void stderr.write(`${printable(line)}\n`) : sink(line)),
    divertNotes: (next) => (sink = next),
  };
}

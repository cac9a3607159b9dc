/** A yes-or-no question, asked only where somebody can answer it. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { MirrorError } from "../messages/errors.ts";
import type { Context } from "./command.ts";

export interface AskOptions {
  /** What an empty answer means. */
  readonly fallback?: string | undefined;
  /** The answer is not shown. */
  readonly hidden?: boolean;
}

/** Asks for a line, and again while the answer is empty and nothing stands for that. Throws `interrupted`. */
export type Ask = (question: string, options?: AskOptions) => Promise<string>;

/** Opens the terminal for questions. `close` gives it back. */
export function openQuestions({ terminal, signal }: Pick<Context, "terminal" | "signal">): {
  readonly ask: Ask;
  readonly close: () => void;
} {
  let isHidden = false;
  const echo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  const reader = createInterface({ input: process.stdin, output: echo, terminal: true });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ask: Ask = async (question, { fallback, hidden = false } = {}) => {
    const shown = fallback === undefined || fallback === "" ? question : `${question} [${fallback}]`;
    for (;;) {
      const prompt = `${terminal.text("questionLine", { text: shown })} `;
      if (hidden) process.stderr.write(prompt);
      isHidden = hidden;
      try {
        const answer = (await reader.question(hidden ? "" : prompt, { signal })).trim();
        if (hidden) process.stderr.write("\n");
        if (answer !== "") return answer;
        if (fallback !== undefined) return fallback;
      } catch (error) {
        if (signal.aborted) throw new MirrorError("interrupted", {}, { cause: error });
        throw error;
      } finally {
        isHidden = false;
      }
    }
  };
  return { ask, close: () => reader.close() };
}

/**
 * Whether to go on. `question` is its text, or a function that finds the text, called only where the question is asked.
 * Asks on a terminal, where anything but `y` or `yes` is no; answers yes by itself with `--yes`, with `--json`, and where
 * there is no terminal. Throws `interrupted` when Ctrl-C is pressed at the question.
 */
export async function confirm(
  { config, terminal, signal }: Context,
  question: string | (() => Promise<string>),
): Promise<boolean> {
  if (config.yes || config.json || !terminal.interactive || !process.stdin.isTTY) return true;
  const text = typeof question === "string" ? question : await question();
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // In raw mode the terminal hands Ctrl-C to the reader; it means the same as everywhere else.
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await reader.question(`${terminal.text("question", { text })} `, { signal });
    if (/^\s*(?:y|yes|是)\s*$/i.test(answer)) return true;
    terminal.note(terminal.text("declined"));
    return false;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    reader.close();
  }
}

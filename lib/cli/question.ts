/** A yes-or-no question, asked only where somebody can answer it. */
import { createInterface } from "node:readline/promises";
import type { Context } from "./command.ts";

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

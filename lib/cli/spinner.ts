/** A single step that takes a while and has nothing to report meanwhile. */
import { printable } from "./format.ts";
import type { Terminal } from "./output.ts";

/** Does `work` under a spinner that says `text`; without a terminal nothing is shown. Gives and throws what `work` does. */
export async function withSpinner<T>({ interactive }: Terminal, text: string, work: () => Promise<T>): Promise<T> {
  if (!interactive) return work();
  const { default: ora } = await import("ora");
  const spinner = ora({ text: printable(text), stream: process.stderr, discardStdin: false }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}

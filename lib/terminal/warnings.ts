/** What compose would warn about, once each. */
import type { ComposeWarning } from "../compose/project.ts";
import type { Terminal } from "./terminal.ts";
import type { TextKey } from "./texts-en.ts";

export function warn(terminal: Terminal, warnings: readonly ComposeWarning[]): void {
  const lines = warnings.map(({ code, values }) => terminal.text(`warning-${code}` as TextKey, values));
  for (const line of new Set(lines)) terminal.note(`${terminal.text("warning")} ${line}`);
}

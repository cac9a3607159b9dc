import { openTerminal, type Terminal } from "../../lib/cli/output.ts";

/** A terminal that is none, and the lines that it was given for the user. */
export function plainTerminal(): { readonly terminal: Terminal; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const write = (text: string): boolean => lines.push(...text.trimEnd().split("\n")) > 0;
  const stderr = { fd: -1, write } as unknown as NodeJS.WriteStream & { readonly fd: number };
  return { terminal: openTerminal({ language: "en", stderr, stdout: stderr }), lines };
}

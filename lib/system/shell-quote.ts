/**
 * A command as text for a POSIX shell: ssh carries one string, which the login shell of the host reads, and the
 * generated scripts carry names. This is the only place that makes such text; every argument is either harmless as it
 * stands or stands in single quotes.
 */

const HARMLESS = /^[A-Za-z0-9_@+:,./-]+$/;

/** `argument` so that a POSIX shell reads it back as one word with the same characters. NUL cannot be carried. */
export function quote(argument: string): string {
  return HARMLESS.test(argument) ? argument : singleQuoted(argument);
}

/** The same, in single quotes even where none are needed. */
export function singleQuoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The words of `command`, quoted, as one line for a POSIX shell; it can be pasted into a terminal. */
export function commandLine(command: readonly string[]): string {
  return command.map(quote).join(" ");
}

/** Tables, and text that is safe on a terminal. */
import displayWidth from "string-width";

/** Rows as columns two blanks apart; the last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + " ".repeat(widths[column]! - displayWidth(cell)))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

/** The columns that the widest of `lines` takes. */
export function widthOf(lines: string): number {
  return Math.max(...lines.split("\n").map((line) => displayWidth(line)));
}

/**
 * The rows of a table below each other, for a terminal that is narrower than the table: the first cell, then each other
 * one that is not empty beside its head.
 */
export function formatBlocks(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const blocks = rows.map(([first = "", ...cells]) => {
    const named = cells.map((cell, index) => [`  ${head[index + 1]}`, cell]).filter(([, cell]) => cell !== "");
    return named.length === 0 ? first : `${first}\n${formatTable(named)}`;
  });
  return blocks.join("\n");
}

/** `text` safe to show: control characters, which a hostile name could carry, are escaped. */
export function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

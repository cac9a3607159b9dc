/** HTML and SVG as text: whatever comes from outside is escaped where it enters, and only `Markup` is taken as it is. */
import { printable } from "../../format.ts";

/** Text that is markup already. */
export interface Markup {
  readonly markup: string;
}

type Content = Markup | string | number | undefined | readonly Content[];

/** `text` as the content of an element or a quoted attribute; control characters are shown, not obeyed. */
function escape(text: string): string {
  return printable(text).replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Markup from a template; every value that is no markup is escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: parts.map((part, index) => part + content(values[index])).join("") };
}

function content(value: Content): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  if (typeof value === "string") return escape(value);
  return "markup" in value ? value.markup : value.map(content).join("");
}

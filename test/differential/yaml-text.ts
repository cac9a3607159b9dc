/** YAML as a tree that knows how it is to be written: what the generator makes and `write` turns into text. */

export type Style = "plain" | "single" | "double" | "literal" | "folded";

interface Marks {
  readonly anchor?: string;
  readonly tag?: string;
}

export type Node =
  | (Marks & { readonly kind: "scalar"; readonly text: string; readonly style: Style })
  | (Marks & { readonly kind: "mapping"; readonly entries: readonly Entry[]; readonly flow: boolean })
  | (Marks & { readonly kind: "sequence"; readonly items: readonly Node[]; readonly flow: boolean })
  | { readonly kind: "alias"; readonly to: string };

export interface Entry {
  readonly key: string;
  readonly value: Node;
  /** A comment after it, or a line before it, where the form allows one. */
  readonly comment?: string;
  readonly before?: string;
}

export function scalar(text: string, style: Style = "plain"): Node {
  return { kind: "scalar", text, style };
}

export function mapping(entries: readonly Entry[], flow = false): Node {
  return { kind: "mapping", entries, flow };
}

export function sequence(items: readonly Node[], flow = false): Node {
  return { kind: "sequence", items, flow };
}

/** A block mapping as text. */
export function write(entries: readonly Entry[]): string {
  return entries.map((entry) => writeEntry(entry, 0)).join("");
}

function writeEntry({ key, value, comment = "", before = "" }: Entry, indent: number): string {
  return `${before}${" ".repeat(indent)}${key}:${writeValue(value, indent, comment)}`;
}

/** What follows a `key:` or a `-`, its line break included. */
function writeValue(node: Node, indent: number, comment: string): string {
  const marks = marksOf(node);
  const inner = indent + 2;
  if (node.kind === "mapping" && !node.flow && node.entries.length > 0) {
    return `${marks}${comment}\n${node.entries.map((entry) => writeEntry(entry, inner)).join("")}`;
  }
  if (node.kind === "sequence" && !node.flow && node.items.length > 0) {
    return `${marks}${comment}\n${node.items.map((item) => `${" ".repeat(inner)}-${writeValue(item, inner, "")}`).join("")}`;
  }
  if (node.kind === "scalar" && (node.style === "literal" || node.style === "folded")) {
    return `${marks} ${node.style === "literal" ? "|-" : ">-"}\n${" ".repeat(inner)}${node.text}\n`;
  }
  return ` ${inFlow(node)}${comment}\n`;
}

function marksOf(node: Node): string {
  if (node.kind === "alias") return "";
  return `${node.anchor === undefined ? "" : ` &${node.anchor}`}${node.tag === undefined ? "" : ` ${node.tag}`}`;
}

/** A node on one line. A plain scalar is quoted where the form asks for it. */
function inFlow(node: Node): string {
  const marks = `${marksOf(node)} `.trimStart();
  switch (node.kind) {
    case "alias":
      return `*${node.to}`;
    case "mapping":
      // A key that is an alias's neighbour needs its space: `*a : b` is not used as a key here.
      return `${marks}{${node.entries.map(({ key, value }) => `${key}: ${inFlow(value)}`).join(", ")}}`;
    case "sequence":
      return `${marks}[${node.items.map(inFlow).join(", ")}]`;
    default:
      return marks + writeScalar(node.text, node.style);
  }
}

function writeScalar(text: string, style: Style): string {
  if (style === "double") return JSON.stringify(text);
  const isPlain = style === "plain" && !/[{}[\],]|: |#|^[!&*'"%@`|>-]|^$/.test(text);
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`;
}

/** The tree as JSON, which compose reads too; its aliases and marks must be none. */
export function writeJson(entries: readonly Entry[]): string {
  return `${JSON.stringify(plainOf(mapping(entries)), null, 2)}\n`;
}

function plainOf(node: Node): unknown {
  switch (node.kind) {
    case "mapping":
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]));
    case "sequence":
      return node.items.map(plainOf);
    case "scalar":
      return node.style === "plain" && /^(?:true|false|null|\d+)$/.test(node.text) ? JSON.parse(node.text) : node.text;
    default:
      throw new Error(`*${node.to} has no place in JSON`);
  }
}

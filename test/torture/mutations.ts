/** How a good input becomes a bad one: by characters, by lines, and for JSON by its values. */
import type { Choices } from "../differential/choices.ts";

/** What parsers trip over: marks of every grammar read here, controls, long and odd Unicode text, large numbers. */
const PIECES: readonly string[] = [
  ...Array.from(" \t\n\r\0:=@/\\.-_#$%&*!?,;|<>[]{}()\"'`~^+0aZ"),
  "\u001B[31m",
  "\u0085",
  "\u2028",
  "\u202E",
  "\uFEFF",
  "\uD800",
  "ü",
  "镜像",
  "😀",
  "//",
  "..",
  "../",
  "::",
  "@@",
  "$$",
  "${",
  "${A",
  "${A:-",
  "${A:?",
  "}",
  "${A:-${B:-${C}}}",
  "<<: *a\n",
  "&a ",
  "*a",
  "!reset ",
  "!override ",
  "!!binary ",
  "? ",
  "- ",
  "\n---\n",
  "\n...\n",
  "|\n",
  "null",
  "~",
  "true",
  "[]",
  "{}",
  "-1",
  "0",
  "1e400",
  "NaN",
  "9007199254740993",
  "99999999999999999999",
  "__proto__",
  "constructor",
  "toString",
  "sha256:",
  "x".repeat(300),
  "((((((((((",
  "[[[[[[[[[[[[[[[[",
  "a:\n".repeat(30),
  "%41%00%zz",
  "https://",
  "localhost:5000/",
];

const VALUES: readonly unknown[] = [
  null,
  [],
  {},
  "",
  0,
  -1,
  1.5,
  1e300,
  true,
  "x",
  "__proto__",
  "\u0000\n\u001B[0m",
  [null],
  [[]],
  [{}],
  { a: null },
  "9".repeat(40),
];

/** A mutation of one of `seeds`. With `asJson` half of them change values and keep the text JSON. */
export function mutated(seeds: readonly string[], choices: Choices, asJson: boolean): string {
  let text = choices.pick(seeds);
  if (asJson && choices.chance(60)) {
    const changed = mutatedJson(text, choices);
    if (changed !== undefined) return changed;
  }
  for (let rounds = choices.below(4) + 1; rounds > 0; rounds--) text = once(text, seeds, choices);
  return text;
}

function once(text: string, seeds: readonly string[], choices: Choices): string {
  const at = choices.below(text.length + 1);
  const length = choices.below(choices.chance(20) ? text.length + 1 : 8);
  const part = text.slice(at, at + length);
  switch (choices.below(8)) {
    case 0:
      return text.slice(0, at) + choices.pick(PIECES) + text.slice(at);
    case 1:
      return text.slice(0, at) + choices.pick(PIECES) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + part.repeat(choices.below(20) + 1) + text.slice(at);
    case 4: {
      const other = choices.pick(seeds);
      return text.slice(0, at) + other.slice(choices.below(other.length + 1));
    }
    case 5:
      return (
        text.slice(0, at) + String.fromCharCode(choices.below(choices.chance(80) ? 256 : 65_536)) + text.slice(at + 1)
      );
    case 6:
      return mutatedLines(text, choices);
    default: {
      const to = choices.below(text.length + 1);
      return text.slice(0, to) + part + text.slice(to);
    }
  }
}

/** Lines swapped, dropped, indented, or with another value. */
function mutatedLines(text: string, choices: Choices): string {
  const lines = text.split("\n");
  const at = choices.below(lines.length);
  const line = lines[at]!;
  switch (choices.below(5)) {
    case 0:
      return lines.toSpliced(at, 1).join("\n");
    case 1:
      return lines.toSpliced(at, 0, choices.pick(lines)).join("\n");
    case 2:
      return lines.with(at, `  ${line}`).join("\n");
    case 3:
      return lines.with(at, line.replace(/^ {2}/, "")).join("\n");
    default:
      return lines
        .with(at, line.replace(/([:=|] ?).*$/, `$1${choices.pick(PIECES).replaceAll("$", "$$$$")}`))
        .join("\n");
  }
}

/** `text` with one value of its JSON replaced, dropped or doubled; `undefined` when it is not JSON. */
function mutatedJson(text: string, choices: Choices): string | undefined {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const top: Record<string, unknown> = { root };
  const visit = (holder: Record<string, unknown>): void => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      const value = holder[key];
      if (typeof value === "object" && value !== null) visit(value as Record<string, unknown>);
    }
  };
  visit(top);
  for (let rounds = choices.below(2) + 1; rounds > 0; rounds--) {
    const { holder, key } = choices.pick(places);
    const value = holder[key];
    switch (choices.below(5)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 1:
        holder[key] = typeof value === "string" ? once(value, [value], choices) : [value];
        break;
      default:
        holder[key] = structuredClone(choices.pick(VALUES));
    }
  }
  return JSON.stringify(top["root"] ?? null);
}

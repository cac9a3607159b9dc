/** The tables of messages: both languages say the same, in their own punctuation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../lib/config/commands.ts";
import { FLAGS, GROUPS } from "../../lib/config/flags.ts";
import { ERRORS } from "../../lib/messages/errors.ts";
import type { Advice, ErrorRow } from "../../lib/messages/error-row.ts";
import { fill, type Text, type Value } from "../../lib/messages/message.ts";
import { TEXTS } from "../../lib/messages/texts.ts";

const errors: readonly (readonly [string, ErrorRow])[] = Object.entries(ERRORS);
const hintsOf = ({ hint }: ErrorRow): readonly Advice[] => ("en" in hint ? [hint] : hint);
const rows: readonly (readonly [string, Text])[] = [
  ...errors.flatMap(([code, row]) => [[code, row] as const, ...hintsOf(row).map((hint) => [code, hint] as const)]),
  ...Object.entries(TEXTS),
];

/** `{name}` and `{name:format}`; a plural counts as a plain number, as Chinese has none. */
const places = (text: string): readonly string[] =>
  [
    ...new Set(
      [...text.matchAll(/\{([a-z]\w*)(:[^{}]+)?\}/g)].map(([, name, format = ""]) =>
        format.includes("|") ? name! : `${name}${format}`,
      ),
    ),
  ].toSorted();

test("both languages put the same values into a text, in the same form", () => {
  for (const [code, { en, zh }] of rows) assert.deepEqual(places(zh), places(en), code);
});

/** What a user types, or looks for on a screen, stays as it is in every language. */
const LITERALS =
  /(?<![\w-])--?[a-z][a-z-]*|\bMIRROR_[A-Z]+|\b[A-Z][A-Z_]+=\w+|(?:~|\/etc)\/[\w./-]+|[\w-]+\.(?:json|txt|yaml)\b|https?:\/\/[\w./-]*|docker-[a-z-]+/g;

function typed(text: string): readonly string[] {
  return [...new Set(text.match(LITERALS))].toSorted();
}

test("what a user types is the same in both languages", () => {
  for (const [code, row] of errors) {
    for (const { en, zh } of hintsOf(row)) assert.deepEqual(typed(zh), typed(en), code);
  }
});

test("no error ends in a period, and Chinese ones are Chinese", () => {
  for (const [code, row] of errors) {
    for (const { en, zh } of [row, ...hintsOf(row)]) {
      assert.doesNotMatch(`${en}\n${zh}`, /[.。]$/m, code);
      assert.match(zh, /\p{Script=Han}/u, code);
      assert.doesNotMatch(zh, /"|[,;:!?] |\p{Script=Han}[,;:!?()]/u, code);
    }
  }
});

test("no code is an error's and a text's", () => {
  const codes = new Set(Object.keys(ERRORS));
  assert.deepEqual(
    Object.keys(TEXTS).filter((code) => codes.has(code)),
    [],
  );
});

test("flags and commands are explained in both languages", () => {
  for (const [name, { en, zh }] of [FLAGS, GROUPS, COMMANDS].flatMap((table) => Object.entries<Text>(table))) {
    assert.match(en, /^[\x20-\x7E…]+$/, name);
    assert.match(zh, /\p{Script=Han}/u, name);
  }
});

/** A value of each format, none of which is an English sentence. */
function sentinelOf(format: string | undefined): Value {
  if (format === "list" || format === "names") return ["«a»", "«b»"];
  if (format === "cause") return { theirs: "«cause»" };
  return format === undefined ? "«value»" : 3;
}

test("no Chinese text holds an English sentence", () => {
  const texts = [...rows, ...[FLAGS, GROUPS, COMMANDS].flatMap((table) => Object.entries<Text>(table))];
  for (const [code, { zh }] of texts) {
    const values = Object.fromEntries(
      [...zh.matchAll(/\{([a-z]\w*)(?::([^{}]+))?\}/g)].map(([, name, format]) => [name!, sentinelOf(format)]),
    );
    const shown = fill(zh, values, "zh");
    assert.doesNotMatch(shown, /\{[a-z]\w*[:}]/, code);
    // What a user types or looks for in another program's output stands in quotes or is a command.
    const prose = shown
      .replace(LITERALS, "·")
      .replaceAll(/“[^”]*”|`[^`]*`|\b(?:docker|sudo|ssh|yum|apt|systemctl)\b[\w ./-]*/g, "·");
    assert.doesNotMatch(prose, /\b[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}\b/, code);
  }
});

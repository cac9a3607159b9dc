import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAGS } from "../../lib/config/config.ts";
import { type ErrorCode, ERRORS } from "../../lib/messages/errors.ts";
import { TEXTS_EN, type TextKey } from "../../lib/messages/texts-en.ts";
import { ERRORS_ZH, TEXTS_ZH } from "../../lib/messages/texts-zh.ts";

const places = (text: string): readonly string[] =>
  [...new Set([...text.matchAll(/(?<!\$)\{(\w+)\}/g)].map(([, name]) => name!))].toSorted();
const codes = Object.keys(ERRORS) as readonly ErrorCode[];
const messages = (errors: Readonly<Record<ErrorCode, { readonly says: string; readonly fix: string }>>) =>
  codes.flatMap((code) => [errors[code].says, errors[code].fix]);
const keys = Object.keys(TEXTS_EN) as readonly TextKey[];

test("both languages have the same errors and texts", () => {
  assert.deepEqual(Object.keys(ERRORS_ZH).toSorted(), codes.toSorted());
  assert.deepEqual(Object.keys(TEXTS_ZH).toSorted(), keys.toSorted());
});

test("both languages put the same values into an error", () => {
  for (const code of codes) {
    for (const part of ["says", "fix"] as const) {
      assert.deepEqual(places(ERRORS_ZH[code][part]), places(ERRORS[code][part]), `${code}.${part}`);
    }
  }
});

test("both languages put the same values into a text", () => {
  for (const key of keys) assert.deepEqual(places(TEXTS_ZH[key]), places(TEXTS_EN[key]), key);
});

/** What a user types, or looks for on a screen, stays as it is in every language. */
const LITERALS =
  /(?<![\w-])--?[a-z][a-z-]*|\bMIRROR_[A-Z]+|\b[A-Z][A-Z_]+=\w+|(?:~|\/etc)\/[\w./-]+|[\w-]+\.(?:json|txt|yaml)\b|https?:\/\/[\w./-]*|docker-[a-z-]+/g;

test("what a user types is the same in both languages", () => {
  for (const code of codes) {
    const typed = (text: string): readonly string[] => [...new Set(text.match(LITERALS))].toSorted();
    assert.deepEqual(typed(ERRORS_ZH[code].fix), typed(ERRORS[code].fix), code);
  }
});

test("no message ends in a period, and Chinese ones are Chinese", () => {
  for (const text of [...messages(ERRORS), ...messages(ERRORS_ZH)]) assert.doesNotMatch(text, /[.。]$/);
  for (const text of messages(ERRORS_ZH)) {
    assert.match(text, /\p{Script=Han}/u);
    assert.doesNotMatch(text, /"|[,;:!?] |\p{Script=Han}[,;:!?()]/u, text);
  }
});

test("every flag is explained", () => {
  assert.deepEqual(
    Object.keys(FLAGS).filter((flag) => !(`flag-${flag}` in TEXTS_EN)),
    [],
  );
});

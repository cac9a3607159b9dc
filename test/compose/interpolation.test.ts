import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeDollars, interpolate, variablesIn } from "../../lib/compose/interpolation.ts";
import { MirrorError } from "../../lib/messages/errors.ts";

const VALUES: Readonly<Record<string, string>> = { FOO: "first", EMPTY: "", BAR: "bar", Mixed_1: "mixed" };

function fill(text: string): string {
  return interpolate(text, (name) => VALUES[name]);
}

const good: readonly [template: string, value: string][] = [
  ["plain", "plain"],
  ["$FOO", "first"],
  ["${FOO}", "first"],
  ["$Mixed_1-x", "mixed-x"],
  ["${FOO}${BAR}", "firstbar"],
  ["a$UNSET.b", "a.b"],
  ["${UNSET}", ""],
  ["${UNSET:-d}", "d"],
  ["${EMPTY:-d}", "d"],
  ["${UNSET-d}", "d"],
  ["${EMPTY-d}", ""],
  ["${FOO:-d}", "first"],
  ["${UNSET:-}", ""],
  ["${FOO:+yes}", "yes"],
  ["${EMPTY:+yes}", ""],
  ["${EMPTY+yes}", "yes"],
  ["${UNSET+yes}", ""],
  ["${FOO:?no}", "first"],
  ["${EMPTY?no}", ""],
  ["${UNSET:-${BAR}}", "bar"],
  ["${UNSET:-$BAR}", "bar"],
  ["${UNSET:-${EMPTY:-${BAR:-x}}}", "bar"],
  ["${UNSET:-${EMPTY:-x}-y}", "x-y"],
  ["${UNSET:-a:-b}", "a:-b"],
  ["${UNSET-a:-b}", "a:-b"],
  ["${UNSET:-a}/${UNSET:-b}", "a/b"],
  ["${FOO:-a}}", "first}"],
  ["${UNSET:-http://x:80/?a=b}", "http://x:80/?a=b"],
  ["$$FOO", "$FOO"],
  ["$${FOO}", "${FOO}"],
  ["$$$FOO", "$first"],
  ["${UNSET:-$$}", "$"],
  ["5$ and $", "5$ and $"],
  ["$1", "$1"],
  ["${UNSET:-{}}", "{}"],
  ["${UNSET:-a}\n${FOO}", "a\nfirst"],
];

for (const [template, value] of good) {
  test(`${JSON.stringify(template)} becomes ${JSON.stringify(value)}`, () => {
    assert.equal(fill(template), value);
  });
}

const bad = ["${}", "${FOO", "${1}", "${FOO!x}", "${FOO bar}", "a ${ b", "${UNSET:-${BAR}", "${UNSET:-a\nb}", "${-x}"];

for (const template of bad) {
  test(`${JSON.stringify(template)} is not a template`, () => {
    assert.throws(
      () => fill(template),
      (thrown) => thrown instanceof MirrorError && thrown.code === "interpolation-invalid",
    );
  });
}

const required: readonly [template: string, reason: string][] = [
  ["${UNSET:?set it}", "set it"],
  ["${EMPTY:?}", "it must be set"],
  ["${UNSET?say $BAR}", "say bar"],
  ["x${FOO}${UNSET?why}", "why"],
];

for (const [template, reason] of required) {
  test(`${template} is an error that says why`, () => {
    assert.throws(
      () => fill(template),
      (thrown) =>
        thrown instanceof MirrorError &&
        thrown.code === "variable-required" &&
        thrown.message.includes(`is missing a value: ${reason} (`),
    );
  });
}

test("unset variables are reported where they become empty, and nowhere else", () => {
  const unset: string[] = [];
  const empty: string[] = [];
  interpolate("$A ${B} ${C:-x} ${D:+x} ${E-${F}} $FOO", (name) => VALUES[name], {
    onUnset: (name) => unset.push(name),
    onEmpty: (names) => empty.push(names.join("+")),
  });
  assert.deepEqual(unset, ["A", "B", "F"]);
  assert.deepEqual(empty, ["A", "B", "D", "E+F"]);
});

test("variables that multiply, and endless braces, are refused", () => {
  const big = "x".repeat(1 << 16);
  assert.throws(() => interpolate("$A".repeat(1000), () => big), MirrorError);
  assert.throws(() => interpolate("${A:-".repeat(50_000), () => undefined), MirrorError);
  assert.throws(() => interpolate(`${"${A:-".repeat(50_000)}${"}".repeat(50_000)}`, () => undefined), MirrorError);
});

test("the names of variables in a template", () => {
  assert.deepEqual(variablesIn("$A/${B:-$C}:$$D-${A}"), ["A", "B", "C"]);
});

test("an escaped text comes back as it was", () => {
  assert.equal(fill(escapeDollars("a$FOO$$${x")), "a$FOO$$${x");
});

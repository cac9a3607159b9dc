import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEnvFile, isText, parseEnvFile } from "../../lib/compose/env-file.ts";
import { MirrorError } from "../../lib/messages/errors.ts";

const ENVIRONMENT: Readonly<Record<string, string>> = { OUTER: "outer", WINS: "environment" };

function parse(text: string): Record<string, string> {
  return Object.fromEntries(parseEnvFile(text, (name) => ENVIRONMENT[name], ".env"));
}

const good: readonly [what: string, text: string, values: Record<string, string>][] = [
  ["plain", "A=1\nB=two words\n", { A: "1", B: "two words" }],
  ["no last line break", "A=1", { A: "1" }],
  ["empty values", "A=\nB=\n", { A: "", B: "" }],
  ["spaces around", "  A = 1 \n\tB=\t2\t\n", { A: "1", B: "2" }],
  ["blank lines and comments", "\n# A=0\n  # B\nA=1\n\n", { A: "1" }],
  ["a comment after a value", "A=1 # one\nB=1#two\nC=#x\n", { A: "1", B: "1#two", C: "#x" }],
  ["a colon", "A: 1\nB:2\n", { A: "1", B: "2" }],
  ["export", "export A=1\nexport\tB=2\nexportC=3\n", { A: "1", B: "2", exportC: "3" }],
  ["carriage returns", "A=1\r\nB='2'\r\nC=\"3\"\r\n", { A: "1", B: "2", C: "3" }],
  ["a byte order mark", "\uFEFFA=1", { A: "1" }],
  ["double quotes", 'A="a b # c" # d\nB="x"\n', { A: "a b # c", B: "x" }],
  ["single quotes are literal", "A='$OUTER ${X:-y} \\n # x'\n", { A: "$OUTER ${X:-y} \\n # x" }],
  ["escaped quotes", 'A="say \\"hi\\""\nB=\'it\\\'s\'\n', { A: 'say "hi"', B: "it's" }],
  ["escapes in double quotes", 'A="a\\tb\\nc\\\\d\\q"', { A: "a\tb\nc\\d\\q" }],
  ["no escapes without quotes", "A=a\\tb", { A: "a\\tb" }],
  ["octal escapes", 'A="\\0101\\01"', { A: "A\\1" }],
  ["several lines", "A=\"one\ntwo\"\nB='three\n# four'\nC=5\n", { A: "one\ntwo", B: "three\n# four", C: "5" }],
  ["expansion", 'A=1\nB=${A}2\nC="$B-$OUTER"\n', { A: "1", B: "12", C: "12-outer" }],
  ["defaults", "A=${NOPE:-d}\nB=${A:+set}\n", { A: "d", B: "set" }],
  ["a dollar that stays", "A=\"\\$OUTER\"\nB=$$OUTER\nC='$OUTER'\n", { A: "$OUTER", B: "$OUTER", C: "$OUTER" }],
  ["the environment wins in expansion", "WINS=file\nA=$WINS\n", { WINS: "file", A: "environment" }],
  ["a name alone is inherited or left out", "OUTER\nNOPE\nA=1\n", { OUTER: "outer", A: "1" }],
  ["the last value of a name counts", "A=1\nA=2\n", { A: "2" }],
  ["dots, dashes and brackets in names", "a.b-c[0]=1\n", { "a.b-c[0]": "1" }],
  ["an equals sign in a value", "A=b=c\n", { A: "b=c" }],
  ["quotes inside a plain value", `A=a"b'c\n`, { A: `a"b'c` }],
  [
    "Dify's profiles",
    "VECTOR_STORE=qdrant\nCOMPOSE_PROFILES=${VECTOR_STORE:-weaviate},${DB_TYPE:-postgresql}\n",
    { VECTOR_STORE: "qdrant", COMPOSE_PROFILES: "qdrant,postgresql" },
  ],
];

for (const [what, text, values] of good) {
  test(`env file: ${what}`, () => {
    assert.deepEqual(parse(text), values);
  });
}

const bad: readonly [what: string, text: string, code: string, line?: number][] = [
  ["a name with a space", "A=1\nB C=2\n", "env-file-invalid", 2],
  ["a character no name has", "A=1\n\n{B}=2\n", "env-file-invalid", 3],
  ["a name that is no text", "A=1\n\uDCD6\uDCD0=2\n", "env-file-invalid", 2],
  ["a quote without end", "A=1\nB='x\ny\n", "env-file-invalid", 2],
  ["a bad template", "A=${\n", "interpolation-invalid"],
  ["a required variable", "A=${NOPE:?say it}\n", "variable-required"],
];

for (const [what, text, code, line] of bad) {
  test(`env file refused: ${what}`, () => {
    assert.throws(
      () => parse(text),
      (thrown) =>
        thrown instanceof MirrorError && thrown.code === code && (line === undefined || thrown.values["line"] === line),
    );
  });
}

const bytes: readonly [what: string, bytes: readonly number[], text: string][] = [
  ["ASCII", [0x41, 0x3d, 0x31], "A=1"],
  ["UTF-8 of two, three and four bytes", [...Buffer.from("é中🐳")], "é中🐳"],
  ["U+FFFD itself", [...Buffer.from("a\uFFFD")], "a\uFFFD"],
  ["GBK", [0x41, 0xd6, 0xd0, 0x0a], "A\uDCD6\uDCD0\n"],
  ["GBK beside UTF-8 and U+FFFD", [...Buffer.from("中\uFFFD"), 0xd6, 0x41], "中\uFFFD\uDCD6A"],
  ["a character cut short by the end, by a line break", [0xe4, 0xbd, 0x0a, 0xe4, 0xbd], "\uDCE4\uDCBD\n\uDCE4\uDCBD"],
  [
    "too long a form, a surrogate, beyond Unicode",
    [0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80],
    "À¯í\xa0\x80ô\x90\x80\x80",
  ],
  ["UTF-16, which compose does not read", [0xff, 0xfe, 0x41, 0x00], "\uDCFF\uDCFEA\u0000"],
];

for (const [what, given, text] of bytes) {
  test(`bytes of an env file: ${what}`, () => {
    const isLatin = what.startsWith("too long");
    const expected = isLatin ? text.replace(/./gs, (each) => String.fromCharCode(0xdc00 + each.charCodeAt(0))) : text;
    assert.equal(decodeEnvFile(Uint8Array.from(given)), expected);
    assert.equal(isText(decodeEnvFile(Uint8Array.from(given))), !/GBK|cut|too long|UTF-16/.test(what));
  });
}

test("values known from earlier files take part, and are written over", () => {
  const known = new Map([["A", "1"]]);
  const values = parseEnvFile("B=$A\nA=2\nC=$A\n", () => undefined, ".env", known);
  assert.deepEqual(Object.fromEntries(values), { A: "2", B: "1", C: "2" });
  assert.equal(known.get("A"), "1");
});

test("an env file whose values multiply is refused", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `A${index + 1}=${`$A${index}`.repeat(8)}`);
  assert.throws(() => parse(`A0=xxxxxxxx\n${lines.join("\n")}\n`), MirrorError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSettings, parseSettings } from "../../lib/config/settings.ts";

for (const [written, value] of [
  ["Aa$9kQ#x!7", "Aa$9kQ#x!7"],
  ["p$$w0rd", "p$$w0rd"],
  ["中文密码 #1", "中文密码 #1"],
  ["'Ab$Cd9#e'", "Ab$Cd9#e"],
  ['"p\\w$HOME"', "p\\w$HOME"],
  ['" kept "', " kept "],
  ["  trimmed\u3000", "trimmed"],
  ["it's", "it's"],
  ["'", "'"],
  ["a=b", "a=b"],
  ["${X:-y}", "${X:-y}"],
  ["", ""],
] as const) {
  test(`NAME=${written} is read literally`, () => {
    for (const line of [`NAME=${written}\n`, `\uFEFFexport NAME=${written}\r\n`, ` NAME =${written}`]) {
      assert.equal(parseSettings(line, "f").get("NAME"), value, line);
    }
  });
}

test("comments and empty lines are skipped; of a name that is there twice the last counts", () => {
  assert.deepEqual([...parseSettings("# a\n\n  # b=c\nX=1\nX=2\n", "f")], [["X", "2"]]);
});

test("a line that is no setting is an error that names file and line, and not its text", () => {
  for (const text of ["A=1\nMIRROR_PASSWORD s3cret\n", "A=1\n=s3cret", "A=1\n\uFFFD\u0000"]) {
    assert.throws(() => parseSettings(text, "/x/.env"), {
      code: "settings-line",
      exit: 2,
      message: 'line 2 of "/x/.env" is not NAME=VALUE',
    });
  }
});

test("what is written is read as it was, quotes and blanks too", () => {
  for (const value of ["Aa$9kQ#x!7", " kept ", "'", '"', "'a'", '"a" b', "it's", "", "中文 #1", "a\\n"]) {
    const settings = new Map([["MIRROR_PASSWORD", value]]);
    assert.equal(parseSettings(formatSettings(settings), "f").get("MIRROR_PASSWORD"), value, value);
  }
});

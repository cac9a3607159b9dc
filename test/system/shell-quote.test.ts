import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, quote } from "../../lib/system/shell-quote.ts";
import { run } from "../../lib/system/process.ts";

const HOSTILE = [
  "",
  " ",
  "a b",
  "'",
  "''",
  "'\\''",
  '"',
  "$(id)",
  "`id`",
  "$HOME",
  "\\",
  "\\n",
  "a\nb",
  "\n",
  "*",
  "~",
  "~root",
  "!!",
  "#c",
  "a=b",
  "; exit 3",
  "&& false",
  "-n",
  "--",
  "{a,b}",
  "%s",
  "群组/文件",
  "\u0001\u007f",
  "<x>|y&",
];

/** Words of characters that mean something to a shell, the same ones in every run. */
function* randomWords(count: number): Generator<string> {
  const alphabet = "'\"\\$`!*?[](){}<>|&;#~=% \t\nab-/.";
  let seed = 7;
  for (let made = 0; made < count; made += 1) {
    let word = "";
    for (let length = made % 12; length > 0; length -= 1) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      word += alphabet[Math.floor((seed / 2 ** 31) * alphabet.length)];
    }
    yield word;
  }
}

test("a real shell reads every quoted word back as it was", async () => {
  const words = [...HOSTILE, ...randomWords(600)];
  const { code, stdout } = await run(["sh", "-c", commandLine(["printf", "%s\\0", ...words])]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\0").slice(0, -1), words);
});

test("quoting twice survives two shells", async () => {
  const inner = commandLine(["printf", "%s\\0", ...HOSTILE]);
  const { stdout } = await run(["sh", "-c", commandLine(["sh", "-c", inner])]);
  assert.deepEqual(stdout.split("\0").slice(0, -1), HOSTILE);
});

test("harmless words stay readable", () => {
  assert.equal(commandLine(["docker", "compose", "-f", "a-b.yaml", "up"]), "docker compose -f a-b.yaml up");
  assert.equal(quote("it's"), "'it'\\''s'");
});

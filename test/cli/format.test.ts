import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTable, printable } from "../../lib/cli/format.ts";
import { openTerminal } from "../../lib/cli/output.ts";
import { formatBytes, formatDuration } from "../../lib/messages/format.ts";

for (const [bytes, text] of [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [8_240_000, "8.2 MB"],
  [99_960_000, "100 MB"],
  [187_400_000, "187 MB"],
  [999_600_000, "1 GB"],
  [5e15, "5000 TB"],
] as const) {
  test(`${bytes} bytes are ${text}`, () => assert.equal(formatBytes(bytes), text));
}

for (const [ms, text] of [
  [400, "0.4 s"],
  [9_960, "10 s"],
  [59_600, "1 m 00 s"],
  [185_000, "3 m 05 s"],
  [3_720_000, "1 h 02 m"],
] as const) {
  test(`${ms} ms are ${text}`, () => assert.equal(formatDuration(ms), text));
}

test("columns line up, wide characters counted", () => {
  assert.equal(
    formatTable([
      ["镜像", "x"],
      ["abcdef", "y"],
      ["e\u0301🐳", "z"],
    ]),
    "镜像    x\nabcdef  y\ne\u0301🐳     z",
  );
});

test("control characters of a hostile name are shown, not sent", () => {
  assert.equal(printable("a\u001B[31mb\u0007\u202Ec\nd\té镜"), "a\\u001b[31mb\\u0007\\u202ec\nd\té镜");
});

test("a table that is wider than the terminal is shown row by row, elsewhere as it is", () => {
  const head = ["image", "at the mirror", "size"];
  const rows = [
    ["nginx", "r.example/team/nginx", "1 MB"],
    ["中文\u001B", "", ""],
  ];
  const shown = (columns: number | undefined): string => {
    let text = "";
    const write = (chunk: string): boolean => (text += chunk) !== "";
    const stdout = { fd: -1, columns, write } as unknown as NodeJS.WriteStream & { readonly fd: number };
    openTerminal({ language: "en", stdout, stderr: stdout }).table(head, rows);
    return text;
  };
  const table = "image       at the mirror         size\nnginx       r.example/team/nginx  1 MB\n中文\\u001b\n";
  assert.equal(shown(undefined), table);
  assert.equal(shown(38), table);
  assert.equal(shown(37), "nginx\n  at the mirror  r.example/team/nginx\n  size           1 MB\n中文\\u001b\n");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../../../lib/cli/report/board.ts";
import { Speed } from "../../../lib/cli/report/speed.ts";
import { ByteCount } from "../../../lib/engine/byte-count.ts";
import type { Terminal } from "../../../lib/cli/output.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import type { Transfer } from "../../../lib/mirror/transfers.ts";
import { plainTerminal } from "../../_helpers/plain-terminal.ts";

const blob = (letter: string, size: number) => ({ digest: `sha256:${letter.repeat(64)}`, size });

function transferOf(image: string): Transfer {
  const source = parseReference(image);
  return { source, target: source, platform: "linux/amd64", uses: [{ image, services: ["web"] }] };
}

function boardOf(names: readonly string[], size?: { readonly columns: number; readonly rows: number }) {
  const { terminal: plain } = plainTerminal();
  const terminal: Terminal =
    size === undefined ? plain : { ...plain, interactive: true, columns: () => size.columns, rows: () => size.rows };
  const transfers = names.map(transferOf);
  const bytes = new ByteCount();
  return { board: new Board(terminal, transfers, { step: "mirror", bytes }), transfers, bytes };
}

test("the line for all: distinct bytes, what was there, and no total before every image is known", () => {
  const { board, transfers, bytes } = boardOf(["a:1", "b:1"]);
  bytes.known.add(transfers[0]!);
  bytes.expect("up", [blob("a", 1000), blob("b", 500)]);
  bytes.had("up", blob("b", 500), 500);
  assert.deepEqual(board.summary(), ["500 B so far · 0/2 images · 500 B were there already"]);
  bytes.known.add(transfers[1]!);
  bytes.expect("up", [blob("a", 1000), blob("c", 500)]);
  bytes.reached("up", blob("a", 1000), 600);
  assert.match(board.summary()[0]!, /^1\.1 kB of 2 kB \(55 %\) · 0\/2 images · 500 B were there already$/);
  // Bytes that were lost are not there.
  bytes.reached("up", blob("a", 1000), 100);
  assert.match(board.summary()[0]!, /^600 B of 2 kB \(30 %\)/);
});

test("on a terminal: a bar, a row for each image, as many as there is room for, none wider than it", () => {
  for (const [columns, rows, shown] of [
    [80, 24, 14],
    [120, 40, 20],
    [40, 10, 3],
  ] as const) {
    const names = Array.from({ length: 20 }, (_, index) => `registry.example/a/long/name/of/an/image-${index}:latest`);
    const { board, transfers, bytes } = boardOf(names, { columns, rows });
    for (const transfer of transfers) {
      bytes.known.add(transfer);
      board.begin(transfer);
    }
    bytes.expect("up", [blob("a", 1000)]);
    bytes.reached("up", blob("a", 1000), 500);
    board.progress({ kind: "bytes", transfer: transfers[7]!, done: 250_000, total: 1_000_000 });
    const [bar] = board.summary();
    assert.match(bar!, /^█{12}░{12} 500 B of 1 kB \(50 %\)/);
    const lines = board.rows();
    assert.equal(lines.length, shown);
    assert.match(lines[0]!.text, /^↑ registry.* ██░{8} 250 kB \/ 1 MB$/);
    assert.deepEqual([lines[0]!.dim, lines[1]!.dim], [false, true]);
    if (shown < names.length) assert.match(lines.at(-1)!.text, /^and \d+ more$/);
    if (columns >= 80) for (const { text } of lines) assert.ok(text.length < columns, text);
  }
});

test("the speed is that of the last seconds", () => {
  const speed = new Speed();
  assert.equal(speed.at(0, 0), 0);
  assert.equal(speed.at(1000, 5000), 5000);
  for (let second = 2; second <= 6; second += 1) speed.at(second * 1000, 5000);
  assert.equal(speed.at(7000, 5000), 0, "nothing came for five seconds");
  assert.equal(speed.at(8000, 8000), 600);
});

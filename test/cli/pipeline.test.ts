import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { pipeline } from "../../lib/cli/pipeline.ts";
import { plainTerminal } from "../_helpers/plain-terminal.ts";

test("without a terminal the summary is shown now and then, and not again while it is the same", async () => {
  const { terminal, lines } = plainTerminal();
  const until = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await sleep(1);
  };
  await pipeline(
    terminal,
    [
      {
        title: "work",
        run: async (row) => {
          row.live(["1 of 2", "3 of 4"], [{ text: "a detail" }]);
          await until("  3 of 4");
          await sleep(20);
          row.note("half way");
          row.live(["2 of 2"]);
          await until("  2 of 2");
        },
      },
      { title: "nothing", skip: () => "not asked for", run: async () => {} },
    ],
    { summaryEvery: 2 },
  );
  assert.deepEqual(lines.slice(0, 5), ["> work", "  1 of 2", "  3 of 4", "  half way", "  2 of 2"]);
  assert.match(lines[5]!, /^= work \(/);
  assert.deepEqual(lines.slice(6), ["- nothing: not asked for"]);
});

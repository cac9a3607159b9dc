import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByCause, outcomeCounts } from "../../../lib/cli/report/images.ts";
import type { Outcome } from "../../../lib/engine/engine.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import { MirrorError } from "../../../lib/messages/errors.ts";
import { plainTerminal } from "../../_helpers/plain-terminal.ts";
import { theirs } from "../../../lib/messages/message.ts";

function failed(image: string, error: MirrorError): Outcome {
  const source = parseReference(image);
  const transfer = { source, target: source, platform: "linux/amd64", uses: [{ image, services: [] }] } as const;
  return { transfer, status: "failed", error };
}

test("each layer counts once, and what sharing saved is shown; without the layers nothing is", () => {
  const { terminal } = plainTerminal();
  const [layer, ...configs] = ["a", "b", "c"].map((letter, index) => ({
    mediaType: "m",
    digest: `sha256:${letter.repeat(64)}`,
    size: index === 0 ? 1000 : 10,
  }));
  const pushed = (config: number): Outcome => {
    const source = parseReference(`app:${config}`);
    const transfer = {
      source,
      target: source,
      platform: "linux/amd64",
      uses: [{ image: "app", services: [] }],
    } as const;
    return { transfer, status: "pushed", bytes: 1010, blobs: [layer!, configs[config]!] };
  };
  const both = [pushed(0), pushed(1)];
  assert.equal(outcomeCounts(terminal, both), "2 pushed, 1 kB, 1 kB saved by sharing");
  assert.equal(outcomeCounts(terminal, [both[0]!]), "1 pushed, 1 kB");
  const { blobs: _, ...unknown } = both[1]!;
  assert.equal(outcomeCounts(terminal, [both[0]!, unknown]), "2 pushed, 2 kB");
});

test("failures with one cause come together, those of one image alone", () => {
  const detail = theirs("no such host");
  const blocked = (host: string) => new MirrorError("registry-unreachable", { host, detail });
  const missing = (name: string) => new MirrorError("registry-not-found", { host: "a.example", name, detail });
  const groups = groupByCause([
    failed("a.example/one", blocked("a.example")),
    failed("a.example/two", missing("two")),
    failed("b.example/three", blocked("b.example")),
    failed("a.example/four", blocked("a.example")),
    failed("a.example/five", missing("five")),
  ]);
  assert.deepEqual(
    groups.map((group) => group.map(({ transfer }) => transfer.uses[0].image)),
    [["a.example/one", "a.example/four"], ["a.example/two"], ["b.example/three"], ["a.example/five"]],
  );
});

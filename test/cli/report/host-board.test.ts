import assert from "node:assert/strict";
import { test } from "node:test";
import { HostBoard } from "../../../lib/cli/report/host-board.ts";
import type { DeployStage } from "../../../lib/deploy/deploy.ts";
import { layerSizes, readPullLine } from "../../../lib/deploy/host/pull-progress.ts";
import type { DeployPlan } from "../../../lib/deploy/plan/plan.ts";
import { pullStep, type WantedImage } from "../../../lib/deploy/plan/steps.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import { plainTerminal } from "../../_helpers/plain-terminal.ts";

const layer = (letter: string, size: number) => ({ digest: `sha256:${letter.repeat(64)}`, size });

interface Pulled extends WantedImage {
  readonly layers: readonly ReturnType<typeof layer>[] | undefined;
}

function wanted(name: string, layers?: Pulled["layers"]): Pulled {
  const reference = parseReference(`r.example/team/${name}:1`);
  return { image: `r.example/team/${name}:1`, reference, services: [name], mirrored: true, refreshes: false, layers };
}

/** A board on which the pulls of `images` have started, and functions that give it further stages. */
function pulling(images: readonly Pulled[]) {
  const { terminal } = plainTerminal();
  const access = { kind: "docker", sudo: false } as unknown as Parameters<typeof pullStep>[0]["access"];
  const steps = images.map((image) => pullStep({ access }, { image, from: image.image }, undefined));
  const board = new HostBoard(terminal);
  const sizes = layerSizes(images.map(({ layers }) => layers));
  board.take({ kind: "planned", plan: { images, steps } as unknown as DeployPlan, layerSizes: sizes }, undefined);
  const said = (index: number, line: string): void => {
    const step = steps[index]!;
    const found = readPullLine(line);
    const stage: DeployStage = found ? { kind: "layer", step, layer: found } : { kind: "line", step, line };
    board.take(stage, undefined);
  };
  for (const step of steps) board.take({ kind: "started", step }, "pulling");
  const ended = (index: number): void => board.take({ kind: "finished", step: steps[index]! }, undefined);
  return { board, said, ended };
}

test("each layer counts once, and those that the host had before do not count", () => {
  const base = layer("a", 1000);
  const { board, said, ended } = pulling([
    wanted("web", [base, layer("b", 500)]),
    wanted("api", [base, layer("c", 30)]),
  ]);
  assert.match(board.summary(), /^0 of 2 images pulled · 0 B of 1\.5 kB at most$/);
  said(0, "aaaaaaaaaaaa: Pulling fs layer");
  said(1, "aaaaaaaaaaaa: Pulling fs layer");
  said(0, "bbbbbbbbbbbb: Already exists");
  said(0, "aaaaaaaaaaaa: Download complete");
  said(1, "aaaaaaaaaaaa: Download complete");
  said(1, "1: Pulling from team/api");
  said(1, "Status: Image is up to date");
  assert.match(board.summary(), /^0 of 2 images pulled · 1 kB of 1 kB at most · .*\/s on average$/);
  assert.match(board.rows()[1]!.text, /api:1 {2}Status: Image is up to date$/);
  ended(0);
  assert.match(board.summary(), /^1 of 2 images pulled/);
  ended(1);
  assert.deepEqual([board.summary(), board.rows()], ["pulling", []]);
});

test("an image whose layers are not known: layers are counted instead of bytes", () => {
  const { board, said } = pulling([wanted("web", [layer("a", 1000)]), wanted("built-elsewhere")]);
  assert.equal(board.summary(), "0 of 2 images pulled");
  said(0, "aaaaaaaaaaaa: Download complete");
  said(1, "dddddddddddd: Pulling fs layer");
  assert.equal(board.summary(), "0 of 2 images pulled · 1 of 2 layers");
});

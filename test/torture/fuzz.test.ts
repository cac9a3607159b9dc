/**
 * No input makes anything but an error of ours, and none takes long. FUZZ_CASES says how many cases (200,000 are about
 * two minutes), FUZZ_SEED which; FUZZ_TARGET and FUZZ_CASE run one of them again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWERS, cleanUp } from "./answers.ts";
import { fuzz } from "./fuzz.ts";
import { TEXTS } from "./texts.ts";

const { FUZZ_CASES, FUZZ_SEED, FUZZ_TARGET, FUZZ_CASE } = process.env;
const seed = Number(FUZZ_SEED ?? 1);
const cases = Number(FUZZ_CASES ?? 200_000);

test("no mutated input does more than be refused", async (t) => {
  t.after(cleanUp);
  const all = [...TEXTS, ...ANSWERS];
  const targets = FUZZ_TARGET === undefined ? all : all.filter(({ name }) => name === FUZZ_TARGET);
  assert.ok(targets.length > 0, `no target "${FUZZ_TARGET}"`);
  const started = Date.now();
  const result = await fuzz(targets, { seed, cases, only: FUZZ_CASE === undefined ? undefined : Number(FUZZ_CASE) });
  const count = [...result.cases.values()].reduce((sum, each) => sum + each, 0);
  t.diagnostic(`${count} cases, ${result.refused} refused, ${Date.now() - started} ms, seed ${seed}`);
  for (const [name, each] of result.cases) t.diagnostic(`${name}: ${each}`);
  const found = result.findings.map(
    ({ target, number, problem, input }) =>
      `FUZZ_SEED=${seed} FUZZ_TARGET=${JSON.stringify(target)} FUZZ_CASE=${number}: ${problem}\n  ${JSON.stringify(input)}`,
  );
  assert.deepEqual(found, []);
  // inputs that are all refused, or none, test nothing
  if (FUZZ_CASE === undefined && cases >= 10_000)
    assert.ok(result.refused > count / 20 && result.refused < count * 0.95);
});

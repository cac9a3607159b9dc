/**
 * Random projects, the same ones every time: RANDOM_PROJECTS says how many, RANDOM_SEED which is the first. A failure
 * is shrunk and printed as a text for the corpus.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Choices, shrink } from "./choices.ts";
import { differencesFromV2 } from "./compare.ts";
import { generate } from "./generate.ts";
import { configV2 } from "./real-compose.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { formatSample, type Sample } from "./sample.ts";

const COUNT = Number(process.env["RANDOM_PROJECTS"] ?? 2000);
const FIRST = Number(process.env["RANDOM_SEED"] ?? 1);
const AT_ONCE = 4;

async function differs(numbers: readonly number[]): Promise<boolean> {
  return (await differencesFromV2(generate(new Choices(numbers), "shrunk"))).length > 0;
}

async function explain(choices: Choices, found: readonly string[]): Promise<string> {
  const small = generate(new Choices(await shrink(choices.taken, differs)), "shrunk");
  const now = await differencesFromV2(small);
  return `${found.join("\n")}\n\nshrunk:\n${now.join("\n")}\n${formatSample(small)}`;
}

test(`${COUNT} random projects from seed ${FIRST} on`, async () => {
  let next = FIRST;
  const work = async (): Promise<void> => {
    while (next < FIRST + COUNT) {
      const seed = next++;
      const choices = new Choices(seed);
      const found = await differencesFromV2(generate(choices, `seed ${seed}`));
      if (found.length > 0) assert.fail(`seed ${seed}: ${await explain(choices, found)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

/** What every rule leaves in the text of a project that uses it. */
const RULES = [
  "extends:",
  "include:",
  "project_directory",
  "env_file",
  "profiles:",
  "depends_on:",
  "!reset",
  "!override",
  "<<:",
  "*img",
  "build:",
  "additional_contexts",
  "jobs:",
  "pre_start:",
  "type: image",
  "provider:",
  "platform:",
  "COMPOSE_FILE=",
  "--env-file",
  "--profile",
  ":-${B:-",
  ":+x}",
  "$$x",
  ">-",
  "|-",
  '"services": {',
  "\n---\n",
  "\r\n",
  "\uFEFF",
];

const isAccepted = ({ files, options }: Sample): Promise<boolean> =>
  inFolder(files, async (folder) => {
    const environment = { HOME: folder, ...options.environment };
    return "config" in (await configV2({ ...options, cwd: folder, profiles: ["*"], environment }));
  });

test("most random projects are such as compose accepts, and together they show every rule", async () => {
  const samples = Array.from({ length: 200 }, (_, index) => generate(new Choices(index + 1), ""));
  const accepted = await Promise.all(samples.map(isAccepted));
  const share = accepted.filter(Boolean).length / samples.length;
  assert.ok(share >= 0.7, `${share} of them`);
  const text = samples
    .filter((_, index) => accepted[index])
    .map(formatSample)
    .join("\n");
  for (const rule of RULES) {
    assert.ok(text.includes(rule), `no project has ${JSON.stringify(rule)}`);
  }
});

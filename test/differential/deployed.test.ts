/**
 * A project in the folder of a host: of random projects, exactly the files that a deploy would send are copied, and
 * docker compose must render the mirror compose file there as it renders the project here, but for images and absolute
 * paths. DEPLOYED_PROJECTS says how many, RANDOM_SEED which is the first.
 */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { load } from "../../lib/compose/load.ts";
import { rewrite } from "../../lib/compose/rewrite.ts";
import { isOutside, projectFiles } from "../../lib/deploy/files/project-files.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { Choices, shrink } from "./choices.ts";
import { comparable, expected, inside, targetsOf, unequal, write } from "./compare.ts";
import { generate } from "./generate.ts";
import { configV2, type Rendered } from "./real-compose.ts";
import { formatSample, type Sample } from "./sample.ts";

const COUNT = Number(process.env["DEPLOYED_PROJECTS"] ?? 100);
const FIRST = Number(process.env["RANDOM_SEED"] ?? 1);
const AT_ONCE = 4;

interface Comparison {
  /** What differs, in words. */
  readonly found: readonly string[];
  /** Names of what was copied beside the mirror compose file; absent when compose refuses the project. */
  readonly copied?: readonly string[];
}

function compareDeployed(sample: Sample): Promise<Comparison> {
  return inFolder(sample.files, async (folder) => {
    const options = { ...inside(folder, sample.options), profiles: ["*"] };
    const here = await configV2(options);
    const project = "refusal" in here ? undefined : await load(options);
    if ("refusal" in here || project === undefined) return { found: [] };
    const envFiles = options.envFiles.map((file) => relative(project.folder, resolve(options.cwd, file)));
    // A deploy refuses env files that have no place in the host's folder.
    if (envFiles.some(isOutside)) return { found: [] };

    const targets = targetsOf(project);
    const result = rewrite(project, targets);
    await write(result);
    const [main] = result.files;
    const mirror = await load({ ...options, files: [main.path] });
    const copied = (await projectFiles(mirror)).flatMap(({ name, content }) => (content === undefined ? [] : [name]));
    const parent = await realpath(await mkdtemp(join(tmpdir(), "host-")));
    try {
      const there = join(parent, basename(project.folder));
      for (const name of [basename(main.path), ...copied]) {
        await mkdir(dirname(join(there, name)), { recursive: true });
        await copyFile(join(project.folder, name), join(there, name));
      }
      const files = [join(there, basename(main.path))];
      const rendered = await configV2({ ...options, cwd: there, files, envFiles });
      if ("refusal" in rendered) return { found: [`compose refuses what is there: ${rendered.refusal}`], copied };
      const found = unequal(
        "deployed",
        comparable(inPlace(rendered.config, there), targets, project),
        expected(inPlace(here.config, project.folder), targets, project),
      );
      return { found, copied };
    } finally {
      await rm(parent, { recursive: true });
    }
  });
}

/** What compose rendered in `folder`, with a word for that folder. */
function inPlace(config: Rendered, folder: string): Rendered {
  return JSON.parse(JSON.stringify(config).replaceAll(folder, "/PROJECT")) as Rendered;
}

async function explain(choices: Choices, found: readonly string[]): Promise<string> {
  const differs = async (numbers: readonly number[]): Promise<boolean> =>
    (await compareDeployed(generate(new Choices(numbers), "shrunk"))).found.length > 0;
  const small = generate(new Choices(await shrink(choices.taken, differs)), "shrunk");
  const now = await compareDeployed(small);
  return `${found.join("\n")}\n\nshrunk:\n${now.found.join("\n")}\n${formatSample(small)}`;
}

/** What a file that is copied shows to have been tried, by its name. */
const KINDS = [
  /^\.env$/,
  /^env\.0$/,
  /base\.yml$/,
  /in\.yml$/,
  /inc\.env$/,
  /web\.env$/,
  /\.conf$/,
  /^configs/,
  /^secrets/,
];

test(`${COUNT} random projects from seed ${FIRST} on are the same where they are deployed`, async () => {
  let next = FIRST;
  const copied: string[] = [];
  const work = async (): Promise<void> => {
    while (next < FIRST + COUNT) {
      const seed = next++;
      const choices = new Choices(seed);
      const result = await compareDeployed(generate(choices, `seed ${seed}`));
      if (result.found.length > 0) assert.fail(`seed ${seed}: ${await explain(choices, result.found)}`);
      copied.push(...(result.copied ?? []));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const kind of KINDS)
    assert.ok(
      copied.some((name) => kind.test(name)),
      `no project needs ${kind.source}`,
    );
});

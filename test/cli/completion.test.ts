/** The completion scripts, read by the shells themselves where they are installed. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completionOf, type Shell } from "../../lib/cli/completion.ts";
import { COMMAND_NAMES } from "../../lib/config/commands.ts";
import { flagsOf } from "../../lib/config/flags.ts";
import { run } from "../../lib/system/process.ts";
import { inFolder } from "../_helpers/compose-folder.ts";

/** What bash offers for the words of a line, the last of them still being typed. */
async function offered(words: readonly string[]): Promise<readonly string[]> {
  const script = `set -u
compopt() { :; }
eval "$(cat)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_compose_mirror
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await run(["bash", "-c", script, "bash", ...words], {
    input: completionOf("bash", "en"),
  });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

const cases: readonly [words: readonly string[], offered: readonly string[]][] = [
  [["compose-mirror", ""], COMMAND_NAMES],
  [["compose-mirror", "ver"], ["verify"]],
  [["compose-mirror", "images", "--"], flagsOf("images").map((flag) => `--${flag}`)],
  [["compose-mirror", "mirror", "--eng"], ["--engine"]],
  [
    ["compose-mirror", "mirror", "--engine", ""],
    ["direct", "docker", "podman", "nerdctl"],
  ],
  [["compose-mirror", "mirror", "--engine", "po"], ["podman"]],
  [["compose-mirror", "mirror", "--host", ""], []],
  [["compose-mirror", "serve", "--eng"], []],
  [["compose-mirror", "completion", "z"], ["zsh"]],
];

for (const [words, expected] of cases) {
  test(`bash completes "${words.join(" ")}"`, async () => assert.deepEqual(await offered(words), expected));
}

for (const shell of ["bash", "zsh", "fish"] satisfies Shell[]) {
  const isThere = await run([shell, "-c", "exit 0"]).then(
    ({ code }) => code === 0,
    () => false,
  );
  test(`${shell} reads its script, in both languages`, { skip: !isThere }, () =>
    inFolder({}, async (folder) => {
      for (const language of ["en", "zh"] as const) {
        const file = join(folder, `completion.${language}`);
        writeFileSync(file, completionOf(shell, language));
        const { code, stderr } = await run([shell, "-n", file]);
        assert.deepEqual([code, stderr], [0, ""]);
      }
    }),
  );
}

test("every command and every flag of it is in each script", () => {
  for (const shell of ["zsh", "fish"] as const) {
    const script = completionOf(shell, "en");
    for (const name of COMMAND_NAMES) {
      assert.ok(script.includes(name), name);
      for (const flag of flagsOf(name))
        assert.ok(script.includes(shell === "zsh" ? `--${flag}[` : `-l ${flag} `), flag);
    }
  }
});

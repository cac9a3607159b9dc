import assert from "node:assert/strict";
import { test } from "node:test";
import { deployScript } from "../../lib/archive/deploy-script.ts";
import { run } from "../../lib/system/process.ts";

const NASTY = ["it's", "$(touch /tmp/x)", "a b", "`id`", "$&", '"', "名字", "--flag"];

test("values reach the script as they are, and nothing of them is run", async () => {
  const text = deployScript({
    project: "shop",
    archive: NASTY[0]!,
    platform: "linux/arm64",
    oldestV2: "2.21.0",
    images: NASTY,
    zstd: [],
    filesV2: NASTY,
    filesV1: [],
    envFiles: [NASTY[1]!],
    profiles: [],
    ownFiles: NASTY,
    buildFolders: [],
  });
  const [assignments] = text.split("\ncase ");
  const shown = `${assignments}\nprintf '%s\\n' "$PROJECT" "$ARCHIVE" "$PLATFORM" "$OLDEST_V2" "\${IMAGES[@]}" \${#ZSTD[@]} "\${FILES_V2[@]}"\n`;
  const { stdout, code, stderr } = await run(["bash", "-c", shown]);
  assert.equal(code, 0, stderr);
  const expected = ["shop", NASTY[0]!, "linux/arm64", "2.21.0", ...NASTY, "0", ...NASTY];
  assert.deepEqual(stdout.trimEnd().split("\n"), expected);
  assert.equal((await run(["bash", "-n", "-c", text])).code, 0);
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { scriptText } from "../../lib/system/remote-script.ts";

test("a script is its text without comments, with the files that it names in their place", () => {
  const folder = mkdtempSync(join(tmpdir(), "scripts-"));
  mkdirSync(join(folder, "scripts"));
  writeFileSync(
    join(folder, "scripts", "a.sh"),
    '# shellcheck shell=sh\n# Says it.\n. ./b.sh\n\n  # why\n  say "# $1"\n',
  );
  writeFileSync(join(folder, "scripts", "b.sh"), '# shellcheck shell=sh\nsay() { echo "$1"; }\n');
  assert.equal(scriptText(folder, "a"), 'say() { echo "$1"; }\n  say "# $1"');
  rmSync(folder, { recursive: true });
});

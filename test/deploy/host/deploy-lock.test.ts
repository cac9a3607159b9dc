import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { acquireLock } from "../../../lib/deploy/host/remote.ts";

test("two first deploys in the same moment: the folder that the other has just made is used", () => {
  const folder = mkdtempSync(join(tmpdir(), "deploy-lock-"));
  try {
    // The other deploy is faster by one system call.
    writeFileSync(
      join(folder, "mkdir"),
      '#!/bin/sh\ncase "$*" in *.compose-mirror) /bin/mkdir "$@" ;; esac\nexec /bin/mkdir "$@"\n',
    );
    chmodSync(join(folder, "mkdir"), 0o755);
    const [program, ...args] = acquireLock(join(folder, "app"), "somebody@here", 0);
    const { status, stdout, stderr } = spawnSync(program!, args, {
      input: "",
      encoding: "utf8",
      env: { HOME: folder, PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` },
    });
    assert.match(stdout, /^held: /m, stderr);
    assert.notEqual(status, 77);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

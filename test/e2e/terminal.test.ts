/** What is shown on a terminal, where the steps are drawn. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { run } from "../../lib/system/process.ts";
import { commandLine } from "../../lib/system/shell-quote.ts";
import { cleanSlate, clearFaults, inFolder, script, setFaults, SETTINGS } from "./bed.ts";
import { laySmall } from "./projects.ts";

test("Ctrl-C on a terminal: nothing is drawn as failed, and one line says that it was interrupted", async () => {
  await cleanSlate();
  await setFaults("hub", { breaks: [{ direction: "down", afterBytes: 200_000, action: "stall", times: 100 }] });
  try {
    await inFolder(async (folder) => {
      await laySmall(folder);
      const command = `stty cols 100 rows 40; ${commandLine(script("mirror"))}`;
      const child = spawn("script", ["-qfec", command, "/dev/null"], {
        cwd: folder,
        env: { ...process.env, ...SETTINGS, TERM: "xterm" },
        stdio: ["pipe", "pipe", "inherit"],
      });
      let shown = "";
      let isPressed = false;
      child.stdout.on("data", (chunk: Buffer) => {
        shown += stripVTControlCharacters(chunk.toString());
        // A summary of bytes: the images are on their way.
        if (isPressed || !/\d+\/\d+ images.*\d [kM]?B/s.test(shown)) return;
        isPressed = true;
        child.stdin.write("\u0003");
      });
      const code = await new Promise((resolve) => child.on("close", resolve));
      assert.equal(code, 130, shown);
      assert.doesNotMatch(shown, /✖|error:|failed/);
      assert.equal(shown.match(/interrupted/g)?.length, 1, shown);
    });
  } finally {
    await clearFaults();
  }
});

test("a terminal without a size shows plain lines", async () => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    // "script" leaves the size at 0.
    const ran = await run(["script", "-qfec", commandLine(script("check")), "/dev/null"], {
      cwd: folder,
      env: { ...SETTINGS, TERM: "xterm" },
    });
    assert.equal(ran.code, 0, ran.stdout);
    assert.match(ran.stdout, /> Check\r\n/);
    assert.match(ran.stdout, /login to .* works/);
  });
});

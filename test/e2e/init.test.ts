/** `init` on a real terminal, against the real registry and host, and what it wrote used by `mirror`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { run } from "../../lib/system/process.ts";
import { commandLine } from "../../lib/system/shell-quote.ts";
import { cleanSlate, inFolder, NAMESPACE, onServer, PASSWORD, REGISTRY, script, USERNAME } from "./bed.ts";

/** Runs `command` on a terminal and answers each question in turn; gives what was shown. */
async function onTerminal(command: readonly string[], cwd: string, answers: readonly string[]): Promise<string> {
  // "script" leaves the size of its terminal at 0.
  const sized = `stty cols 120 rows 40; ${commandLine(command)}`;
  const child = spawn("script", ["-qfec", sized, "/dev/null"], {
    cwd,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const left = [...answers];
  let shown = "";
  let since = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    shown += stripVTControlCharacters(chunk.toString());
    if (left.length === 0 || !shown.slice(since).endsWith(": ")) return;
    since = shown.length;
    child.stdin.write(`${left.shift()!}\r`);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, shown);
  return shown;
}

test("init: registry, login and host are tried, and mirror needs nothing else", async () => {
  await cleanSlate();
  await inFolder(async (folder) => {
    await writeFile(
      join(folder, "compose.yaml"),
      'services:\n  web: { image: "nginx:latest", stop_grace_period: 0s }\n',
    );
    await writeFile(join(folder, ".gitignore"), "*.log\n");
    const login = `docker login --username=${USERNAME} ${REGISTRY}`;
    const answers = [login, NAMESPACE, "", "wrong", "", "", "", PASSWORD, "server", "~/started"];
    const shown = await onTerminal(script("init"), folder, answers);
    assert.match(shown, /refused the user name or password/);
    assert.match(shown, /can push to/);
    assert.doesNotMatch(shown, new RegExp(PASSWORD));
    const file = join(folder, "mirror.env");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(
      await readFile(file, "utf8"),
      new RegExp(`^MIRROR_REGISTRY=${REGISTRY}\nMIRROR_NAMESPACE=${NAMESPACE}\n`),
    );
    assert.equal(await readFile(join(folder, ".gitignore"), "utf8"), "*.log\nmirror.env\n");

    const mirrored = await run(script("mirror"), { cwd: folder });
    assert.equal(mirrored.code, 0, mirrored.stderr);
    assert.match(await onServer("docker ps --format '{{.Image}}'"), new RegExp(`${REGISTRY}/${NAMESPACE}/nginx`));
    assert.doesNotMatch(await onServer("ls -A started"), /mirror\.env/);
  });
});

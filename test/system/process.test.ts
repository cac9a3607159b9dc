import assert from "node:assert/strict";
import { test } from "node:test";
import { MirrorError } from "../../lib/messages/errors.ts";
import { run } from "../../lib/system/process.ts";
import { Secret } from "../../lib/system/secret.ts";

test("arguments reach the program untouched by any shell", async () => {
  const hostile = ["$(id)", "`id`", "a b", "'\"", "*", "\n", "; exit 3", "--", ""];
  const { code, stdout } = await run(["printf", "%s\\0", ...hostile]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\0").slice(0, -1), hostile);
});

test("gives exit code and both streams without throwing", async () => {
  assert.deepEqual(await run(["sh", "-c", "echo out; echo err >&2; exit 7"]), {
    code: 7,
    stdout: "out\n",
    stderr: "err\n",
  });
});

test("feeds text and secrets on standard input", async () => {
  assert.equal((await run(["cat"], { input: "text" })).stdout, "text");
  assert.equal((await run(["cat"], { input: new Secret("s3cret") })).stdout, "s3cret");
  assert.equal((await run(["cat"])).stdout, "");
});

test("a program that does not read its input is judged by its exit code", async () => {
  assert.equal((await run(["true"], { input: "x".repeat(1 << 20) })).code, 0);
});

test("adds variables to the inherited environment", async () => {
  const { stdout } = await run(["sh", "-c", 'echo "$ADDED ${PATH:+path}"'], { env: { ADDED: "yes" } });
  assert.equal(stdout, "yes path\n");
});

test("reports lines while the program runs, split at \\r too", async () => {
  const lines: string[] = [];
  await run(["printf", "a\\rb\\nc"], { onLine: (line, stream) => lines.push(`${stream}:${line}`) });
  assert.deepEqual(lines, ["stdout:a", "stdout:b", "stdout:c"]);
});

test("of output that is passed on by lines nothing need be kept", async () => {
  const lines: string[] = [];
  const ran = await run(["sh", "-c", "echo a; echo b >&2; exit 2"], {
    discard: true,
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(ran, { code: 2, stdout: "", stderr: "" });
  assert.deepEqual(lines.toSorted(), ["a", "b"]);
});

test("a missing program is a usage error that names it", async () => {
  await assert.rejects(run(["no-such-program-here"]), (error: unknown) => {
    assert.ok(error instanceof MirrorError);
    assert.equal(error.code, "command-missing");
    assert.equal(error.exit, 2);
    assert.match(error.message, /"no-such-program-here"/);
    return true;
  });
});

test("a time limit ends the program and what it started", async () => {
  // run() returns when its output ends, so a sleep that is left would keep the test from ever ending
  const { code } = await run(["sh", "-c", "sleep 100000 & sleep 100000"], { timeout: 100 });
  assert.equal(code, 124);
});

test("an aborted signal ends the program with `interrupted`", async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(run(["sleep", "30"], { signal: abort.signal }), { code: "interrupted" });
  await assert.rejects(run(["true"], { signal: abort.signal }), { code: "interrupted" });
});

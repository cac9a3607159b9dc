/** `logs` and `exec` against real containers, with compose 1 and 2. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { run } from "../../lib/system/process.ts";
import { commandLine } from "../../lib/system/shell-quote.ts";
import { asUser, onServer, script, SETTINGS } from "./bed.ts";
import { DIR, succeeds, withProjectFor } from "./deploy-project.ts";

const THERE = ["--host", "server", "--dir", DIR] as const;
const TICKS = `services:
  ticks: { image: "alpine:3.20", command: ["sh", "-c", "echo begin; echo odd >&2; while sleep 1; do echo tick; done"], stop_grace_period: 0s, healthcheck: { disable: true } }
  other: { image: "redis:6-alpine", command: ["sh", "-c", "echo elsewhere; sleep 100000"], stop_grace_period: 0s, healthcheck: { disable: true } }
`;

/** What still reads logs or runs in containers on the server for us. */
async function readers(): Promise<string> {
  return (await onServer("ps -eo args= | grep -E '[d]ocker.* (logs|exec) |[c]ompose.* logs ' || true")).trim();
}

for (const flavour of ["v1", "v2"] as const) {
  test(`logs and exec, with compose ${flavour}`, async (t) => {
    await withProjectFor(flavour, async ({ run: runIn, write, deploy, folder }) => {
      await write("compose.yaml", TICKS);
      const written = await runIn("generate-mirror-compose");
      assert.equal(written.code, 0, written.stderr);
      await succeeds(deploy());
      const exec = (options: { readonly input?: string }, service: string, ...words: readonly string[]) =>
        asUser(script("exec", [service, ...THERE, "--", ...words]), { cwd: folder, ...options });

      await t.test("logs of one service, and its last lines", async () => {
        const all = await runIn("logs", ...THERE);
        assert.equal(all.code, 0, all.stderr);
        assert.match(all.stdout, /^ticks\S* +\| begin$/m);
        assert.match(all.stdout, /^ticks\S* +\| odd$/m);
        assert.match(all.stdout, /^other\S* +\| elsewhere$/m);
        const one = await runIn("logs", "other", "--tail", "1", ...THERE);
        assert.deepEqual(
          one.stdout.split("\n").filter((line) => line.includes("|")),
          all.stdout.split("\n").filter((line) => line.includes("elsewhere")),
        );
      });

      await t.test("--follow goes on, and Ctrl-C ends it here and there", async () => {
        const [program, ...args] = script("logs", ["ticks", "--follow", "--tail", "1", ...THERE]);
        const child = spawn(program, args, {
          cwd: folder,
          detached: true,
          env: { ...process.env, ...SETTINGS },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let stderr = "";
        child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
        let ticks = 0;
        while (ticks < 3) {
          const [chunk] = (await once(child.stdout, "data")) as [Buffer];
          ticks += chunk.toString().split("| tick").length - 1;
        }
        assert.notEqual(await readers(), "");
        const ended = once(child, "close");
        process.kill(-child.pid!, "SIGINT");
        assert.deepEqual([await ended, stderr], [[130, null], ""]);
        while ((await readers()) !== "") await new Promise((resolve) => setTimeout(resolve, 100));
      });

      await t.test("exec: input, both outputs, words as they are, the exit code", async () => {
        const echo = 'printf "%s|" "$@"; cat; echo err >&2; exit 7';
        const words = ["$(id) '\"", "", "a b", "--", "*"];
        const ran = await exec({ input: "typed" }, "ticks", "sh", "-c", echo, "sh", ...words);
        assert.deepEqual(ran, { code: 7, stdout: `${words.join("|")}|typed`, stderr: "err\n" });
        assert.equal((await exec({}, "ticks", "sh", "-c", "exit 255")).code, 255);
        assert.equal((await exec({}, "ticks", "no-such-program")).code, 127);
        const large = "x".repeat(3_000_000);
        assert.equal((await exec({ input: large }, "other", "cat")).stdout.length, large.length);
      });

      await t.test("exec on a terminal has one of the same size, and nothing of ssh's own", async () => {
        const words = ["sh", "-c", "test -t 0 && test -t 1 && stty size; exit 5"];
        const command = commandLine(script("exec", ["ticks", ...THERE, "--", ...words]));
        const ran = await run(["script", "-qfec", `stty cols 93 rows 31; ${command}`, "/dev/null"], {
          cwd: folder,
          env: SETTINGS,
        });
        assert.deepEqual([ran.code, stripVTControlCharacters(ran.stdout).trim()], [5, "31 93"]);
      });
      assert.equal(await readers(), "");
    });
  });
}

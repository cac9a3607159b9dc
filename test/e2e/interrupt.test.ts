/** Ctrl-C at any moment: exit code 130, nothing half-written here or on the server, nothing left running. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { must } from "../bed/must.ts";
import {
  asUser,
  cleanSlate,
  clearFaults,
  forgetRequests,
  inFolder,
  onServer,
  requests,
  script,
  setFaults,
  SETTINGS,
} from "./bed.ts";
import type { Faults } from "../bed/faults.ts";
import { laySmall } from "./projects.ts";

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Starts a command in a process group, as a terminal does, and sends Ctrl-C once `isTime` returns true. */
async function interrupted(
  command: readonly [string, ...string[]],
  cwd: string,
  isTime: (stderr: string) => boolean | Promise<boolean>,
): Promise<Ended> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...SETTINGS },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  while (child.exitCode === null && !(await isTime(stderr))) await new Promise((resolve) => setTimeout(resolve, 50));
  if (child.exitCode === null) process.kill(-child.pid!, "SIGINT");
  return { code: await ended, stderr };
}

/** Processes that should have ended: the engine's command, ssh, and our own scripts. */
async function leftRunning(): Promise<readonly string[]> {
  const lines = (await must(["ps", "-eo", "args="])).split("\n");
  return lines.filter((line) => /^docker (?:pull|push|login)|^ssh |\/scripts\/\w+\.ts/.test(line));
}

const STALL: Faults = { breaks: [{ direction: "down", afterBytes: 200_000, action: "stall", times: 100 }] };
const STALL_UP: Faults = { breaks: [{ direction: "up", afterBytes: 200_000, action: "stall", times: 100 }] };

for (const engine of ["docker", "direct"]) {
  test(`Ctrl-C, by the ${engine} engine`, async (t) => {
    await inFolder(async (folder) => {
      await laySmall(folder);
      const args = ["--engine", engine, "--host", "server", "--dir", "~/small"];
      const check = async ({ code, stderr }: Ended): Promise<void> => {
        assert.equal(code, 130, stderr);
        assert.match(stderr, /interrupted/);
        assert.deepEqual(await readdir(folder), ["docker-compose.yaml"]);
        assert.equal(await onServer("ls -A ~/small 2>/dev/null || :"), "");
        assert.deepEqual(await leftRunning(), []);
      };

      await t.test("while a pull is stalled", async () => {
        await cleanSlate();
        await setFaults("hub", STALL);
        await check(
          await interrupted(script("mirror", args), folder, async () =>
            (await requests("hub")).some(({ path }) => path.includes("/manifests/sha256")),
          ),
        );
      });

      await t.test("while a push is stalled", async () => {
        await clearFaults();
        await setFaults("acr", STALL_UP);
        await forgetRequests();
        await check(
          await interrupted(
            script("mirror", args),
            folder,
            async () =>
              (await requests("acr")).filter(({ method, status }) => method === "POST" && status === 202).length > 1,
          ),
        );
      });

      await t.test("and the same command then finishes the work", async () => {
        await clearFaults();
        const ran = await asUser(script("mirror", args), { cwd: folder });
        assert.equal(ran.code, 0, ran.stderr);
      });

      await t.test("while the host pulls, which leaves the host as it was", async () => {
        await onServer("docker rm -f $(docker ps -aq); docker image prune -af; rm -rf ~/small");
        await setFaults("acr", STALL);
        const ended = await interrupted(script("deploy", args.slice(2)), folder, (stderr) => /pulling /.test(stderr));
        assert.equal(ended.code, 130, ended.stderr);
        assert.equal(await onServer("ls -A ~/small | grep -v '^\\.compose-mirror$' || :"), "");
        assert.equal(await onServer("docker ps -aq"), "");
        assert.deepEqual(await leftRunning(), []);
      });
    });
  });
}

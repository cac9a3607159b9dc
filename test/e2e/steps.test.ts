/** Every step by its own command, under Node and under Deno. */
import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { answerOn, asUser, cleanSlate, type DeployReport, inFolder, type MirrorReport, script } from "./bed.ts";
import { laySmall, SMALL } from "./projects.ts";

const HOST = ["--host", "server", "--dir", "~/small"];
const TARGETS = SMALL.map(({ target }) => target).toSorted();

for (const runtime of ["node", "deno"] as const) {
  test(`step by step under ${runtime}`, async (t) => {
    await cleanSlate();
    await inFolder(async (folder) => {
      await laySmall(folder);
      const step = async (name: string, ...args: readonly string[]) => {
        const ran = await asUser(script(name, args, runtime), { cwd: folder });
        assert.equal(ran.code, 0, ran.stderr);
        return ran;
      };

      await t.test("images", async () => {
        const { stdout } = await step("images", "--json");
        const rows = JSON.parse(stdout) as readonly { readonly source: string; readonly target: string }[];
        assert.deepEqual(rows.map(({ target }) => target).toSorted(), TARGETS);
      });

      await t.test("check", async () => {
        const { stdout } = await step("check", "--engine", "docker", ...HOST, "--json");
        const findings = JSON.parse(stdout) as readonly { readonly check: string; readonly ok: boolean }[];
        for (const name of ["engine", "disk", "registry", "namespace", "host"]) {
          assert.ok(findings.find(({ check }) => check === name)?.ok, name);
        }
      });

      for (const [name, status] of [
        ["pull", "pulled"],
        ["push", "pushed"],
      ] as const) {
        await t.test(name, async () => {
          const { stdout } = await step(name, "--engine", "docker", "--json");
          const { images } = JSON.parse(stdout) as MirrorReport;
          assert.deepEqual(
            images.map((image) => `${image.target} ${image.status}`).toSorted(),
            TARGETS.map((target) => `${target} ${status}`),
          );
        });
      }

      await t.test("the generators", async () => {
        await step("generate-amd64-pull-script");
        await step("generate-push-to-aliyun-script");
        await step("generate-mirror-compose");
        for (const file of ["pull-all-images-linux-amd64.sh", "push-to-aliyun-registry.sh"]) {
          await access(join(folder, file));
        }
        const written = await readFile(join(folder, "docker-compose-mirror.yaml"), "utf8");
        for (const target of TARGETS) assert.ok(written.includes(`image: ${target}\n`), target);
      });

      await t.test("deploy", async () => {
        await step("deploy", ...HOST);
        for (const { port, image } of SMALL) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
      });

      await t.test("status", async () => {
        const { stdout } = await step("status", ...HOST, "--json");
        const { services } = JSON.parse(stdout) as DeployReport;
        assert.deepEqual(
          services.map(({ name, state }) => `${name} ${state}`),
          SMALL.map(({ service }) => `${service} running`).toSorted(),
        );
      });
    });
  });
}

/** The hand-made way: the generated scripts with bash and docker alone, then scp and docker-compose by hand. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { must } from "../bed/must.ts";
import {
  answerOn,
  asUser,
  cleanSlate,
  inFolder,
  onServer,
  PASSWORD,
  REGISTRY,
  requests,
  script,
  USERNAME,
  writes,
} from "./bed.ts";
import { run } from "../../lib/system/process.ts";
import { layShop, SHOP, SHOP_TARGETS } from "./projects.ts";

const PULL = "pull-all-images-linux-amd64.sh";
const PUSH = "push-to-aliyun-registry.sh";
const COMPOSE = "docker-compose-mirror.yaml";
const LOGIN = ["docker", "login", `--username=${USERNAME}`, "--password-stdin", REGISTRY] as const;

before(cleanSlate);

test("the generated scripts, scp and docker-compose by hand", async (t) => {
  await inFolder(async (folder) => {
    await layShop(folder);

    await t.test("three commands write two scripts and a compose file beside the project's", async () => {
      for (const name of ["generate-amd64-pull-script", "generate-push-to-aliyun-script", "generate-mirror-compose"]) {
        const ran = await asUser(script(name), { cwd: folder });
        assert.equal(ran.code, 0, ran.stderr);
      }
      for (const file of [PULL, PUSH]) assert.ok((await stat(join(folder, file))).mode & 0o100, file);
      await must(["shellcheck", PULL, PUSH], { cwd: folder });
    });

    await t.test("the push script skips what was not pulled, and fails", async () => {
      const ran = await run(["bash", PUSH], { cwd: folder });
      assert.equal(ran.code, 1);
      assert.match(ran.stdout + ran.stderr, new RegExp(`\\b${SHOP_TARGETS.length} skipped\\b`));
      assert.deepEqual(writes(await requests("acr")), []);
    });

    await t.test("the pull script pulls every image", async () => {
      const ran = await run(["bash", PULL], { cwd: folder });
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    });

    await t.test("the push script fails without a login, and pushes everything with one", async () => {
      const refused = await run(["bash", PUSH], { cwd: folder });
      assert.equal(refused.code, 1);
      assert.deepEqual(writes(await requests("acr")), []);
      await must(LOGIN, { input: PASSWORD });
      const ran = await run(["bash", PUSH], { cwd: folder });
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      const manifests = writes(await requests("acr")).filter(({ kind }) => kind === "manifest");
      assert.equal(manifests.length, SHOP_TARGETS.length);
    });

    await t.test("the compose file starts on the server, and every service answers", async () => {
      await onServer("mkdir -p ~/shop/docker/tools");
      await must(["scp", "-q", COMPOSE, ".env", "server:shop/docker/"], { cwd: folder });
      await onServer(LOGIN.join(" "), { input: PASSWORD });
      await onServer(`cd ~/shop/docker && docker-compose -f ${COMPOSE} up -d`);
      for (const { port, image } of SHOP) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
    });
  });
});

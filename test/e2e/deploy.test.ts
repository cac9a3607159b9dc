/** `deploy`, `rollback` and `status`: files, images and services from release to release. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOn, onServer } from "./bed.ts";
import {
  AT_REST,
  BROKEN,
  DIR,
  leftovers,
  QUOTED_DIR,
  running,
  succeeds,
  WEB,
  withProjectFor,
} from "./deploy-project.ts";

for (const flavour of ["v1", "v2"] as const) {
  test(`files, images and services, with compose ${flavour}`, async (t) => {
    await withProjectFor(flavour, async ({ deploy, run, write, compose }) => {
      let first: string;
      await t.test("the first deploy sends all that the host lacks, and leaves no login behind", async () => {
        const { services, release, ...rest } = await succeeds(deploy());
        first = release;
        assert.equal(rest.compose.flavour, flavour);
        assert.deepEqual(
          services.map(({ name, state }) => [name, state]),
          [
            ["cache", "running"],
            ["job", "exited"],
            ["web", "running"],
          ],
        );
        assert.match(await answerOn(WEB), /^nginx:latest/);
        assert.equal(await onServer(`cat ${QUOTED_DIR}/conf.d/a.conf ${QUOTED_DIR}/web.env`), "a\nA=1\n");
        assert.deepEqual(await leftovers(), AT_REST);
        assert.equal(await onServer("ls -A /root | grep -v -e '^.ssh$' -e \"^it's\" || :"), "");
      });

      await t.test("a deploy of the same touches no container", async () => {
        const before = await running();
        await succeeds(deploy());
        assert.equal((await running()).replaceAll(/^.*job.*\n/gm, ""), before.replaceAll(/^.*job.*\n/gm, ""));
      });

      await t.test("a changed mounted file recreates only that service", async () => {
        const before = await running();
        await write("conf/site.conf", "two\n");
        await succeeds(deploy());
        const after = await running();
        assert.equal(/^.*cache.*$/m.exec(after)?.[0], /^.*cache.*$/m.exec(before)?.[0]);
        assert.equal(await onServer("docker exec $(docker ps -q --filter name=web) cat /etc/site.conf"), "two\n");
      });

      await t.test("a file that was changed on the host stays, until all are asked for", async () => {
        await onServer(`echo mine >${QUOTED_DIR}/conf.d/a.conf`);
        const kept = await deploy();
        assert.match(kept.stderr, /conf\.d\/a\.conf on server was changed there/);
        assert.equal(await onServer(`cat ${QUOTED_DIR}/conf.d/a.conf`), "mine\n");
        await succeeds(deploy("--ship"));
        assert.equal(await onServer(`cat ${QUOTED_DIR}/conf.d/a.conf`), "a\n");
      });

      await t.test(
        "services that do not become healthy give way to the previous release, and the others answer",
        async () => {
          const before = await running();
          await compose({ cache: BROKEN });
          const failing = deploy("--wait", "6");
          let answers = 0;
          const end = failing.then(() => "end" as const);
          while ((await Promise.race([end, answerOn(WEB)])) !== "end") answers += 1;
          const { code, stderr } = await failing;
          assert.equal(code, 1);
          assert.match(stderr, /services did not become healthy on "server": "cache"/);
          assert.match(stderr, /the previous release runs there again/);
          assert.ok(answers > 5);
          assert.equal(/^.*web.*$/m.exec(await running())?.[0], /^.*web.*$/m.exec(before)?.[0]);
          assert.deepEqual(await leftovers(), AT_REST);
          await compose();
          await succeeds(deploy());
        },
      );

      await t.test("rollback restores files and images by hand; status shows what runs", async () => {
        const status = await succeeds(run("status", "--host", "server", "--dir", DIR, "--json"));
        const { releases, drift } = status as unknown as { releases: readonly string[]; drift: readonly unknown[] };
        assert.deepEqual([releases.length, drift], [3, []]);
        assert.ok(!releases.includes(first));
        const back = await run("rollback", "--host", "server", "--dir", DIR, "--json");
        assert.equal(back.code, 0, back.stderr);
        assert.equal(JSON.parse(back.stdout).release, releases[1]);
      });
    });
  });
}

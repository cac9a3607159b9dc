/** Deploys from state to state: what runs, what lies there, what status says, and what rollback brings. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { onServer } from "./bed.ts";
import { DIR, leftovers, QUOTED_DIR, running, type Scene, succeeds, withProjectFor } from "./deploy-project.ts";

const HEAD = `services:
  web: { image: "nginx:latest", volumes: ["./conf.d:/etc/conf.d"], stop_grace_period: 0s }
`;
const FAILS = '  mig: { image: "alpine:3.20", command: ["false"] }\n';

function database(name: string): string {
  return `  ${name}: { image: "redis:6-alpine", volumes: ["data:/data"], stop_grace_period: 0s }\n`;
}

const VOLUME = "volumes: { data: {} }\n";

/** The services that have a container, in order. */
async function services(): Promise<readonly string[]> {
  const labels = await onServer(
    `docker ps -aq | xargs -r docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' | sort -u`,
  );
  return labels.split("\n").filter((name) => name !== "");
}

interface Status {
  readonly release: string;
  readonly orphans: readonly string[];
  readonly drift: readonly unknown[];
  readonly unfinished: readonly string[];
  readonly history: readonly { readonly id: string; readonly state: string }[];
}

function open({ run, write }: Scene) {
  const compose = async (text: string): Promise<void> => {
    await write("compose.yaml", text);
    const written = await run("generate-mirror-compose");
    assert.equal(written.code, 0, written.stderr);
  };
  const status = async (): Promise<Status> =>
    (await succeeds(run("status", "--host", "server", "--dir", DIR, "--json"))) as unknown as Status;
  const rollback = (...args: readonly string[]) => run("rollback", "--host", "server", "--dir", DIR, "--json", ...args);
  return { compose, status, rollback };
}

function web(value: string): string {
  return HEAD.replace(" volumes:", ` environment: { A: "${value}" }, volumes:`);
}

const HANGS = ', healthcheck: { test: ["CMD", "false"], interval: 60s }';
const BROKEN_WEB = `services:
  web: { image: "nginx:latest", environment: { A: broken }, stop_grace_period: 0s, healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 1 } }
`;

interface Ending {
  readonly name: string;
  /** What is done after a deploy was cut that had added a service and changed another. */
  readonly act: (scene: Scene) => Promise<{ readonly code: number; readonly stderr: string }>;
  readonly says: RegExp;
  readonly code: number;
  /** The unfinished deploy is shown still. */
  readonly unfinished: boolean;
}

const ENDINGS: readonly Ending[] = [
  {
    name: "rollback takes it back to the release that it was to replace",
    act: (scene) => open(scene).rollback(),
    says: /from an unfinished deploy to release/,
    code: 0,
    unfinished: false,
  },
  {
    name: "a deploy after it that fails goes back to that release too",
    act: async (scene) => {
      await open(scene).compose(BROKEN_WEB);
      return scene.deploy();
    },
    says: /the previous release runs there again/,
    code: 1,
    unfinished: true,
  },
];

for (const flavour of ["v1", "v2"] as const) {
  test(`after a deploy that was cut, with compose ${flavour}`, async (t) => {
    await withProjectFor(flavour, async (scene) => {
      const { compose, status } = open(scene);
      const first = web("one");
      await compose(first);
      const { release } = await succeeds(scene.deploy());
      for (const { name, act, says, code, unfinished } of ENDINGS) {
        await t.test(name, async () => {
          await compose(web("two") + `  more: { image: "redis:6-alpine", stop_grace_period: 0s${HANGS} }\n`);
          const cut = await scene.deploy("--wait", "3", "--no-rollback");
          assert.equal(cut.code, 1, cut.stderr);
          assert.deepEqual(await services(), ["more", "web"]);
          const ended = await act(scene);
          assert.equal(ended.code, code, ended.stderr);
          assert.match(ended.stderr, says);
          assert.deepEqual(await services(), ["web"]);
          assert.match(await onServer("docker inspect --format '{{.Config.Env}}' $(docker ps -q)"), /A=one/);
          const found = await status();
          assert.deepEqual([found.release, found.orphans, found.drift], [release, [], []]);
          assert.equal(found.unfinished.length > 0, unfinished);
          await compose(first);
          await succeeds(scene.deploy());
        });
      }
    });
  });
}

test("a folder whose name is that of another folder's project takes nothing over", async () => {
  await withProjectFor("v2", async (scene) => {
    const { compose } = open(scene);
    const to = (dir: string) => scene.run("deploy", "--host", "server", "--dir", dir, "--json");
    await compose(HEAD);
    await succeeds(to("/root/one/app"));
    const before = await running();
    const other = await to("/root/two/app");
    assert.equal(other.code, 2, other.stderr);
    assert.match(other.stderr, /the compose project "app" runs there in "\/root\/one\/app" already/);
    assert.equal(await onServer("ls /root/two 2>&1 || :").then((said) => /No such file/.test(said)), true);
    assert.equal(await running(), before);
    await compose(`name: other\n${HEAD}`);
    await succeeds(to("/root/two/app"));
    assert.ok((await running()).includes(before.trim()));
  });
});

test("a deploy that waited for another one goes back to what that has brought", async () => {
  await withProjectFor("v2", async (scene) => {
    const { compose, status } = open(scene);
    await compose(HEAD);
    await succeeds(scene.deploy());
    const slow = ', healthcheck: { test: ["CMD", "sleep", "4"], interval: 1s }';
    await compose(`${HEAD}  more: { image: "redis:6-alpine", stop_grace_period: 0s${slow} }\n`);
    const second = scene.deploy();
    await onServer("until docker ps --format '{{.Names}}' | grep -q more; do sleep 0.1; done");
    await compose(BROKEN_WEB);
    const third = await scene.deploy();
    assert.equal(third.code, 1, third.stderr);
    assert.match(third.stderr, /waiting for another deploy to end/);
    const { release, orphans, drift } = await status();
    assert.deepEqual([release, orphans, drift], [(await succeeds(second)).release, [], []]);
    assert.deepEqual(await services(), ["more", "web"]);
  });
});

for (const flavour of ["v1", "v2"] as const) {
  test(`from state to state, with compose ${flavour}`, async (t) => {
    await withProjectFor(flavour, async (scene) => {
      const { deploy, write, folder } = scene;
      const { compose, status, rollback } = open(scene);
      await compose(HEAD + database("db") + VOLUME);
      await write("conf.d/b.conf", "b\n");
      const first = await succeeds(deploy("--keep", "9"));

      await t.test("nothing changed: no step, no release, and the containers are the same", async () => {
        const before = await running();
        const again = await deploy("--keep", "9");
        assert.equal(again.code, 0, again.stderr);
        assert.match(again.stderr, /nothing to do/);
        assert.doesNotMatch(again.stderr, /pulling|logging in/);
        assert.equal(JSON.parse(again.stdout).release, first.release);
        assert.equal(await running(), before);
      });

      await t.test("a job that fails is taken away again, and blocks nothing after it", async () => {
        await compose(HEAD + database("db") + FAILS + VOLUME);
        const { code, stderr } = await deploy("--keep", "9");
        assert.equal(code, 1, stderr);
        assert.match(stderr, /mig \(exited, 1\)/);
        assert.match(stderr, /the previous release runs there again/);
        assert.deepEqual(await services(), ["db", "web"]);
        const { release, orphans, drift } = await status();
        assert.deepEqual([release, orphans, drift], [first.release, [], []]);
      });

      let second: string;
      await t.test("a renamed service and a deleted file: the old ones go, the volume stays", async () => {
        await onServer("docker exec $(docker ps -q --filter name=db) sh -c 'echo kept >/data/x'");
        await compose(HEAD + database("database") + VOLUME);
        await rm(join(folder, "conf.d/b.conf"));
        ({ release: second } = await succeeds(deploy("--keep", "9")));
        assert.deepEqual(await services(), ["database", "web"]);
        assert.equal(await onServer(`ls ${QUOTED_DIR}/conf.d`), "a.conf\n");
        assert.equal(await onServer("docker exec $(docker ps -q --filter name=database) cat /data/x"), "kept\n");
        assert.deepEqual((await status()).drift, []);
      });

      await t.test("rollback brings back exactly what ran: services and files", async () => {
        const back = await rollback();
        assert.equal(back.code, 0, back.stderr);
        assert.match(back.stderr, new RegExp(`from release ${second} to ${first.release}`));
        assert.deepEqual(await services(), ["db", "web"]);
        assert.equal(await onServer(`ls ${QUOTED_DIR}/conf.d`), "a.conf\nb.conf\n");
      });

      await t.test("a release that was given up is never chosen by itself", async () => {
        const { history } = await status();
        assert.deepEqual(
          history.map(({ id, state }) => [state === "failed" || id, state]),
          [
            [first.release, "runs"],
            [true, "failed"],
            [second, "rejected"],
          ],
        );
        await compose(HEAD + VOLUME);
        await succeeds(deploy("--keep", "9"));
        assert.deepEqual(await services(), ["web"]);
        const back = await rollback();
        assert.equal(JSON.parse(back.stdout).release, first.release);
        const none = await rollback();
        assert.equal(none.code, 2, none.stderr);
        const named = await rollback("--release", second);
        assert.equal(named.code, 0, named.stderr);
        assert.deepEqual(await services(), ["database", "web"]);
        assert.ok(!(await leftovers()).includes("staged"));
      });

      await t.test("--keep-orphans leaves them, with a warning", async () => {
        await compose(HEAD + VOLUME);
        const { code, stderr } = await deploy("--keep-orphans");
        assert.equal(code, 0, stderr);
        assert.match(stderr, /no longer in the project, but kept running on server \(--keep-orphans\): "database"/);
        assert.deepEqual(await services(), ["database", "web"]);
        assert.deepEqual((await status()).orphans, ["database"]);
      });
    });
  });
}

/** `deploy` where things go wrong, and to hosts of every kind: what runs afterwards, and what is left. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Command, Ran } from "../../lib/system/process.ts";
import { must } from "../bed/must.ts";
import {
  answerOn,
  asUser,
  cleanSlate,
  clearFaults,
  forgetRequests,
  inFolder,
  onServer,
  PASSWORD,
  REGISTRY,
  requests,
  script,
  setFaults,
  SETTINGS,
  USERNAME,
} from "./bed.ts";
import {
  AT_REST,
  BROKEN,
  DIR,
  leftovers,
  project,
  QUOTED_DIR,
  running,
  succeeds,
  WEB,
  withProject,
} from "./deploy-project.ts";

test("a missing file, a wrong password and a full disk leave the running services as they are", async (t) => {
  await withProject(async ({ folder, deploy, write }) => {
    await succeeds(deploy());
    const before = await running();
    const untouched = async (): Promise<void> => {
      assert.equal(await running(), before);
      assert.deepEqual(await leftovers(), AT_REST);
    };

    await t.test("a missing file", async () => {
      const text = project().replace("web.env", "gone.env");
      await write("docker-compose-mirror.yaml", text.replaceAll("image: nginx", `image: ${REGISTRY}/team/nginx`));
      const { code, stderr } = await deploy();
      assert.deepEqual([code, /"web" reads "gone\.env"/.test(stderr)], [2, true], stderr);
      await untouched();
    });

    await asUser(script("generate-mirror-compose"), { cwd: folder });
    await t.test("a wrong password", async () => {
      // What is the same as before needs no login.
      await write("conf/site.conf", "two\n");
      const env = { MIRROR_PASSWORD: "wrong" };
      const { code, stderr } = await asUser(script("deploy", ["--host", "server", "--dir", DIR]), { cwd: folder, env });
      assert.deepEqual([code, /refused the login/.test(stderr)], [2, true], stderr);
      await untouched();
    });

    await t.test("a full disk", async () => {
      await onServer(
        `mkdir /root/small && mount -t tmpfs -o size=64k none /root/small && head -c 60k /dev/zero >/root/small/x`,
      );
      try {
        const { code, stderr } = await asUser(script("deploy", ["--host", "server", "--dir", "/root/small"]), {
          cwd: folder,
        });
        assert.deepEqual([code, /no space is left on "server"/.test(stderr)], [1, true], stderr);
      } finally {
        await onServer("umount /root/small");
      }
      await untouched();
    });
  });
});

/** Runs a deploy and kills its sessions on the server as soon as it has said `pattern`; gives what it said. */
async function cutAt(pattern: RegExp, folder: string): Promise<string> {
  const [program, ...args] = script("deploy", ["--host", "server", "--dir", DIR]);
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...SETTINGS },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let said = "";
  let isCut = false;
  for await (const chunk of child.stderr) {
    said += chunk;
    if (isCut || !pattern.test(said)) continue;
    isCut = true;
    await onServer("pkill -KILL -f 'sshd: root@notty'").catch(() => {});
  }
  assert.equal(await ended, 1, said);
  assert.match(said, /the connection to "server" dropped/);
  return said;
}

test("a connection that drops, at every stage", async (t) => {
  await withProject(async ({ folder, deploy, write, compose }) => {
    await succeeds(deploy());
    const before = await running();
    await write("conf/site.conf", "two\n");
    await compose({ web: "oceanbase/oceanbase-ce:4.3.5-lts" });
    const mirrored = await asUser(script("mirror"), { cwd: folder });
    assert.equal(mirrored.code, 0, mirrored.stderr);

    const untouched = async (said: string): Promise<void> => {
      assert.match(said, /its services run as before/);
      assert.equal(await running(), before);
      assert.equal(await onServer(`cat ${QUOTED_DIR}/conf/site.conf`), "one\n");
    };
    await t.test("while files are sent: nothing is changed", async () => {
      await write("conf.d/large.conf", "x".repeat(1_000_000));
      await must("tc qdisc add dev eth0 root tbf rate 4mbit burst 64kb latency 100ms".split(" ") as unknown as Command);
      try {
        await untouched(await cutAt(/sending \d files/, folder));
      } finally {
        await must(["tc", "qdisc", "del", "dev", "eth0", "root"]);
      }
    });
    await t.test("while images are pulled: nothing is changed", async () => {
      await setFaults("acr", { breaks: [{ direction: "down", afterBytes: 1_000_000, action: "stall", times: 100 }] });
      await untouched(await cutAt(/pulling \S+oceanbase/, folder));
      await clearFaults();
    });
    await t.test("while services are started: the host continues by itself", async () => {
      assert.match(await cutAt(/starting the services/, folder), /goes on starting the services by itself/);
      assert.match(await answerWith(/^oceanbase/), /^oceanbase/);
    });
    await t.test("the next deploy succeeds", async () => {
      await succeeds(deploy());
      assert.match(await answerOn(WEB), /^oceanbase/);
      assert.deepEqual(await leftovers(), AT_REST);
      assert.equal(await onServer("docker exec $(docker ps -q --filter name=web) cat /etc/site.conf"), "two\n");
    });
  });
});

/** What the web service answers once it answers so. */
async function answerWith(pattern: RegExp): Promise<string> {
  for (let tries = 0; tries < 150; tries += 1) {
    const text = await answerOn(WEB);
    if (pattern.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return answerOn(WEB);
}

test("what was started by hand is restored when the first deploy does not become healthy", async () => {
  await withProject(async ({ folder, run, compose }) => {
    const there = "/root/by hand";
    const deploy = (...args: readonly string[]) => run("deploy", "--host", "server", "--dir", there, "--json", ...args);
    await onServer(`docker login -u '${USERNAME}' --password-stdin ${REGISTRY}`, { input: PASSWORD });
    await must(["ssh", "server", `mkdir -p '${there}'`]);
    await must(["sh", "-c", `tar -cf - -C '${folder}' . | ssh server "tar -xf - -C '${there}'"`]);
    await onServer(`cd '${there}' && docker-compose -f docker-compose-mirror.yaml up -d && docker logout ${REGISTRY}`);
    const files = await onServer(`cat '${there}/docker-compose-mirror.yaml'`);
    await compose({ cache: BROKEN });
    const { code, stderr } = await deploy("--wait", "6");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /keeping what runs there as release/);
    assert.match(stderr, /the previous release runs there again/);
    assert.equal(await onServer(`cat '${there}/docker-compose-mirror.yaml'`), files);
    assert.match(await answerOn(WEB), /^nginx/);
    await compose();
    await succeeds(deploy());
  });
});

test("two deploys at once: the second waits for the first", async () => {
  await withProject(async ({ deploy }) => {
    const both = await Promise.all([deploy(), deploy()]);
    for (const { code, stderr } of both) assert.equal(code, 0, stderr);
    assert.ok(both.some(({ stderr }) => /waiting for another deploy to end/.test(stderr)));
    // The second finds by then that all of it is done.
    assert.deepEqual(new Set(both.map(({ stdout }) => JSON.parse(stdout).release)).size, 1);
    assert.equal(both.filter(({ stderr }) => /nothing to do/.test(stderr)).length, 1);
    assert.deepEqual(await leftovers(), AT_REST);
  });
});

test("three hosts, one of them dead: the others are served, and the end names the dead one", async () => {
  await withProject(async ({ run }) => {
    const { code, stdout, stderr } = await run("deploy", "--host", "server,10.77.0.99,srv", "--dir", "~/app", "--json");
    assert.equal(code, 1, stderr);
    const [server, dead, srv] = JSON.parse(stdout);
    assert.deepEqual([server.dir, srv.dir], ["/root/app", "/root/app"], stderr);
    assert.match(dead.error, /10\.77\.0\.99/);
  });
});

test("a host key that has changed stops everything", async () => {
  await withProject(async ({ deploy }) => {
    await must(["sh", "-c", "cp ~/.ssh/known_hosts ~/.ssh/kept && ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/other"]);
    try {
      await must([
        "sh",
        "-c",
        "printf 'server,srv,10.77.0.3 ' >~/.ssh/known_hosts; cut -d' ' -f1,2 ~/.ssh/other.pub >>~/.ssh/known_hosts",
      ]);
      const { code, stderr } = await deploy();
      assert.deepEqual([code, /has changed, so nothing was sent/.test(stderr)], [1, true], stderr);
    } finally {
      await must(["sh", "-c", "mv ~/.ssh/kept ~/.ssh/known_hosts; rm ~/.ssh/other*"]);
    }
  });
});

test("a docker that answers root only is called through sudo", async () => {
  await withProject(async ({ run }) => {
    await onServer(
      "id deployer >/dev/null 2>&1 || useradd -m deployer; mkdir -p /etc/sudoers.d; echo 'deployer ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deployer; cp -r /root/.ssh /home/deployer/; chown -R deployer /home/deployer/.ssh",
    );
    const refused = await run("deploy", "--host", "deployer@server", "--dir", "app");
    assert.deepEqual([refused.code, /pass --sudo/.test(refused.stderr)], [2, true], refused.stderr);
    const { dir } = await succeeds(run("deploy", "--host", "deployer@server", "--dir", "app", "--sudo", "--json"));
    assert.equal(dir, "/home/deployer/app");
    assert.match(await answerOn(WEB), /^nginx/);
    assert.equal(await onServer("ls -A /home/deployer/app/.compose-mirror/login 2>/dev/null || echo gone"), "gone\n");
  });
});

test("the host pulls by another name of the registry where it reaches that, and by the public one where not", async () => {
  await withProject(async ({ run }) => {
    const vpc = REGISTRY.replace("registry.", "registry-vpc.");
    const args = ["--host", "server", "--dir", "app", "--pull-registry", vpc, "--json"];
    const near = await run("deploy", ...args);
    assert.equal(near.code, 0, near.stderr);
    assert.match(near.stderr, new RegExp(`logging in to ${vpc}`));
    await onServer(`cp /etc/hosts /etc/hosts.kept && grep -v ${vpc} /etc/hosts.kept >/etc/hosts`);
    try {
      // What is the same as before is not pulled at all, but for --ship.
      const far = await run("deploy", ...args, "--ship");
      assert.equal(far.code, 0, far.stderr);
      assert.match(far.stderr, new RegExp(`server does not reach ${vpc}`));
      assert.match(far.stderr, new RegExp(`logging in to ${REGISTRY}`));
    } finally {
      await onServer("cat /etc/hosts.kept >/etc/hosts");
    }
  });
});

test("without a registry: the server pulls from the content store here, and only what it lacks", async () => {
  await cleanSlate();
  await inFolder(async (folder) => {
    await writeFile(join(folder, "compose.yaml"), `services:\n  web: { image: nginx:latest, ports: ["${WEB}:80"] }\n`);
    const pulled = await asUser(script("pull", ["--engine", "direct"]), { cwd: folder });
    assert.equal(pulled.code, 0, pulled.stderr);
    await must(script("generate-mirror-compose"), { cwd: folder, env: SETTINGS });
    await forgetRequests();
    const deploy = (): Promise<Ran> =>
      asUser(script("deploy", ["--host", "server", "--dir", "app", "--tunnel", "--json"]), { cwd: folder });
    await succeeds(deploy());
    assert.match(await answerOn(WEB), /^nginx/);
    assert.deepEqual(await requests("acr"), []);
    assert.equal(await onServer("docker images --format '{{.Repository}}' | grep localhost || echo none"), "none\n");
    const before = await running();
    await succeeds(deploy());
    assert.equal(await running(), before);
  });
});

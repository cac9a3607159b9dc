/** `deploy --orchestrator swarm`, on a real swarm of two nodes. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Ran } from "../../lib/system/process.ts";
import { must } from "../bed/must.ts";
import { answerOn, asUser, cleanSlate, inFolder, onServer, script, SETTINGS, type DeployReport } from "./bed.ts";
import { WEB } from "./deploy-project.ts";

/** Server and workstation as one swarm, for as long as `body` takes. */
async function withSwarm(body: () => Promise<void>): Promise<void> {
  await onServer("docker swarm init --advertise-addr eth0");
  const token = (await onServer("docker swarm join-token -q worker")).trim();
  await must(["docker", "swarm", "join", "--token", token, "server:2377"]);
  try {
    await body();
  } finally {
    await must(["sh", "-c", "docker swarm leave --force || :"]);
    await onServer("docker swarm leave --force");
  }
}

/** A part of a service's specification that tells one update from another. */
function specification(): Promise<string> {
  return onServer(
    "docker service inspect stacked_cache --format '{{json .Spec.TaskTemplate.ContainerSpec.Healthcheck}}'",
  );
}

test("a swarm of two nodes: converges, a failed update is rolled back, and one by hand", async (t) => {
  await cleanSlate();
  await withSwarm(async () => {
    await inFolder(async (folder) => {
      const compose = async (cache = "", placement = ""): Promise<void> => {
        const web = `{ image: "nginx:latest", container_name: web, stop_grace_period: 0s, ports: [{ target: 80, published: "${WEB}", mode: host }], deploy: { endpoint_mode: dnsrr, replicas: 2 } }`;
        const text = `name: stacked\nservices:\n  web: ${web}\n  cache: { image: "redis:6-alpine", stop_grace_period: 0s, deploy: { endpoint_mode: dnsrr${placement} }${cache} }\n`;
        await writeFile(join(folder, "compose.yaml"), text);
        await must(script("generate-mirror-compose"), { cwd: folder, env: SETTINGS });
      };
      const run = (name: string, ...args: readonly string[]): Promise<Ran> =>
        asUser(script(name, ["--host", "server", "--orchestrator", "swarm", "--json", ...args]), { cwd: folder });
      await t.test("both nodes pull and answer", async () => {
        await compose();
        const mirrored = await asUser(script("mirror", ["--engine", "direct"]), { cwd: folder });
        assert.equal(mirrored.code, 0, mirrored.stderr);
        const { code, stdout, stderr } = await run("deploy");
        assert.equal(code, 0, stderr);
        const { compose: found, services } = JSON.parse(stdout) as DeployReport;
        assert.equal(found.flavour, "stack");
        assert.deepEqual(
          services.map(({ name, state }) => [name, state]),
          [
            ["cache", "running"],
            ["web", "running"],
          ],
        );
        assert.match(stderr, /a swarm does not support container_name of "web", so it is dropped/);
        assert.match(await answerOn(WEB), /^nginx/);
        assert.match(await must(["wget", "-q", "-O", "-", `http://localhost:${WEB}/`]), /^nginx/);
      });

      await t.test("an update that does not converge is rolled back", async () => {
        const before = await specification();
        await compose(', healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 1 }');
        const { code, stderr } = await run("deploy", "--wait", "60");
        assert.equal(code, 1, stderr);
        assert.match(stderr, /the previous release runs there again/);
        assert.equal(await specification(), before);
      });

      await t.test("rollback undoes the last update", async () => {
        const before = await specification();
        await compose(', healthcheck: { test: ["CMD", "true"], interval: 1s }');
        const deployed = await run("deploy");
        assert.equal(deployed.code, 0, deployed.stderr);
        assert.notEqual(await specification(), before);
        const back = await run("rollback");
        assert.equal(back.code, 0, back.stderr);
        assert.equal(await specification(), before);
      });

      await t.test("with a node that died: what has no place is taken back, what has one converges", async () => {
        await must(["docker", "swarm", "leave", "--force"]);
        await onServer("until docker node ls --format '{{.Status}}' | grep -q Down; do sleep 0.2; done");
        const before = await specification();
        const health = ', healthcheck: { test: ["CMD", "true"], interval: 2s }';
        await compose(health, ', placement: { constraints: ["node.role == worker"] }');
        const { code, stderr } = await run("deploy", "--wait", "100");
        assert.equal(code, 1, stderr);
        assert.match(stderr, /cache \(.*no suitable node/s);
        assert.match(stderr, /the previous release runs there again/);
        assert.equal(await specification(), before);

        await compose(health);
        const deployed = await run("deploy");
        assert.equal(deployed.code, 0, deployed.stderr);
        assert.notEqual(await specification(), before);
        assert.match(await answerOn(WEB), /^nginx/);
      });

      await onServer("docker stack rm stacked");
    });
  });
});

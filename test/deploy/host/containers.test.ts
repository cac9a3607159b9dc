import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectOn } from "../../../lib/deploy/orchestrator/compose-project.ts";
import { probeHost } from "../../../lib/deploy/host/probe.ts";
import { connect } from "../../../lib/deploy/ssh/connection.ts";
import { containersOf, statesOf } from "../../../lib/deploy/host/containers.ts";
import { listContainers } from "../../../lib/deploy/plan/steps.ts";
import { fakeHost } from "../../_helpers/fake-host.ts";

async function statusWith(on: Readonly<Record<string, string>>, folder = "app") {
  const host = fakeHost(on);
  mkdirSync(join(host.home, "app"));
  host.write("containers/web", "r.example/team/web:1 sha256:1\n");
  host.write("containers/job", "r.example/team/job:1 sha256:2\n");
  const connection = await connect("box", host);
  try {
    const probe = await probeHost(connection, `~/${folder}`);
    const project = projectOn(probe, { files: ["mirror.yaml"], envFiles: [], profiles: [] });
    const containers = await containersOf(connection, { ...project, list: listContainers(project) });
    return { containers, services: statesOf(containers), calls: host.calls() };
  } finally {
    await connection.close();
    host.remove();
  }
}

test("services with state and health", async () => {
  const { services, containers, calls } = await statusWith({});
  assert.deepEqual(services, [
    { name: "job", state: "exited", exitCode: 0, image: "r.example/team/job:1" },
    { name: "web", state: "running", health: "healthy", image: "r.example/team/web:1" },
  ]);
  assert.deepEqual(
    containers.map(({ id, imageId, restarts, restartPolicy }) => [id, imageId, restarts, restartPolicy]),
    [
      ["c0job", "sha256:2", 0, "no"],
      ["c0web", "sha256:1", 0, "no"],
    ],
  );
  assert.match(calls[0]!, /^docker <compose> <-f> <mirror\.yaml> <ps> <--all> <-q>/);
});

test("version 1 lists stopped containers without being asked", async () => {
  const { services, calls } = await statusWith({ plugin: "exit 1", standalone: "echo 1.29.2" });
  assert.equal(services.length, 2);
  assert.match(calls[0]!, /^docker-compose <-f> <mirror\.yaml> <ps> <-q> /);
});

test("containers of `compose run`, and lines that are no container, are skipped", async () => {
  const show = 'echo "container:web|True|running||0|$each|i|0|no|then|x"; echo "WARNING: something"';
  assert.deepEqual((await statusWith({ show })).services, []);
});

test("nothing runs, or nothing is there", async () => {
  assert.deepEqual((await statusWith({ list: ":" })).services, []);
  await assert.rejects(statusWith({}, "nowhere"), { code: "host-ps", message: /nowhere/ });
  await assert.rejects(statusWith({ list: "echo 'no such file: mirror.yaml' >&2; exit 14" }), {
    code: "host-ps",
    message: /no such file/,
  });
});

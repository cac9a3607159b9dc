import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "../../../lib/deploy/ssh/connection.ts";
import { containersIn, requireOwnName, statesOf } from "../../../lib/deploy/host/containers.ts";
import { fakeHost } from "../../_helpers/fake-host.ts";

async function statusWith(on: Readonly<Record<string, string>>, folder = "app") {
  const host = fakeHost(on);
  mkdirSync(join(host.home, "app"));
  host.write("containers/web", "r.example/team/web:1 sha256:1\n");
  host.write("containers/job", "r.example/team/job:1 sha256:2\n");
  const connection = await connect("box", host);
  try {
    const access = { kind: "docker", sudo: false } as const;
    const containers = await containersIn(connection, { dir: join(host.home, folder), access });
    return { containers, services: statesOf(containers) };
  } finally {
    await connection.close();
    host.remove();
  }
}

test("services with state and health", async () => {
  const { services, containers } = await statusWith({});
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
});

test("the project and the files that a container was started from are told, and no health of what has ended", async () => {
  const show =
    'echo "container:job|False|exited|unhealthy|1|c0job|i|0|no|then|app|/srv/app/base.yaml,/srv/app/mirror.yaml||x"';
  const { containers } = await statusWith({ show, list: "echo c0job" });
  assert.deepEqual(
    containers.map(({ project, files, health, exitCode }) => [project, files, health, exitCode]),
    [["app", ["base.yaml", "mirror.yaml"], undefined, 1]],
  );
});

test("containers of `compose run`, and lines that are no container, are skipped", async () => {
  const show = 'echo "container:web|True|running||0|$each|i|0|no|then|app|f||x"; echo "WARNING: something"';
  assert.deepEqual((await statusWith({ show })).services, []);
});

test("nothing runs, or nothing is there", async () => {
  assert.deepEqual((await statusWith({ list: ":" })).services, []);
  await assert.rejects(statusWith({}, "nowhere"), { code: "host-ps", message: /nowhere/ });
  await assert.rejects(statusWith({ list: "echo 'permission denied' >&2; exit 14" }), {
    code: "host-ps",
    message: /permission denied/,
  });
});

test("a project of the same name in another folder is not taken over", async () => {
  for (const [other, refused] of [
    ["other/app", true],
    ["app", false],
    ["gone/app", false],
  ] as const) {
    const host = fakeHost({ list: `echo "$ROOT/home/${other}"` });
    host.write("home/app/a", "");
    host.write("home/other/app/a", "");
    const connection = await connect("box", host);
    const access = { kind: "docker", sudo: false } as const;
    const asked = requireOwnName(connection, { dir: join(host.home, "app"), access, name: "app" });
    if (refused) await assert.rejects(asked, { code: "project-elsewhere", exit: 2, message: /other\/app/ });
    else await asked;
    await connection.close();
    host.remove();
  }
});

test("a format that docker cannot fill in is an error, not a host without containers", async () => {
  const show = "echo 'template parsing error: map has no entry for key \"Health\"' >&2; false";
  await assert.rejects(statusWith({ show }), { code: "host-ps", message: /no entry for key "Health"/ });
});

test("published ports are told, with the address that they listen at", async () => {
  const ports = "echo '0.0.0.0,8080,80/tcp;::,8080,80/tcp;127.0.0.1,5432,5432/tcp;0.0.0.0,53,53/udp;'";
  const { containers } = await statusWith({ ports });
  assert.deepEqual(containers[1]!.ports, [
    { address: "0.0.0.0", port: 8080, target: "80/tcp" },
    { address: "::", port: 8080, target: "80/tcp" },
    { address: "127.0.0.1", port: 5432, target: "5432/tcp" },
    { address: "0.0.0.0", port: 53, target: "53/udp" },
  ]);
});

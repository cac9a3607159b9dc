import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectOn } from "../lib/deploy/plan.ts";
import { probeHost } from "../lib/deploy/probe.ts";
import { connect } from "../lib/deploy/ssh.ts";
import { statusOf } from "../lib/deploy/status.ts";
import { fakeHost } from "./fake-host.ts";

async function statusWith(on: Readonly<Record<string, string>>, folder = "app") {
  const host = fakeHost(on);
  mkdirSync(join(host.home, "app"));
  const connection = await connect("box", host);
  try {
    const project = projectOn(await probeHost(connection, `~/${folder}`), ["mirror.yaml"]);
    return { services: await statusOf(connection, project), calls: host.calls() };
  } finally {
    await connection.close();
    host.remove();
  }
}

test("services with state and health, without one-off containers", async () => {
  const { services, calls } = await statusWith({});
  assert.deepEqual(services, [
    { name: "job", state: "exited", exitCode: 0, image: "r.example/team/job:1" },
    { name: "web", state: "running", health: "healthy", image: "r.example/team/web:1" },
  ]);
  assert.match(calls[0]!, /^docker <compose> <-f> <mirror\.yaml> <ps> <--all> <-q>/);
});

test("version 1 lists stopped containers without being asked", async () => {
  const { services, calls } = await statusWith({ plugin: "exit 1", standalone: "echo 1.29.2" });
  assert.equal(services.length, 2);
  assert.match(calls[0]!, /^docker-compose <-f> <mirror\.yaml> <ps> <-q> /);
});

test("nothing runs, or nothing is there", async () => {
  assert.deepEqual((await statusWith({ list: ":" })).services, []);
  await assert.rejects(statusWith({}, "nowhere"), { code: "host-ps", message: /nowhere/ });
  await assert.rejects(statusWith({ list: "echo 'no such file: mirror.yaml' >&2; exit 14" }), {
    code: "host-ps",
    message: /no such file/,
  });
});

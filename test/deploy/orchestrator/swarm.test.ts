import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeployedProject } from "../../../lib/deploy/orchestrator/compose-project.ts";
import { containersOfStack, judgeService, readStack, swarm } from "../../../lib/deploy/orchestrator/swarm.ts";
import { connect } from "../../../lib/deploy/ssh/connection.ts";
import { fakeHost } from "../../_helpers/fake-host.ts";

const OUTPUT = `service:shop_web|42|updating|r.example/t/web:1@sha256:aa
service:shop_job|7||r.example/t/job:1@sha256:bb
replicas:shop_web|1/2
replicas:shop_job|0/1
task:shop_web.1|Running|Running 2 minutes ago|
task:shop_web.2|Shutdown|Failed 1 second ago|"task: non-zero exit (1)"
task:shop_job.1|Shutdown|Complete 3 seconds ago|
WARNING: something else
`;

test("docker's output about a stack is parsed", () => {
  const [job, web] = readStack("shop", OUTPUT);
  assert.deepEqual(job, {
    name: "job",
    version: "7",
    image: "r.example/t/job:1",
    wanted: 1,
    running: 0,
    complete: 1,
    update: "",
    error: "",
  });
  assert.deepEqual(
    [web?.version, web?.wanted, web?.running, web?.update, web?.error],
    ["42", 2, 1, "updating", '"task: non-zero exit (1)"'],
  );
  assert.deepEqual(readStack("shop", ""), []);
});

test("a service is judged by its tasks and its update", () => {
  const service = { name: "web", version: "1", image: "x", wanted: 2, running: 2, complete: 0, update: "", error: "" };
  for (const [changes, expected] of [
    [{}, "healthy"],
    [{ update: "completed" }, "healthy"],
    [{ update: "rollback_completed" }, "healthy"],
    [{ update: "updating" }, "waiting"],
    [{ update: "rollback_started" }, "waiting"],
    [{ update: "paused" }, "failed"],
    [{ update: "rollback_paused" }, "failed"],
    [{ running: 1 }, "waiting"],
    [{ running: 0, wanted: 0 }, "healthy"],
    [{ running: 0, wanted: 1, complete: 1 }, "healthy"],
    [{ running: 0, wanted: 1, complete: 0 }, "waiting"],
  ] as const) {
    assert.equal(judgeService({ ...service, ...changes }), expected, JSON.stringify(changes));
  }
});

test("services are reported in the same form as containers", () => {
  assert.deepEqual(
    containersOfStack(readStack("shop", OUTPUT)).map(({ name, state, exitCode }) => [name, state, exitCode]),
    [
      ["job", "exited", 0],
      ["web", "created", undefined],
    ],
  );
});

test("logs of several services of a stack come together, by docker's own command", async () => {
  const host = fakeHost();
  host.program("docker", '#!/bin/sh\nshift 2\necho "$@"\n');
  const project: DeployedProject = {
    name: "shop",
    host: "box",
    dir: host.home,
    access: { kind: "docker", sudo: false },
    compose: { flavour: "stack", version: "26", command: [] },
    files: [],
    envFiles: [],
    profiles: [],
  };
  const connection = await connect("box", host);
  try {
    const command = swarm.logs(project, { services: ["web", "db"], follow: true, tail: 5 });
    const { code, stdout } = await connection.run(command, { onDisconnect: "end" });
    assert.equal(code, 0);
    assert.deepEqual(stdout.trim().split("\n").toSorted(), ["--follow --tail=5 shop_db", "--follow --tail=5 shop_web"]);
  } finally {
    await connection.close();
    host.remove();
  }
});

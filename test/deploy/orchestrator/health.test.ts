import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../../lib/deploy/orchestrator/health.ts";
import type { Container } from "../../../lib/deploy/host/containers.ts";

const CONTAINER: Container = {
  name: "web",
  state: "running",
  image: "x",
  id: "c",
  imageId: "i",
  restarts: 0,
  project: "app",
  files: [],
  restartPolicy: "no",
  ports: [],
  startedAt: "t",
};

test("the health of a container follows from docker's output", () => {
  for (const [changes, expected] of [
    [{}, "healthy"],
    [{ health: "healthy" }, "healthy"],
    [{ health: "starting" }, "waiting"],
    [{ health: "unhealthy" }, "failed"],
    [{ state: "created", exitCode: 0 }, "waiting"],
    [{ state: "restarting", exitCode: 1, restartPolicy: "always" }, "waiting"],
    [{ state: "paused", exitCode: 0 }, "waiting"],
    [{ state: "dead", exitCode: 1 }, "failed"],
    [{ state: "exited", exitCode: 0 }, "healthy"],
    [{ state: "exited", exitCode: 0, restartPolicy: "on-failure" }, "healthy"],
    [{ state: "exited", exitCode: 0, restartPolicy: "always" }, "waiting"],
    [{ state: "exited", exitCode: 3 }, "failed"],
    [{ state: "exited", exitCode: 3, restartPolicy: "" }, "failed"],
    [{ state: "exited", exitCode: 3, restartPolicy: "on-failure" }, "waiting"],
    [{ state: "exited", exitCode: 3, restartPolicy: "unless-stopped" }, "waiting"],
  ] as const) {
    assert.equal(judge({ ...CONTAINER, ...changes }), expected, JSON.stringify(changes));
  }
});

test("three restarts during one wait are a crash loop, whatever the state", () => {
  const looping = { ...CONTAINER, state: "restarting", exitCode: 1, restartPolicy: "always" };
  assert.deepEqual(
    [0, 2, 3].map((restarts) => judge(looping, restarts)),
    ["waiting", "waiting", "failed"],
  );
});

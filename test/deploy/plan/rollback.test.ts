import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../../../lib/deploy/host/containers.ts";
import type { HostProbe } from "../../../lib/deploy/host/probe.ts";
import { ORCHESTRATORS } from "../../../lib/deploy/orchestrator/orchestrators.ts";
import type { Release } from "../../../lib/deploy/plan/release.ts";
import { planRollback, type RollbackRequest } from "../../../lib/deploy/plan/rollback.ts";
import { GOOD_HOST } from "../../_helpers/good-host.ts";

const FILE = "docker-compose-mirror.yaml";

function release(id: string, services: readonly string[], sent: Release["sent"] = {}): Release {
  const images = services.map((service) => ({ service, image: `r.example/t/${service}:1`, id: `sha256:${service}` }));
  return { id, time: "t", files: [FILE], envFiles: [], profiles: [], images, sent };
}

function container(name: string): Container {
  const rest = { image: "x", id: name, imageId: "i", restarts: 0, restartPolicy: "no", startedAt: "t", ports: [] };
  return { name, state: "running", project: "app", files: [FILE], ...rest };
}

const A = release("20260101-000001-0000", ["db", "web"], { "a.conf": { sha256: "a", services: ["web"] } });
const B = release("20260101-000002-0000", ["database", "web"], { "b.conf": { sha256: "b", services: ["web"] } });
const COMPOSE = { flavour: "v2", version: "2.26.1", command: ["docker", "compose"] } as const;
const PROBE: HostProbe = { ...GOOD_HOST, releases: [A, B], current: B.id, history: [A.id, B.id] };
const REQUEST: RollbackRequest = {
  probe: PROBE,
  project: {
    name: "app",
    host: "box",
    dir: "/srv",
    access: { kind: "docker", sudo: false },
    compose: COMPOSE,
    files: [FILE],
    envFiles: [],
    profiles: [],
  },
  orchestrator: ORCHESTRATORS.compose,
  running: { containers: ["database", "web"].map(container), versions: [] },
  holder: "me@here",
  choices: { waitSeconds: 60, lockSeconds: 5 },
};

test("going back is exact: files, images and services come back, what the other added goes", () => {
  const { target, removed, steps } = planRollback(REQUEST);
  assert.deepEqual([target.id, removed], [A.id, ["database"]]);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ["restore", "remove-files", "retag", "retag", "up", "recreate", "remove", "wait", "record"],
  );
  assert.equal(steps[1]!.stdin?.({} as never), "b b.conf\n");
  assert.deepEqual(steps.at(-1)!.command.slice(-2), [A.id, B.id]);
  assert.deepEqual(steps[6]!.command.slice(-4), ["/srv", "database", "app", "docker"]);
});

test("an unfinished deploy is taken back to the release that it was to replace", () => {
  const containers = ["database", "fresh", "web"].map(container);
  const { target, removed, steps, changes } = planRollback({
    ...REQUEST,
    probe: { ...PROBE, unfinished: ["20260101-000003-0000"] },
    running: { containers, versions: [] },
  });
  assert.deepEqual([target.id, removed], [B.id, ["fresh"]]);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ["restore", "retag", "retag", "up", "recreate", "remove", "wait", "record", "prune"],
  );
  assert.deepEqual(steps.at(-2)!.command.slice(-2), [B.id, ""], "nothing is rejected");
  assert.equal(steps.at(-1)!.command.at(-1), "20260101-000003-0000");
  assert.deepEqual(
    changes.filter(({ change }) => change === "removed").map(({ service }) => service),
    ["fresh"],
  );
});

/** `release`, with what the services ran: a digest at the registry, or none and an id. */
function ran(base: Release, images: readonly Release["images"][number][], settings: Release["settings"] = {}): Release {
  return { ...base, images, settings };
}

const byDigest = (service: string, digest: string) => ({
  service,
  image: `r.example/t/${service}:1`,
  id: `sha256:id-${digest}`,
  pulledBy: `r.example/t/${service}@sha256:${digest}`,
});

test("every service with what it runs and what it ran, whatever moved: tag, digest, id, files, settings", () => {
  const was = ran(
    A,
    [
      byDigest("web", "1"),
      { service: "built", image: "built:1", id: "sha256:1" },
      byDigest("same", "1"),
      byDigest("db", "1"),
      byDigest("env", "1"),
    ],
    { env: "1", same: "1" },
  );
  const is = ran(
    { ...B, sent: {} },
    [
      byDigest("web", "2"),
      { service: "built", image: "built:1", id: "sha256:2" },
      byDigest("same", "1"),
      byDigest("database", "1"),
      byDigest("env", "1"),
    ],
    { env: "2", same: "1" },
  );
  const probe = { ...PROBE, releases: [was, is] };
  const running = { containers: ["built", "database", "env", "same", "stray", "web"].map(container), versions: [] };
  const { changes } = planRollback({ ...REQUEST, probe, running });
  assert.deepEqual(
    changes.map(({ service, change, reasons = [], from, to }) => [
      service,
      change,
      reasons.join(),
      from?.digest ?? from?.image,
      to?.digest ?? to?.image,
    ]),
    [
      ["built", "changed", "image", "sha256:2", "sha256:1"],
      ["database", "removed", "", "sha256:1", undefined],
      ["db", "added", "", undefined, "sha256:1"],
      ["env", "changed", "settings", "sha256:1", "sha256:1"],
      ["same", "same", "", "sha256:1", "sha256:1"],
      ["stray", "removed", "", "x", undefined],
      ["web", "changed", "image,files", "sha256:2", "sha256:1"],
    ],
  );
});

test("a release can be named; one that is not kept, or none, is refused", () => {
  assert.equal(planRollback({ ...REQUEST, release: B.id }).target.id, B.id);
  assert.throws(() => planRollback({ ...REQUEST, release: "x" }), { code: "release-unknown", message: /"x"/ });
  for (const probe of [
    { ...PROBE, history: [B.id], releases: [B] },
    { ...PROBE, history: [A.id, `-${A.id}`, B.id] },
  ]) {
    assert.throws(() => planRollback({ ...REQUEST, probe }), { code: "release-none" });
  }
});

test("a swarm goes back one release and no further", () => {
  const orchestrator = ORCHESTRATORS.swarm;
  const c = release("20260101-000003-0000", ["web"]);
  const probe = { ...PROBE, releases: [A, B, c], current: c.id, history: [A.id, B.id, c.id] };
  const running = { containers: [container("web")], versions: ["app_web=9"] };
  const { target, steps } = planRollback({ ...REQUEST, orchestrator, probe, running });
  assert.equal(target.id, B.id);
  assert.ok(steps.some(({ command }) => command.includes("app_web=0")));
  // It goes by name, and what comes back is started from the files of then without touching the images of the others.
  const both = { containers: ["web", "extra"].map(container), versions: ["app_web=9", "app_extra=8"] };
  const back = planRollback({ ...REQUEST, orchestrator, probe, running: both }).steps;
  assert.ok(back.some(({ command }) => command.includes("app_web=0")));
  assert.ok(back.some(({ command }) => command.includes("--resolve-image=changed")));
  assert.throws(() => planRollback({ ...REQUEST, orchestrator, probe, running, release: A.id }), {
    code: "release-unknown",
  });
});

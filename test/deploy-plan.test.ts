import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeployRequest, planDeploy } from "../lib/deploy/plan.ts";
import type { HostProbe } from "../lib/deploy/probe.ts";
import { commandLine } from "../lib/quote.ts";

const PROBE: HostProbe = {
  host: "box",
  user: "me",
  home: "/home/me",
  system: "CentOS Stream 9",
  platform: "linux/amd64",
  engine: { kind: "docker", client: "26.1.4", server: "26.1.4" },
  compose: { flavour: "v2", version: "2.26.1", command: ["docker", "compose"] },
  folder: { path: "/home/me/my app", state: "missing", writable: true, hasEnvFile: false },
};
const REQUEST: DeployRequest = {
  probe: PROBE,
  composeFiles: [{ source: "/p/docker-compose-mirror.yaml", name: "docker-compose-mirror.yaml" }],
  registry: "r.example:5000",
  username: "me@corp",
  profiles: [],
  platform: "linux/amd64",
  v1Problems: [],
  usesEnvFile: false,
  oldestV2: "2.0.0",
};
const V1 = { flavour: "v1", version: "1.29.2", command: ["docker-compose"] } as const;

function lines(request: DeployRequest): readonly string[] {
  return planDeploy(request).steps.map(({ kind, command }) =>
    kind === "copy" || kind === "place" ? kind : commandLine(command),
  );
}

test("the steps in order, as they can be pasted into a shell there", () => {
  const inFolder = `sh -c 'cd -- "$1" && shift && exec "$@"' sh '/home/me/my app'`;
  assert.deepEqual(lines(REQUEST), [
    "mkdir -p -- '/home/me/my app'",
    "copy",
    "docker login '--username=me@corp' --password-stdin r.example:5000",
    `${inFolder} docker compose -f .docker-compose-mirror.yaml.new pull`,
    "place",
    `${inFolder} docker compose -f docker-compose-mirror.yaml up -d`,
    `${inFolder} docker compose -f docker-compose-mirror.yaml ps --all`,
  ]);
});

test("version 1, several files and profiles", () => {
  const [, , , pull, , up, ps] = lines({
    ...REQUEST,
    username: undefined,
    probe: { ...PROBE, compose: V1 },
    composeFiles: ["a.yaml", "b.yaml"].map((name) => ({ source: `/p/${name}`, name })),
    profiles: ["db", "web"],
  });
  assert.match(pull!, /docker-compose -f \.a\.yaml\.new -f \.b\.yaml\.new --profile db --profile web pull$/);
  assert.match(up!, /docker-compose -f a\.yaml -f b\.yaml --profile db --profile web up -d$/);
  assert.match(ps!, / ps$/);
});

test("without credentials, or where docker takes none on its input, the host's own login is relied on", () => {
  const none = planDeploy({ ...REQUEST, username: undefined });
  const old = planDeploy({
    ...REQUEST,
    probe: { ...PROBE, engine: { kind: "docker", client: "1.13.1", server: "1.13.1" } },
  });
  for (const [plan, code] of [
    [none, "login-skipped"],
    [old, "login-unsupported"],
  ] as const) {
    assert.equal(plan.login, undefined);
    assert.ok(!plan.steps.some(({ kind }) => kind === "login"));
    assert.equal(plan.warnings.at(-1)!.code, code);
  }
});

test("a host that cannot do it, and a registry that is none, are refused", () => {
  const { compose: _, ...bare } = PROBE;
  assert.throws(() => planDeploy({ ...REQUEST, probe: bare }), { code: "host-compose-missing" });
  assert.throws(() => planDeploy({ ...REQUEST, probe: { ...PROBE, compose: V1 }, v1Problems: ["include"] }), {
    code: "host-compose-v1",
    message: /include/,
  });
  for (const registry of ["--config=/x", "a b", ""]) {
    assert.throws(() => planDeploy({ ...REQUEST, registry }), { code: "registry-invalid" });
  }
});

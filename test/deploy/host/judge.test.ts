import assert from "node:assert/strict";
import { test } from "node:test";
import { MEDIA_TYPES } from "../../../lib/image/manifest.ts";
import { theirs } from "../../../lib/messages/message.ts";
import { judgeHost } from "../../../lib/deploy/host/judge.ts";
import type { HostFindings, HostNeeds, HostProbe } from "../../../lib/deploy/host/probe.ts";
import { ORCHESTRATORS } from "../../../lib/deploy/orchestrator/orchestrators.ts";
import type { ErrorCode } from "../../../lib/messages/errors.ts";
import { GOOD_HOST as GOOD } from "../../_helpers/good-host.ts";

const NEEDS = {
  platform: "linux/amd64",
  v1Problems: [],
  usesEnvFile: true,
  oldestV2: "2.20.0",
  unlabelled: ["./conf"],
};
const V1 = { flavour: "v1", version: "1.29.2", command: ["docker-compose"] } as const;

test("a good host has no findings", () => {
  assert.deepEqual(judged(GOOD, NEEDS), { errors: [], warnings: [] });
  assert.deepEqual(judged(GOOD, { ...NEEDS, platform: "linux/amd64/v2" }).errors, []);
});

test("what is missing or too old is an error that names it", () => {
  const { engine, ...noDocker } = GOOD;
  const { compose: _, ...noCompose } = GOOD;
  const docker = engine!;
  const { server: __, ...stopped } = docker;
  const cases: readonly (readonly [HostProbe, ErrorCode, RegExp])[] = [
    [noDocker, "host-docker-missing", /no docker/],
    [{ ...GOOD, engine: { ...docker, server: "1.12.6" } }, "host-docker-old", /1\.12\.6/],
    [{ ...GOOD, engine: { ...stopped, complaint: "Cannot connect" } }, "host-docker-stopped", /Cannot connect/],
    [{ ...GOOD, engine: { ...stopped, complaint: "dial: permission denied" } }, "host-docker-permission", /denied/],
    [noCompose, "host-compose-missing", /compose/],
    [{ ...GOOD, compose: { ...V1, version: "1.18.0" } }, "host-compose-old", /1\.18\.0/],
    [
      { ...GOOD, compose: { ...V1, complaint: "client version 1.41 is too old" } },
      "host-compose-broken",
      /1\.29\.2.*1\.41/,
    ],
    [{ ...GOOD, platform: "linux/arm64" }, "host-platform", /linux\/arm64.*linux\/amd64/],
    [{ ...GOOD, folder: { ...GOOD.folder, writable: false } }, "host-dir-write", /"me".*"\/srv"/],
    [{ ...GOOD, folder: { ...GOOD.folder, foreignState: true } }, "host-link", /"\/srv".*another user/],
    [{ ...GOOD, folder: { ...GOOD.folder, state: "other" } }, "host-dir-invalid", /"\/srv"/],
  ];
  for (const [probe, code, message] of cases) {
    const { errors } = judged(probe, NEEDS);
    assert.deepEqual(
      errors.map((error) => error.code),
      [code],
    );
    assert.match(errors[0]!.message, message);
  }
  const problems = judged(
    { ...GOOD, compose: V1 },
    { ...NEEDS, v1Problems: [theirs("top-level name"), theirs("include")] },
  );
  assert.match(problems.errors[0]!.message, /1\.29\.2.*top-level name, include/);
});

/** The warnings about the good host with `changes`, which is no error. */
function codes(changes: Partial<HostProbe>): readonly string[] {
  const { errors, warnings } = judged({ ...GOOD, ...changes }, NEEDS);
  assert.deepEqual(errors, []);
  return warnings.map(({ code }) => code.replace("warning-", ""));
}

test("old but usable versions pass, with a warning where one is due", () => {
  const engine = GOOD.engine!;
  for (const server of ["1.13.1", "17.06.0-ce", "20.10.9"]) {
    assert.deepEqual(codes({ engine: { ...engine, server } }), ["docker-aging"], server);
  }
  assert.deepEqual(codes({ engine: { ...engine, server: "20.10.24+dfsg1" } }), []);
  assert.deepEqual(codes({ compose: V1 }), ["compose-v1"]);
  assert.deepEqual(codes({ engine: { kind: "podman" } }), ["engine-podman"]);
  assert.deepEqual(codes({ engine: { ...engine, freeBytes: 1e9 } }), ["disk-low"]);
  assert.deepEqual(codes({ folder: { ...GOOD.folder, freeBytes: 1e6 } }), ["disk-low"]);
  assert.deepEqual(codes({ selinux: "Enforcing" }), ["selinux-enforcing"]);
  assert.deepEqual(codes({ selinux: "Permissive" }), []);
});

test("a swarm needs a manager, and no compose", () => {
  const { compose: _, ...noCompose } = GOOD;
  const swarm = (state: string): HostFindings =>
    judgeHost({ ...noCompose, engine: { ...GOOD.engine!, swarm: state } }, NEEDS, ORCHESTRATORS.swarm);
  assert.deepEqual(swarm("active true").errors, []);
  assert.deepEqual(
    swarm("active false").errors.map(({ code }) => code),
    ["host-swarm"],
  );
});

function judged(probe: HostProbe, needs: HostNeeds): HostFindings {
  return judgeHost(probe, needs, ORCHESTRATORS.compose);
}

test("what was mirrored is held against the version of docker there, with the remedy for each cause", () => {
  const oci = { name: "r/team/a:1", mediaType: MEDIA_TYPES.ociManifest, layers: [] };
  const zstd = { ...oci, name: "r/team/b:1", layers: [{ mediaType: `${MEDIA_TYPES.ociManifest}.tar+zstd` }] };
  const on = (server: string) =>
    judged({ ...GOOD, engine: { ...GOOD.engine!, server } }, { ...NEEDS, manifests: [oci, zstd] }).errors;
  assert.deepEqual(
    on("17.09.0-ce").map(({ code }) => code),
    ["host-manifest-unreadable", "host-layer-unreadable"],
  );
  assert.match(on("17.09.0-ce")[0]!.message, /r\/team\/a:1.*17\.09\.0-ce.*r\/team\/b:1/);
  assert.match(on("17.09.0-ce")[0]!.hint, /--format docker/);
  assert.doesNotMatch(on("17.09.0-ce")[1]!.hint, /damaged/);
  assert.deepEqual(
    on("20.10.24").map(({ code, message }) => [code, /r\/team\/a:1/.test(message)]),
    [["host-layer-unreadable", false]],
  );
  assert.deepEqual(on("26.1.4"), []);
});

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { probeHost, type ProbeOptions, programsIn, takesPasswordOnInput } from "../../../lib/deploy/host/probe.ts";
import { judgeHost } from "../../../lib/deploy/host/judge.ts";
import { ORCHESTRATORS } from "../../../lib/deploy/orchestrator/orchestrators.ts";
import { connect } from "../../../lib/deploy/ssh/connection.ts";
import { fakeHost } from "../../_helpers/fake-host.ts";
import { GOOD_HOST as GOOD } from "../../_helpers/good-host.ts";

const RELEASE = {
  id: "20260102-030405-00ff",
  time: "t",
  files: [],
  envFiles: [],
  profiles: [],
  images: [],
  sent: {},
};

async function probed(on: Readonly<Record<string, string>>, dir = "~/app", prepare?: (home: string) => void) {
  const host = fakeHost(on);
  prepare?.(host.home);
  const connection = await connect("box", host);
  try {
    return {
      probe: await probeHost(connection, dir),
      home: host.home,
      ssh: host.sshCalls().length,
      calls: host.calls(),
    };
  } finally {
    await connection.close();
    host.remove();
  }
}

test("one round trip finds system, docker, compose, folder and disk, and changes nothing", async () => {
  const { probe, home, ssh, calls } = await probed({}, "~/app", (folder) => {
    mkdirSync(join(folder, "app"));
    writeFileSync(join(folder, "app", ".env"), "A=1\n");
  });
  assert.equal(ssh, 2, "the master and one session");
  assert.deepEqual(calls, []);
  assert.equal(probe.home, home);
  assert.deepEqual(probe.compose, { flavour: "v2", version: "2.26.1", command: ["docker", "compose"] });
  const { freeBytes, ...engine } = probe.engine!;
  assert.deepEqual(engine, {
    kind: "docker",
    client: "26.1.4",
    server: "26.1.4",
    swarm: "inactive false",
    root: "/var/lib",
  });
  assert.ok(freeBytes! > 0);
  const { freeBytes: free, envText, ...folder } = probe.folder;
  assert.equal(envText?.reveal(), "A=1\n");
  assert.deepEqual(folder, { path: join(home, "app"), state: "folder", writable: true, hasEnvFile: true });
  assert.ok(free! > 0);
});

test("folders are found below the home, whatever their names", async () => {
  for (const [dir, below] of [
    ["~", ""],
    ["~/", ""],
    ["~/a b/", "/a b"],
    ["dify/docker", "/dify/docker"],
    ['~/it\'s $(touch x) `id` "q"', '/it\'s $(touch x) `id` "q"'],
    ["-x", "/-x"],
  ] as const) {
    const { probe, home } = await probed({}, dir);
    assert.equal(probe.folder.path.replace(/\/$/, ""), home + below, dir);
    assert.equal(probe.folder.state, below === "" ? "folder" : "missing", dir);
  }
  assert.equal((await probed({}, "/nowhere/at all/")).probe.folder.path, "/nowhere/at all");
});

test("a folder that cannot be one is refused", async () => {
  const host = fakeHost();
  const connection = await connect("box", host);
  for (const dir of ["", "a\nb", "~root/x"]) {
    await assert.rejects(probeHost(connection, dir), { code: "host-dir-invalid", exit: 2 }, dir);
  }
  await connection.close();
  host.remove();
  const { probe } = await probed({}, "~/file", (home) => writeFileSync(join(home, "file"), ""));
  assert.equal(probe.folder.state, "other");
});

test("compose is found in all its shapes", async () => {
  const none = { plugin: "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1" };
  for (const [on, expected] of [
    [{ plugin: "echo 2.26.1-3" }, ["v2", "2.26.1-3", "docker compose"]],
    [{ plugin: "echo dev" }, ["v2", "dev", "docker compose"]],
    [{ ...none, standalone: "echo 1.29.2" }, ["v1", "1.29.2", "docker-compose"]],
    [{ ...none, standalone: "echo v2.24.0" }, ["v2", "2.24.0", "docker-compose"]],
    [{ standalone: "echo 1.29.2" }, ["v2", "2.26.1", "docker compose"]],
    [none, undefined],
  ] as const) {
    const { compose } = (await probed(on)).probe;
    assert.deepEqual(compose && [compose.flavour, compose.version, compose.command.join(" ")], expected);
  }
});

test("version 1 that cannot reach the daemon is detected", async () => {
  const v1 = { plugin: "exit 1", standalone: "echo 1.29.2" };
  const broken = await probed({ ...v1, talk: "echo Traceback >&2; echo 'client version 1.41 is too old' >&2; exit 1" });
  assert.equal(broken.probe.compose?.complaint, "client version 1.41 is too old");
  const fine = await probed({ ...v1, talk: 'grep -q services && [ "$PWD" = / ] || exit 1' });
  assert.equal(fine.probe.compose?.complaint, undefined);
});

/** Looks with `options` at a host that may have a release; gives compose and how often docker-compose was started. */
async function looked(options: ProbeOptions, { plugin = "exit 1", runtime }: { plugin?: string; runtime?: string }) {
  const host = fakeHost({ plugin, standalone: 'echo start >>"$ROOT/starts"; echo 1.29.2' });
  if (runtime !== undefined) {
    const release = JSON.stringify({ ...RELEASE, runtime });
    host.write(`home/app/.compose-mirror/releases/${RELEASE.id}/release.json`, `${release}\n`);
    host.write("home/app/.compose-mirror/current", `${RELEASE.id}\n`);
  }
  const connection = await connect("box", host);
  const { compose } = await probeHost(connection, "~/app", options);
  await connection.close();
  const starts = (host.read("starts") ?? "").split("\n").length - 1;
  host.remove();
  return [compose?.version, compose?.recorded === true, starts];
}

test("docker-compose is started once, and not at all by a quick look that has the version in the release", async () => {
  assert.deepEqual(await looked({}, { runtime: "1.28.0" }), ["1.29.2", false, 1]);
  for (const [host, expected] of [
    [{ runtime: "1.28.0" }, ["1.28.0", true, 0]],
    [{ runtime: "2.26.1" }, ["1.29.2", false, 1]],
    [{}, ["1.29.2", false, 1]],
    [{ runtime: "1.28.0", plugin: "echo 2.26.1" }, ["2.26.1", false, 0]],
  ] as const) {
    assert.deepEqual(await looked({ quick: true }, host), expected, JSON.stringify(host));
  }
});

test("what an earlier look has found is not asked again, but the folder is", async () => {
  const host = fakeHost({ about: 'echo x >>"$ROOT/asked"', server: 'echo x >>"$ROOT/asked"' });
  host.write("home/app/a", "");
  const connection = await connect("box", host);
  const known = programsIn({ ...GOOD, engine: { kind: "podman" } });
  const probe = await probeHost(connection, "~/app", { known, names: ["a"] });
  await connection.close();
  assert.equal(host.read("asked"), undefined);
  host.remove();
  assert.deepEqual(programsIn(probe), known);
  assert.deepEqual([probe.folder.state, probe.files.get("a")?.kind], ["folder", "file"]);
});

test("files asked for, releases and the current one are found", async () => {
  const host = fakeHost();
  host.write("home/app/a b.conf", "one\n");
  host.write("home/app/folder/x", "");
  host.write(`home/app/.compose-mirror/releases/${RELEASE.id}/release.json`, `${JSON.stringify(RELEASE)}\n`);
  host.write("home/app/.compose-mirror/releases/20260102-030405-0000/release.json", "{}\n");
  host.write("home/app/.compose-mirror/current", `${RELEASE.id}\n`);
  const connection = await connect("box", host);
  const probe = await probeHost(connection, "~/app", {
    names: ["missing", "a\nfolder/x", "a b.conf", "folder", "../app/folder/x"],
  });
  await connection.close();
  host.remove();
  const sha256 = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.deepEqual(Object.fromEntries(probe.files), {
    "a b.conf": { kind: "file", sha256 },
    folder: { kind: "other" },
    "../app/folder/x": { kind: "file", sha256: empty },
  });
  assert.deepEqual(probe.releases, [RELEASE]);
  assert.equal(probe.current, RELEASE.id);
});

test("a docker for root only is seen where the user may become root", async () => {
  const server = '[ "$SUDO" = 1 ] && echo 26.1.4 || { echo "permission denied" >&2; exit 1; }';
  const sudo = '#!/bin/sh\nshift; [ "$1" != env ] || shift 2; SUDO=1 exec "$@"\n';
  const host = fakeHost({ server });
  host.program("sudo", sudo);
  const connection = await connect("box", host);
  const probe = await probeHost(connection, "~");
  await connection.close();
  host.remove();
  assert.deepEqual([probe.engine?.rootOnly, probe.engine?.server], [true, "26.1.4"]);
  const needs = { platform: probe.platform, v1Problems: [], usesEnvFile: false, oldestV2: "2.0.0", unlabelled: [] };
  assert.deepEqual(
    judgeHost(probe, needs, ORCHESTRATORS.compose).errors.map(({ code }) => code),
    ["host-docker-root"],
  );
  assert.deepEqual(judgeHost(probe, { ...needs, sudo: true }, ORCHESTRATORS.compose).errors, []);
});

test("podman under the name docker, and a daemon that is not reachable, are detected", async () => {
  const podman = await probed({ about: "echo 'Emulate Docker CLI using podman.' >&2; echo 'podman version 4.9.4'" });
  assert.equal(podman.probe.engine?.kind, "podman");
  const { engine } = (await probed({ server: "echo 'permission denied while trying' >&2; exit 1" })).probe;
  assert.deepEqual([engine?.server, engine?.complaint], [undefined, "permission denied while trying"]);
});

test("knows which docker takes a password on its input", () => {
  for (const [client, takes] of [
    ["1.13.1", false],
    ["17.06.2-ce", false],
    ["17.07.0-ce", true],
    ["26.1.4", true],
  ] as const) {
    assert.equal(takesPasswordOnInput({ ...GOOD, engine: { ...GOOD.engine!, client } }), takes, client);
  }
});

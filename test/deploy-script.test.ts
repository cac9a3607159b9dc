/** The scripts as a user runs them, against a host that is reached through a program named ssh. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type FakeHost, fakeHost } from "./fake-host.ts";
import { runScript } from "./run-script.ts";

const SOURCE = "services:\n  web: { image: nginx:1 }\n  job: { image: job:1 }\n";
const MIRROR = SOURCE.replace("nginx:1", "r.example/team/nginx:1").replace("job:1", "r.example/team/job:1");
const PLATFORM = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;

interface Scene {
  readonly on?: Readonly<Record<string, string>>;
  /** Files of the project, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Runs scripts in a project's folder, with the password in the environment. */
async function withProject(
  { on, files = { "compose.yaml": SOURCE, "docker-compose-mirror.yaml": MIRROR } }: Scene,
  body: (
    script: (name: string, ...args: readonly string[]) => ReturnType<typeof runScript>,
    host: FakeHost,
  ) => Promise<void>,
): Promise<void> {
  const host = fakeHost(on);
  const cwd = mkdtempSync(join(tmpdir(), "project-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const env = {
    ...host.environment,
    MIRROR_USERNAME: "team",
    MIRROR_PASSWORD: "s3cret-word",
    MIRROR_PLATFORM: PLATFORM,
    LANG: "C",
    LC_ALL: "C",
  };
  try {
    await body((name, ...args) => runScript(name, args, { cwd, env }), host);
  } finally {
    host.remove();
    rmSync(cwd, { recursive: true });
  }
}

test("deploy: progress on stderr, the services on stdout", async () => {
  await withProject({}, async (script, host) => {
    const { code, stdout, stderr } = await script("deploy", "--host", "box", "--dir", "~/app");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^job +exited \(0\) .*\nweb +running \(healthy\) +r\.example\/team\/nginx:1\n$/);
    assert.match(stderr, /> Deploy to box\n.*docker 26\.1\.4, compose 2\.26\.1\n/s);
    assert.deepEqual(readdirSync(join(host.home, "app")), [".compose-mirror", "docker-compose-mirror.yaml"]);
    assert.equal(host.read("login-input"), "s3cret-word");
    assert.doesNotMatch(stdout + stderr, /s3cret/);

    const status = await script("status", "--host", "box", "--dir", "~/app", "--json");
    assert.deepEqual(
      JSON.parse(status.stdout).services.map(({ name }: { name: string }) => name),
      ["job", "web"],
    );
  });
});

test("deploy --dry-run shows the commands and changes nothing", async () => {
  await withProject({}, async (script, host) => {
    const { code, stdout, stderr } = await script("deploy", "--host", "box", "--dry-run");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /docker compose -f docker-compose-mirror\.yaml up -d/);
    assert.match(stdout, /docker login '?--username.*--password-stdin r\.example/);
    assert.deepEqual(readdirSync(host.home), []);
    assert.deepEqual(host.calls(), []);
  });
});

test("deploy to several hosts: each on its own, one JSON document", async () => {
  await withProject({}, async (script) => {
    const { code, stdout, stderr } = await script("deploy", "--host", "box,-bad", "--dir", "app", "--json");
    assert.equal(code, 1);
    const [good, bad] = JSON.parse(stdout);
    assert.deepEqual([good.host, good.compose, good.services.length], ["box", { flavour: "v2", version: "2.26.1" }, 2]);
    assert.equal(bad.host, "-bad");
    assert.match(bad.error, /not valid/);
    assert.match(stderr, /way out: write an alias/);
  });
});

test("what is wrong with the call is said with exit code 2, before any host is touched", async () => {
  await withProject({ files: { "compose.yaml": SOURCE } }, async (script, host) => {
    const missing = await script("deploy", "--host", "box");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /docker-compose-mirror\.yaml.*\n.*generate-mirror-compose.*mirror/);
    const noHost = await script("deploy");
    assert.equal(noHost.code, 2);
    assert.match(noHost.stderr, /--host.*DEPLOY_HOST/);
    assert.deepEqual(host.sshCalls(), []);
  });
});

test("a failed step is exit code 1, with the reason and what is left", async () => {
  await withProject({ on: { pull: "echo 'no space left on device'; exit 1" } }, async (script) => {
    const { code, stderr } = await script("deploy", "--host", "box");
    assert.equal(code, 1);
    assert.match(stderr, /no space is left on "box".*\n.*docker system df/s);
    assert.match(stderr, /its services run as before/);
  });
});

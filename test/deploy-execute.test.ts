import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { type DeployProgress, executeDeploy } from "../lib/deploy/execute.ts";
import { type DeployRequest, planDeploy } from "../lib/deploy/plan.ts";
import { probeHost } from "../lib/deploy/probe.ts";
import { type Connection, connect } from "../lib/deploy/ssh.ts";
import { Secret } from "../lib/secret.ts";
import { type FakeHost, fakeHost } from "./fake-host.ts";

const NAME = "docker-compose-mirror.yaml";
const NEW = 'services:\r\n  web: { image: "r.example/team/web:1" } # ü\n';
const PASSWORD = "p@ss w0rd'$(x)";

interface Scene {
  readonly on?: Readonly<Record<string, string>>;
  readonly dir?: string;
  readonly request?: Partial<DeployRequest>;
  readonly prepare?: (host: FakeHost) => void;
  readonly signal?: AbortSignal;
  /** Stands between the plan and the host. */
  readonly through?: (connection: Connection) => Connection;
  readonly onProgress?: (progress: DeployProgress) => void;
}

/** Deploys one file; gives what became of it, with the host still there to look at. */
async function deploy(scene: Scene) {
  const host = fakeHost(scene.on);
  const local = mkdtempSync(join(tmpdir(), "deploy-"));
  writeFileSync(join(local, NAME), NEW);
  scene.prepare?.(host);
  const connection = await connect("box", host);
  const seen: DeployProgress[] = [];
  try {
    const plan = planDeploy({
      probe: await probeHost(connection, scene.dir ?? "~/app"),
      composeFiles: [{ source: join(local, NAME), name: NAME }],
      registry: "r.example",
      username: "team",
      profiles: [],
      platform: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
      v1Problems: [],
      usesEnvFile: false,
      oldestV2: "2.0.0",
      ...scene.request,
    });
    const outcome = await executeDeploy(scene.through?.(connection) ?? connection, plan, {
      password: new Secret(PASSWORD),
      signal: scene.signal,
      onProgress: (progress) => {
        seen.push(progress);
        scene.onProgress?.(progress);
      },
    }).then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error: error as Error }),
    );
    const left = seen.find((progress) => progress.kind === "left");
    return { ...outcome, host, seen, plan, left: left?.kind === "left" ? left.state : undefined };
  } finally {
    await connection.close();
    rmSync(local, { recursive: true });
  }
}

test("the whole deploy: copied, logged in, pulled, placed, started, shown", async () => {
  const { result, host, seen, error } = await deploy({});
  assert.equal(error, undefined);
  assert.equal(host.read(`home/app/${NAME}`), NEW);
  assert.deepEqual(readdirSync(join(host.home, "app")), [NAME]);
  const app = join(host.home, "app");
  assert.deepEqual(host.calls(), [
    `docker <login> <--username=team> <--password-stdin> <r.example> in ${host.home}`,
    `docker <compose> <-f> <.${NAME}.new> <pull> in ${app}`,
    `docker <compose> <-f> <${NAME}> <up> <-d> in ${app}`,
    `docker <compose> <-f> <${NAME}> <ps> <--all> in ${app}`,
    `docker <compose> <-f> <${NAME}> <ps> <--all> <-q> in ${app}`,
  ]);
  assert.deepEqual(result, {
    host: "box",
    dir: app,
    compose: { flavour: "v2", version: "2.26.1" },
    services: [
      { name: "job", state: "exited", exitCode: 0, image: "r.example/team/job:1" },
      { name: "web", state: "running", health: "healthy", image: "r.example/team/web:1" },
    ],
  });
  assert.deepEqual(
    seen.filter(({ kind }) => kind === "finished").map(({ step }) => step.kind),
    ["folder", "copy", "login", "pull", "place", "up", "ps"],
  );
  assert.ok(seen.some((progress) => progress.kind === "line" && progress.line === "web running"));
  host.remove();
});

test("the password is on docker's standard input and nowhere else", async () => {
  for (const login of ["echo ok", 'echo "helper: cannot store $(cat "$ROOT/login-input")" >&2; exit 1']) {
    const { host, seen, plan, result, error } = await deploy({ on: { login } });
    assert.equal(host.read("login-input"), PASSWORD);
    const everything = inspect([host.calls(), host.sshCalls(), seen, plan, result, error?.message, error], {
      depth: 9,
    });
    assert.ok(!everything.includes("p@ss"), everything);
    if (login !== "echo ok") assert.match(error!.message, /\[REDACTED\]/);
    host.remove();
  }
});

test("hostile folder names work", async () => {
  for (const name of ["a b", "it's", "$(touch pwned)", "`touch pwned`", "-x", "a;b&c|d", '"q"', "*", "目录"]) {
    const { host, error } = await deploy({ dir: `~/${name}` });
    assert.equal(error, undefined, name);
    assert.equal(host.read(`home/${name}/${NAME}`), NEW, name);
    assert.deepEqual(readdirSync(host.home), [name]);
    host.remove();
  }
});

function withOld({ home }: FakeHost): void {
  mkdirSync(join(home, "app"));
  writeFileSync(join(home, "app", NAME), "old\n");
}

test("a failed pull changes nothing and leaves nothing", async () => {
  const pull =
    'for n in 1 2 3; do echo "layer $n"; done; echo "denied: requested access to the resource is denied" >&2; exit 1';
  const { host, error, left } = await deploy({ prepare: withOld, on: { pull } });
  assert.match(error!.message, /layer 3[^]*denied/);
  assert.equal((error as { code?: string }).code, "host-pull-denied");
  assert.equal(host.read(`home/app/${NAME}`), "old\n");
  assert.deepEqual(readdirSync(join(host.home, "app")), [NAME]);
  assert.ok(!host.calls().some((line) => line.includes("<up>")));
  assert.equal(left, "unchanged");
  host.remove();
});

test("a copy that is cut or garbled on its way leaves the old file", async () => {
  for (const input of ["900 0000\nhalf", `4 ${"0".repeat(64)}\nfour`, ""]) {
    const { host, error, left } = await deploy({
      prepare: withOld,
      through: (connection) => ({
        ...connection,
        run: (command, options) =>
          connection.run(
            command,
            options?.input !== undefined && command[0] === "sh" ? { ...options, input } : options,
          ),
      }),
    });
    assert.equal((error as { code?: string }).code, "host-copy");
    assert.equal(host.read(`home/app/${NAME}`), "old\n");
    assert.deepEqual(readdirSync(join(host.home, "app")), [NAME]);
    assert.equal(left, "unchanged");
    host.remove();
  }
});

test("a folder in the file's place is refused before the pull", async () => {
  const { host, error } = await deploy({
    prepare: ({ home }) => mkdirSync(join(home, "app", NAME), { recursive: true }),
  });
  assert.match(error!.message, /is a folder/);
  assert.deepEqual(host.calls(), []);
  host.remove();
});

test("a failed start says why, and what is left", async () => {
  const { host, error, left } = await deploy({ on: { up: "echo 'port is already allocated' >&2; exit 1" } });
  assert.equal((error as { code?: string }).code, "host-port-taken");
  assert.equal(left, "placed");
  assert.equal(host.read(`home/app/${NAME}`), NEW);
  host.remove();
});

test("an interrupted pull ends on the host, and nothing was changed", async () => {
  const abort = new AbortController();
  const pull = 'trap "echo gone >$ROOT/gone; exit 1" TERM; echo begun; sleep 5 & wait';
  const { host, error, left } = await deploy({
    prepare: withOld,
    on: { pull },
    signal: abort.signal,
    onProgress: (progress) => progress.kind === "line" && progress.line === "begun" && abort.abort(),
  });
  assert.equal((error as { code?: string }).code, "interrupted");
  assert.equal(await host.appears("gone"), "gone\n");
  assert.equal(left, "unchanged");
  assert.deepEqual(readdirSync(join(host.home, "app")), [NAME]);
  assert.equal(host.read(`home/app/${NAME}`), "old\n");
  host.remove();
});

test("an interrupted start goes on at the host by itself", async () => {
  const abort = new AbortController();
  const { host, error, left } = await deploy({
    on: { up: 'echo begun; sleep 0.3; echo more; echo all >"$ROOT/all"' },
    signal: abort.signal,
    onProgress: (progress) => progress.kind === "line" && progress.line === "begun" && abort.abort(),
  });
  assert.equal((error as { code?: string }).code, "interrupted");
  assert.equal(left, "starting");
  assert.equal(await host.appears("all"), "all\n");
  host.remove();
});

test("a file that is not there is refused before anything is touched", async () => {
  const { host, error } = await deploy({ request: { composeFiles: [{ source: "/nowhere/x.yaml", name: "x.yaml" }] } });
  assert.equal((error as { code?: string }).code, "file-read");
  assert.deepEqual(readdirSync(host.home), []);
  host.remove();
});

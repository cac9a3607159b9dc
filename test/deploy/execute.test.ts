import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { inspect } from "node:util";
import { type DeployProgress, executeDeploy } from "../../lib/deploy/execute.ts";
import type { DeployedProject } from "../../lib/deploy/orchestrator/compose-project.ts";
import { type DeployChoices, type DeployRequest, planDeploy } from "../../lib/deploy/plan/plan.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { ORCHESTRATORS } from "../../lib/deploy/orchestrator/orchestrators.ts";
import { accessTo, probeHost } from "../../lib/deploy/host/probe.ts";
import { acquireLock } from "../../lib/deploy/host/remote.ts";
import { type Connection, connect } from "../../lib/deploy/ssh/connection.ts";
import { Secret } from "../../lib/system/secret.ts";
import { type FakeHost, fakeHost } from "../_helpers/fake-host.ts";

const NAME = "docker-compose-mirror.yaml";
const WEB = "r.example/team/web:1";
const JOB = "r.example/team/job:1";
const NEW = `services:\r\n  web: { image: "${WEB}" } # ü\n  job: { image: ${JOB} }\n`;
const PASSWORD = "p@ss w0rd'$(x)";
const RELEASE = "20260101-000000-0001";
const CHOICES: DeployChoices = {
  send: "missing",
  sudo: false,
  keepLogin: false,
  rollback: true,
  waitSeconds: 30,
  lockSeconds: 0,
  keep: 3,
  keepOrphans: false,
  oneByOne: false,
};

interface Scene {
  readonly on?: Readonly<Record<string, string>>;
  /** A host that an earlier scene left. */
  readonly host?: FakeHost;
  readonly dir?: string;
  readonly compose?: string;
  /** Files to look for on the host. */
  readonly probeNames?: readonly string[];
  readonly request?: Partial<DeployRequest>;
  readonly prepare?: (host: FakeHost) => void;
  readonly signal?: AbortSignal;
  /** Stands between the plan and the host. */
  readonly through?: (connection: Connection) => Connection;
  readonly onProgress?: (progress: DeployProgress) => void;
}

/** Deploys one file; gives what became of it, with the host still there to look at. */
async function deploy(scene: Scene) {
  const host = scene.host ?? fakeHost(scene.on);
  const local = mkdtempSync(join(tmpdir(), "deploy-"));
  writeFileSync(join(local, NAME), scene.compose ?? NEW);
  scene.prepare?.(host);
  const connection = await connect("box", host);
  const seen: DeployProgress[] = [];
  try {
    const probe = await probeHost(connection, scene.dir ?? "~/app", { names: scene.probeNames ?? [] });
    const access = accessTo(probe);
    const project: DeployedProject = {
      name: "app",
      host: "box",
      dir: probe.folder.path,
      access,
      compose: probe.compose!,
      files: [NAME],
      envFiles: [],
      profiles: [],
    };
    const plan = planDeploy({
      probe,
      project,
      orchestrator: ORCHESTRATORS.compose,
      settings: {},
      otherFiles: false,
      running: await ORCHESTRATORS.compose.list(connection, project, { isNew: probe.folder.state === "missing" }),
      warnings: [],
      composeFiles: [{ source: join(local, NAME), name: NAME }],
      needed: [],
      images: [JOB, WEB].map((image) => ({
        image,
        reference: parseReference(image),
        services: [image === WEB ? "web" : "job"],
        mirrored: true,
        refreshes: false,
      })),
      built: [],
      registry: "r.example",
      endpoint: {},
      username: "team",
      usesEnvFile: false,
      isLocked: true,
      holder: "me@here",
      release: RELEASE,
      time: "2026-01-01T00:00:00.000Z",
      choices: CHOICES,
      ...scene.request,
    });
    const outcome = await executeDeploy(scene.through?.(connection) ?? connection, plan, {
      password: new Secret(PASSWORD),
      signal: scene.signal,
      concurrency: 1,
      pace: { interval: 5, settle: 10 },
      onProgress: (progress) => {
        seen.push(progress);
        scene.onProgress?.(progress);
      },
    }).then(
      (result) => ({ result, error: undefined, code: undefined }),
      (error: unknown) => ({ result: undefined, error: error as Error, code: (error as { code?: string }).code }),
    );
    const left = seen.find((progress) => progress.kind === "left");
    const warned = plan.warnings.map(({ code }) => code);
    return { ...outcome, host, seen, plan, warned, left: left?.kind === "left" ? left.state : undefined };
  } finally {
    await connection.close();
    rmSync(local, { recursive: true });
  }
}

/** The names in a folder of the host. */
function names(host: FakeHost, folder: string): readonly string[] {
  return readdirSync(join(host.home, folder)).toSorted();
}

/** What a deploy leaves in its own folder when nothing is under way. */
const AT_REST = ["busy", "holder", "lock", "releases"];

test("the whole deploy: send, log in, pull, compare, put in place, start, become healthy, record", async () => {
  const { result, host, seen, error } = await deploy({});
  assert.equal(error, undefined);
  assert.equal(host.read(`home/app/${NAME}`), NEW);
  assert.deepEqual(names(host, "app"), [".compose-mirror", NAME]);
  const app = join(host.home, "app");
  const login = `with ${app}/.compose-mirror/login`;
  const calls = host.calls().filter((line) => !line.includes("<ps>"));
  assert.deepEqual(calls, [
    `docker <login> <--username=team> <--password-stdin> <r.example> in ${host.home} ${login}`,
    `docker <pull> <${JOB}> in ${host.home} ${login}`,
    `docker <pull> <${WEB}> in ${host.home} ${login}`,
    `docker <compose> <-f> <${NAME}> <up> <-d> in ${app}`,
  ]);
  assert.deepEqual(result, {
    host: "box",
    dir: app,
    compose: { flavour: "v2", version: "2.26.1" },
    release: RELEASE,
    services: [
      { name: "job", state: "exited", exitCode: 0, image: JOB },
      { name: "web", state: "running", health: "healthy", image: WEB },
    ],
  });
  assert.deepEqual(
    seen.flatMap((progress) => (progress.kind === "finished" ? progress.step.kind : [])),
    ["send", "login", "pull", "pull", "verify", "place", "up", "wait", "record"],
  );
  assert.ok(seen.some((progress) => progress.kind === "line" && progress.line === "Started"));
  host.remove();
});

test("what is kept on the host: the release with its files, and no login", async () => {
  const { host } = await deploy({});
  assert.deepEqual(names(host, "app/.compose-mirror"), [...AT_REST, "current", "history", "placed"].toSorted());
  assert.equal(statSync(join(host.home, "app/.compose-mirror")).mode & 0o777, 0o700);
  assert.equal(host.read("home/app/.compose-mirror/current"), `${RELEASE}\n`);
  const kept = `home/app/.compose-mirror/releases/${RELEASE}`;
  assert.equal(host.read(`${kept}/files/${NAME}`), NEW);
  const { images, files } = JSON.parse(host.read(`${kept}/release.json`)!);
  assert.deepEqual(files, [NAME]);
  assert.deepEqual(
    images.map(({ service, image }: { service: string; image: string }) => [service, image]),
    [
      ["job", JOB],
      ["web", WEB],
    ],
  );
  assert.match(images[1].id, /^sha256:[0-9a-f]{64}$/);
  assert.match(images[1].pulledBy, /^r\.example\/team\/web@sha256:[0-9a-f]{64}$/);
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

/** The host is as `withOld` made it, and no deploy has left anything behind. */
function assertUntouched(host: FakeHost): void {
  assert.equal(host.read(`home/app/${NAME}`), "old\n");
  assert.deepEqual(names(host, "app"), [".compose-mirror", NAME]);
  assert.deepEqual(names(host, "app/.compose-mirror"), AT_REST);
  assert.deepEqual(names(host, "app/.compose-mirror/releases"), []);
  assert.ok(!host.calls().some((line) => line.includes("<up>")));
}

test("a failed pull changes nothing and leaves nothing", async () => {
  const pull =
    'for n in 1 2 3; do echo "layer $n"; done; echo "denied: requested access to the resource is denied" >&2; exit 1';
  const { host, error, code, left } = await deploy({ prepare: withOld, on: { pull } });
  assert.match(error!.message, /layer 3[^]*denied/);
  assert.equal(code, "host-pull-denied");
  assert.equal(left, "unchanged");
  assertUntouched(host);
  host.remove();
});

test("a refused login changes nothing", async () => {
  const { host, code, left } = await deploy({
    prepare: withOld,
    on: { login: "echo 'unauthorized: authentication required' >&2; exit 1" },
  });
  assert.deepEqual([code, left], ["host-login-denied", "unchanged"]);
  assertUntouched(host);
  host.remove();
});

test("an image that is not the one of the lock changes nothing", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const images = [
    { image: WEB, reference: parseReference(WEB), services: ["web"], mirrored: true, refreshes: false, digest },
  ];
  const other = `keep "$name" "sha256:x r.example/team/web@sha256:${"1".repeat(64)}"`;
  const bad = await deploy({ prepare: withOld, request: { images }, on: { pull: other } });
  assert.deepEqual([bad.code, bad.left], ["host-image-changed", "unchanged"]);
  assert.match(bad.error!.message, new RegExp(`${WEB}.*${digest}`));
  assertUntouched(bad.host);
  bad.host.remove();
  assert.ok(!bad.host.calls().some((line) => line.includes("<tag>")), "no tag was moved either");
  const good = await deploy({ request: { images } });
  assert.equal(good.error, undefined);
  assert.ok(good.host.calls().some((line) => line.includes(`<pull> <r.example/team/web@${digest}>`)));
  good.host.remove();
});

test("files that arrive truncated or damaged leave the old ones in place", async () => {
  for (const input of ["900 0000\nhalf", `4 ${"0".repeat(64)}\nfour`, ""]) {
    const { host, code, left } = await deploy({
      prepare: withOld,
      through: (connection) => ({
        ...connection,
        run: (command, options) => {
          const isArchive = command.some((word) => word.includes("incoming.tar -C"));
          return connection.run(command, isArchive ? { ...options, input } : options);
        },
      }),
    });
    assert.deepEqual([code, left], ["host-copy", "unchanged"]);
    assertUntouched(host);
    host.remove();
  }
});

test("a folder in the compose file's place is refused before anything starts", async () => {
  const { host, code, left } = await deploy({
    prepare: ({ home }) => mkdirSync(join(home, "app", NAME, "full"), { recursive: true }),
  });
  assert.deepEqual([code, left], ["host-copy", "unchanged"]);
  assert.deepEqual(names(host, "app"), [".compose-mirror", NAME]);
  assert.ok(!host.calls().some((line) => line.includes("<up>")));
  host.remove();
});

test("a failed first start says why, and what is left", async () => {
  const { host, code, left } = await deploy({ on: { up: "echo 'port is already allocated' >&2; exit 1" } });
  assert.deepEqual([code, left], ["host-port-taken", "placed"]);
  assert.equal(host.read(`home/app/${NAME}`), NEW);
  host.remove();
});

async function probeAt(host: FakeHost) {
  const connection = await connect("box", host);
  try {
    return await probeHost(connection, "~/app");
  } finally {
    await connection.close();
  }
}

test("services that do not become healthy restore the previous release: files, images, services", async () => {
  const first = await deploy({ compose: `# first\n${NEW}`, on: { digest: "hash 1" } });
  const before = first.host.read("containers/web");
  first.host.write("on-digest", "hash 2");
  // The second release is unhealthy; the first one's image is healthy.
  const id = before!.trim().split(" ")[1]!;
  first.host.write("on-state", `[ "$id" = ${id} ] && echo "running|healthy|0" || echo "exited||3"`);
  const { host, error, code, left, seen } = await deploy({
    host: first.host,
    compose: `# second\n${NEW}`,
    request: { release: "20260101-000000-0002" },
  });
  assert.deepEqual([code, left], ["host-unhealthy", "returned"]);
  assert.match(error!.message, /"job" and "web" \(.*\)\n {2}job \(exited, 3\)\n {4}log of c0job\n/);
  assert.equal(host.read("containers/web"), before);
  assert.equal(host.read(`home/app/${NAME}`), `# first\n${NEW}`);
  assert.equal(host.read("home/app/.compose-mirror/current"), `${RELEASE}\n`);
  // Of the second release it is kept that it failed, and nothing of what it was.
  assert.deepEqual(names(host, "app/.compose-mirror/releases"), [RELEASE, "20260101-000000-0002"]);
  assert.deepEqual(names(host, "app/.compose-mirror/releases/20260101-000000-0002"), ["failed.json"]);
  const images = [
    { service: "job", image: JOB },
    { service: "web", image: WEB },
  ];
  const { releases, failed, unfinished } = await probeAt(host);
  assert.deepEqual(
    [releases.map((each) => each.id), failed, unfinished],
    [[RELEASE], [{ id: "20260101-000000-0002", time: "2026-01-01T00:00:00.000Z", outcome: "failed", images }], []],
  );
  assert.ok(seen.some(({ kind }) => kind === "returning"));
  host.remove();
});

test("a rollback that fails too is reported", async () => {
  const first = await deploy({});
  first.host.write("on-up", "echo no >&2; exit 1");
  const { host, code, left } = await deploy({ host: first.host, request: { release: "20260101-000000-0002" } });
  assert.deepEqual([code, left], ["host-up", "return-failed"]);
  assert.equal(host.read("home/app/.compose-mirror/current"), `${RELEASE}\n`);
  host.remove();
});

test("an interrupted pull ends on the host, and nothing was changed", async () => {
  const abort = new AbortController();
  const pull = 'trap "echo gone >$ROOT/gone; exit 1" TERM; echo begun; sleep 5 & wait';
  const { host, code, left } = await deploy({
    prepare: withOld,
    on: { pull },
    signal: abort.signal,
    onProgress: (progress) => progress.kind === "line" && progress.line === "begun" && abort.abort(),
  });
  assert.deepEqual([code, left], ["interrupted", "unchanged"]);
  assert.equal(await host.appears("gone"), "gone\n");
  assertUntouched(host);
  host.remove();
});

test("an interrupted start continues on the host, and blocks other deploys until it ends", async () => {
  const abort = new AbortController();
  const { host, code, left } = await deploy({
    on: { up: 'echo begun; until [ -f "$ROOT/go" ]; do sleep 0.05; done; echo all >"$ROOT/all"' },
    signal: abort.signal,
    onProgress: (progress) => progress.kind === "line" && progress.line === "begun" && abort.abort(),
  });
  assert.deepEqual([code, left], ["interrupted", "starting"]);
  const second = await deploy({ host });
  assert.equal(second.code, "host-busy");
  assert.match(second.error.message, /me@here/);
  host.write("go", "");
  assert.equal(await host.appears("all"), "all\n");
  host.remove();
});

test("nothing is done by a plan that another deploy has overtaken", async () => {
  const host = fakeHost();
  await deploy({ host });
  const before = host.calls().length;
  const { code, seen } = await deploy({
    host,
    request: { release: "20260101-000001-0001" },
    through: (connection) => {
      host.write("home/app/.compose-mirror/current", "20270101-000000-0001\n");
      return connection;
    },
  });
  assert.equal(code, "host-changed");
  assert.deepEqual([seen, host.calls().length], [[], before]);
  host.remove();
});

test("a deploy waits for another to end", async () => {
  const host = fakeHost();
  const holder = await connect("box", host);
  const lifeline = new PassThrough();
  const held = new Promise<void>((resolve) => {
    void holder.run(acquireLock(join(host.home, "app"), "somebody@else", 0), {
      input: lifeline,
      onLine: (line) => line.startsWith("held: ") && resolve(),
    });
  });
  await held;
  const { code, seen } = await deploy({
    host,
    request: { choices: { ...CHOICES, lockSeconds: 20 } },
    onProgress: (progress) => progress.kind === "locked" && lifeline.end(),
  });
  assert.equal(code, undefined);
  assert.deepEqual(seen[0], { kind: "locked", holder: "somebody@else" });
  await holder.close();
  host.remove();
});

test("a file that is not there is refused before anything is touched", async () => {
  const { host, code } = await deploy({ request: { composeFiles: [{ source: "/nowhere/x.yaml", name: "x.yaml" }] } });
  assert.equal(code, "file-read");
  assert.deepEqual(readdirSync(host.home), []);
  host.remove();
});

const DB = "r.example/team/db:1";
const ONLY_WEB = `services:\n  web: { image: "${WEB}" }\n`;

function wanted(...images: readonly string[]): DeployRequest["images"] {
  return images.map((image) => {
    const reference = parseReference(image);
    return { image, reference, services: [reference.repository.slice(5)], mirrored: true, refreshes: false };
  });
}

test("a service that is gone here goes there, after the others are healthy; with --keep-orphans it stays", async () => {
  for (const keepOrphans of [false, true]) {
    const { host } = await deploy({});
    const { error, seen, plan } = await deploy({
      host,
      compose: ONLY_WEB,
      request: {
        release: "20260101-000000-0002",
        images: wanted(WEB),
        choices: { ...CHOICES, keepOrphans },
      },
    });
    assert.equal(error, undefined);
    assert.equal(host.read("containers/job") === undefined, !keepOrphans);
    assert.notEqual(host.read("containers/web"), undefined);
    const kinds = seen.flatMap((progress) => (progress.kind === "finished" ? progress.step.kind : []));
    assert.equal(kinds.indexOf("remove") > kinds.indexOf("wait"), !keepOrphans);
    assert.deepEqual(
      plan.warnings.map(({ code }) => code),
      keepOrphans ? ["warning-orphans"] : [],
    );
    host.remove();
  }
});

test("a job that failed once does not block the deploys after it", async () => {
  const { host } = await deploy({ compose: ONLY_WEB, request: { images: wanted(WEB) } });
  // Somebody's failed attempt left a container that no file names any more.
  host.write("containers/mig", "r.example/team/mig:1 sha256:9\n");
  host.write("on-state", 'case $service in mig) echo "exited||1" ;; *) echo "running|healthy|0" ;; esac');
  const next = await deploy({
    host,
    compose: ONLY_WEB,
    request: { release: "20260101-000000-0002", images: wanted(WEB) },
  });
  assert.equal(next.error, undefined);
  assert.equal(host.read("containers/mig"), undefined);
  host.remove();
});

test("a deploy that fails takes its new services and files away again", async () => {
  const { host } = await deploy({ compose: ONLY_WEB, request: { images: wanted(WEB) } });
  host.write("on-state", 'case $service in db) echo "exited||1" ;; *) echo "running|healthy|0" ;; esac');
  const local = mkdtempSync(join(tmpdir(), "deploy-"));
  writeFileSync(join(local, "b.conf"), "b\n");
  const sha256 = createHash("sha256").update("b\n").digest("hex");
  const { left, code } = await deploy({
    host,
    compose: `${ONLY_WEB}  db: { image: ${DB} }\n`,
    request: {
      release: "20260101-000000-0002",
      images: wanted(DB, WEB),
      needed: [
        {
          name: "conf.d/b.conf",
          source: join(local, "b.conf"),
          services: ["db"],
          mounted: true,
          required: true,
          content: { sha256, size: 2, mode: 0o644 },
        },
      ],
    },
  });
  assert.deepEqual([code, left], ["host-unhealthy", "returned"]);
  assert.equal(host.read("containers/db"), undefined);
  assert.equal(host.read("home/app/conf.d/b.conf"), undefined);
  assert.equal(host.read(`home/app/${NAME}`), ONLY_WEB);
  rmSync(local, { recursive: true });
  host.remove();
});

test("no link is followed: neither what a container planted, nor a folder that leads elsewhere", async () => {
  const { host } = await deploy({});
  const outside = join(host.home, "keys");
  writeFileSync(outside, "mine\n");
  const file = join(host.home, "app", NAME);
  for (const plant of [file, `${file}.compose-mirror-new`]) {
    rmSync(plant, { force: true });
    symlinkSync(outside, plant);
  }
  const second = await deploy({ host, request: { release: "20260101-000000-0002" } });
  assert.equal(second.error, undefined);
  assert.equal(host.read("home/keys"), "mine\n");
  assert.equal(lstatSync(file).isFile(), true);

  mkdirSync(join(host.home, "elsewhere"));
  symlinkSync(join(host.home, "elsewhere"), join(host.home, "app", "conf.d"));
  const local = mkdtempSync(join(tmpdir(), "deploy-"));
  writeFileSync(join(local, NAME), NEW);
  const composeFiles = [NAME, "conf.d/x"].map((name) => ({ source: join(local, NAME), name }));
  const third = await deploy({ host, request: { release: "20260101-000000-0003", composeFiles } });
  assert.deepEqual([third.code, third.left], ["host-link", "unchanged"]);
  assert.deepEqual(names(host, "elsewhere"), []);
  rmSync(local, { recursive: true });
  host.remove();
});

test("a link in the place of a file that is kept is not kept, and a foreign folder of ours is refused", async () => {
  const { host } = await deploy({});
  writeFileSync(join(host.home, "shadow"), "root\n");
  symlinkSync(join(host.home, "shadow"), join(host.home, "app", "a.conf"));
  const needed = [
    {
      name: "a.conf",
      source: "/nowhere",
      services: [],
      mounted: false,
      required: false,
      content: { sha256: "0", size: 1, mode: 0o644 },
    },
  ];
  const probeNames = ["a.conf"];
  const { error, warned } = await deploy({ host, probeNames, request: { release: "20260101-000000-0002", needed } });
  assert.equal(error, undefined);
  assert.deepEqual(warned, ["warning-file-kept"]);
  assert.deepEqual(names(host, "app/.compose-mirror/releases/20260101-000000-0002/files"), [NAME]);

  const other = fakeHost();
  mkdirSync(join(other.home, "app"));
  mkdirSync(join(other.home, "foreign"));
  symlinkSync(join(other.home, "foreign"), join(other.home, "app", ".compose-mirror"));
  const refused = await deploy({ host: other });
  assert.equal(refused.code, "host-link");
  assert.deepEqual(names(other, "foreign"), []);
  host.remove();
  other.remove();
});

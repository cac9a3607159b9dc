/** The scripts as a user runs them, against a host that is reached through a program named ssh. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { formatLock } from "../../lib/mirror/lock-file.ts";
import { type FakeHost, fakeHost } from "../_helpers/fake-host.ts";
import { run, type RunOptions } from "../../lib/system/process.ts";
import { runScript, scriptCommand } from "../_helpers/run-script.ts";
import { addBlob, withStore } from "../_helpers/store-folder.ts";

const SOURCE = "services:\n  web: { image: nginx:1 }\n  job: { image: job:1 }\n";
const MIRROR = SOURCE.replace("nginx:1", "r.example/team/nginx:1").replace("job:1", "r.example/team/job:1");
const PLATFORM = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;

interface Scene {
  readonly on?: Readonly<Record<string, string>>;
  /** Files of the project, by name; `-> PATH` is a link, and a name that ends in `.key` is for its owner alone. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Runs scripts in a project's folder, with the password in the environment. */
async function withProject(
  { on, files = { "compose.yaml": SOURCE, "docker-compose-mirror.yaml": MIRROR } }: Scene,
  body: (
    script: (name: string, ...args: readonly string[]) => ReturnType<typeof runScript>,
    host: FakeHost,
    /** For what needs more of a run than its arguments. */
    options: Required<Pick<RunOptions, "cwd" | "env">>,
  ) => Promise<void>,
): Promise<void> {
  const host = fakeHost(on);
  const cwd = mkdtempSync(join(tmpdir(), "project-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), join(cwd, name));
    else writeFileSync(join(cwd, name), text, { mode: name.endsWith(".key") ? 0o600 : 0o644 });
  }
  const env = {
    ...host.environment,
    MIRROR_REGISTRY: "r.example",
    MIRROR_NAMESPACE: "team",
    MIRROR_USERNAME: "team",
    MIRROR_PASSWORD: "s3cret-word",
    MIRROR_PLATFORM: PLATFORM,
    LANG: "C",
    LC_ALL: "C",
  };
  try {
    await body((name, ...args) => runScript(name, args, { cwd, env }), host, { cwd, env });
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
    assert.match(stderr, /sending 1 file\n +docker-compose-mirror\.yaml +\d+ B\n/);
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

test("status: a table with a head, and what to open in a browser", async () => {
  await withProject({ on: { ports: "echo '0.0.0.0,8080,80/tcp;::,8080,80/tcp;'" } }, async (script) => {
    assert.equal((await script("deploy", "--host", "me@box")).code, 0);
    const { code, stdout, stderr } = await script("status", "--host", "me@box");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^service +state +health +since +restarts +ports +image +drift\n/);
    assert.match(stdout, /^web +running +healthy +\d* +8080->80\/tcp +r\.example\/team\/nginx:1$/m);
    assert.match(stderr, /^open in a browser: http:\/\/box:8080 \(web\)$/m);
  });
});

test("deploy --report: the steps with their times, and the services", async () => {
  await withProject({}, async (script, host) => {
    const file = join(host.home, "page.html");
    const { code, stderr } = await script(
      "deploy",
      "--host",
      "box",
      "--dir",
      "~/app",
      "--report",
      file,
      "--lang",
      "zh",
    );
    assert.equal(code, 0, stderr);
    const page = readFileSync(file, "utf8");
    assert.match(page, /<html lang="zh-CN">[^]*启动服务[^]*running \(healthy\)/);
    assert.equal(page.match(/<svg class="bar"/g)?.length, page.match(/<rect class="done"/g)?.length);
    assert.doesNotMatch(page, /s3cret/);
  });
});

test("deploy --dry-run shows the commands and changes nothing", async () => {
  await withProject({}, async (script, host) => {
    const { code, stdout, stderr } = await script("deploy", "--host", "box", "--dry-run", "--verbose");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /docker compose -f docker-compose-mirror\.yaml up -d/);
    assert.match(stdout, /docker login '?--username.*--password-stdin r\.example/);
    assert.deepEqual(readdirSync(host.home), []);
    assert.deepEqual(host.calls(), []);
  });
});

test("what the host's docker cannot read is said before anything is sent", () =>
  withStore(async (store) => {
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+zstd", digest: digestOf("x"), size: 1 };
    const manifest = await addBlob(store, JSON.stringify({ schemaVersion: 2, config: {}, layers: [layer] }));
    const mirror = parseReference("r.example/team/nginx:1");
    const sizes = { platform: PLATFORM, sourceDigest: manifest, mirrorDigest: manifest, size: 1 };
    const lock = formatLock([{ source: parseReference("nginx:1"), mirror, ...sizes }]);
    const files = { "compose.yaml": SOURCE, "docker-compose-mirror.yaml": MIRROR, "mirror.lock.json": lock };
    await withProject({ on: { server: "echo 20.10.24" }, files }, async (script, host) => {
      for (const args of [[], ["--dry-run"]]) {
        const { code, stderr } = await script("deploy", "--host", "box", "--store", store.folder, ...args);
        assert.equal(code, 1, stderr);
        assert.match(stderr, /"r\.example\/team\/nginx:1" has layers compressed with zstd.*20\.10\.24/);
        assert.deepEqual(readdirSync(host.home), []);
      }
    });
  }));

test("deploy to several hosts: each on its own, one JSON document", async () => {
  await withProject({ on: { "ssh-fails-other": "Host key verification failed." } }, async (script) => {
    const { code, stdout, stderr } = await script("deploy", "--host", "box,other", "--dir", "app", "--json");
    assert.equal(code, 1);
    const [good, bad] = JSON.parse(stdout);
    assert.deepEqual([good.host, good.compose, good.services.length], ["box", { flavour: "v2", version: "2.26.1" }, 2]);
    assert.equal(bad.host, "other");
    assert.match(JSON.stringify(bad.error), /other/);
    assert.match(stderr, /✖ other\nerror: .*\n {2}hint: \S/);
  });
});

test("usage errors exit with 2 before any host is contacted", async () => {
  await withProject({ files: { "compose.yaml": SOURCE } }, async (script, host) => {
    const missing = await script("deploy", "--host", "box");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /docker-compose-mirror\.yaml.*\n.*generate-mirror-compose.*mirror/);
    const noHost = await script("deploy");
    assert.equal(noHost.code, 2);
    assert.match(noHost.stderr, /--host.*DEPLOY_HOST/);
    const badHost = await script("deploy", "--host", "box,-bad");
    assert.equal(badHost.code, 2);
    assert.match(badHost.stderr, /"-bad" is not valid.*\n {2}hint: write an alias/);
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

test("rollback, by itself or by name, and status that tells of releases", async () => {
  await withProject({}, async (script, host) => {
    const json = async (name: string, ...args: readonly string[]) => {
      const ran = await script(name, ...args, "--host", "box", "--dir", "app", "--json");
      assert.equal(ran.code, 0, ran.stderr);
      return JSON.parse(ran.stdout);
    };
    const early = await script("rollback", "--host", "box", "--dir", "app");
    assert.equal(early.code, 2, early.stderr);
    assert.match(early.stderr, /no release to go back to/);

    host.write("on-digest", "hash first");
    const first = await json("deploy");
    const before = host.read("containers/web");
    host.write("on-digest", "hash second");
    const second = await json("deploy");
    assert.notEqual(host.read("containers/web"), before);

    const shown = await script("rollback", "--host", "box", "--dir", "app", "--dry-run");
    assert.match(shown.stdout, new RegExp(`putting the files of release ${first.release} in place`));
    const digest = String.raw`r\.example/team/nginx:1 \(sha256:[\da-f]{12}\)`;
    const way = new RegExp(
      `  from release ${second.release} to ${first.release}, deployed \\S+Z and \\S+Z\n.*web +changed: image +${digest} -> ${digest}\n`,
      "s",
    );
    assert.match(shown.stdout, way);
    assert.equal((await json("status")).release, second.release);
    const back = await script("rollback", "--host", "box", "--dir", "app");
    assert.equal(back.code, 0, back.stderr);
    assert.match(back.stderr, way);
    assert.equal((await json("status")).release, first.release);
    assert.equal(host.read("containers/web"), before);
    assert.equal((await json("rollback", second.release)).release, second.release);

    host.write("containers/web", "r.example/team/nginx:1 sha256:by-hand\n");
    const { releases, drift } = await json("status");
    assert.deepEqual(releases, [first.release, second.release]);
    assert.deepEqual([drift.length, drift[0].kind, drift[0].service], [1, "other-image", "web"]);
  });
});

test("the files that services read are sent; a missing one is refused", async () => {
  const [source, mirror] = [SOURCE, MIRROR].map((text) =>
    text.replace("{ image", '{ volumes: ["./web.conf:/web.conf"], env_file: web.env, image'),
  );
  const files = { "compose.yaml": source!, "docker-compose-mirror.yaml": mirror!, "web.conf": "x\n" };
  await withProject({ files }, async (script, host) => {
    const { code, stderr } = await script("deploy", "--host", "box", "--dir", "app");
    assert.equal(code, 2);
    assert.match(stderr, /"web" reads "web\.env", which is neither here nor in .*app" on "box"/);
    assert.deepEqual(readdirSync(host.home), []);
    host.write("home/app/web.env", "A=1\n");
    const dry = await script("deploy", "--host", "box", "--dir", "app", "--dry-run");
    assert.match(dry.stdout, /docker-compose-mirror\.yaml +sent +\d+ B\n +web\.conf +sent +2 B\n/);
    assert.match(dry.stdout, /web +new +r\.example\/team\/nginx:1\n/);
    assert.equal((await script("deploy", "--host", "box", "--dir", "app")).code, 0);
    assert.equal(host.read("home/app/web.conf"), "x\n");
  });
});

test("what somebody started by hand is kept as a release, and comes back when the first deploy fails", async () => {
  const old = MIRROR.replace("nginx:1", "nginx:0");
  const failing = { on: { state: 'case $image in *nginx:1) echo "exited||3" ;; *) echo "running|healthy|0" ;; esac' } };
  await withProject(failing, async (script, host) => {
    host.write("home/app/docker-compose-mirror.yaml", old);
    host.write("containers/web", "r.example/team/nginx:0 sha256:by-hand\n");
    host.write("images/r.example_team_nginx_0", "sha256:by-hand r.example/team/nginx@sha256:0\n");
    const { code, stderr } = await script("deploy", "--host", "box", "--dir", "app");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /keeping what runs there as release/);
    assert.match(stderr, /the previous release runs there again/);
    assert.equal(host.read("home/app/docker-compose-mirror.yaml"), old);
    assert.equal(host.read("containers/web"), "r.example/team/nginx:0 sha256:by-hand\n");
  });
});

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly images: Readonly<Record<string, string>>;
}

test("a release that failed is listed as failed, and never gone back to", async () => {
  const state = `[ "$image" != r.example/team/nginx:2 ] && echo "running|healthy|0" || echo "exited||3"`;
  await withProject({ on: { state } }, async (script, host) => {
    const to = ["--host", "box", "--dir", "app"];
    const first = JSON.parse((await script("deploy", ...to, "--json")).stdout).release;
    const file = join(host.home, "../project.yaml");
    writeFileSync(file, SOURCE.replace("nginx:1", "nginx:2"));
    writeFileSync(join(dirname(file), "docker-compose-mirror.yaml"), MIRROR.replace("nginx:1", "nginx:2"));
    const project = ["--file", file, "--project-directory", dirname(file)];
    for (const _ of [1, 2]) assert.equal((await script("deploy", ...to, ...project)).code, 1);

    const { releases } = JSON.parse((await script("rollback", "--list", ...to, "--json")).stdout);
    assert.deepEqual(
      (releases as readonly Listed[]).map(({ id, state: is, images }) => [id === first, is, images["web"]]),
      [
        [true, "runs", "r.example/team/nginx:1"],
        [false, "failed", "r.example/team/nginx:2"],
        [false, "failed", "r.example/team/nginx:2"],
      ],
    );
    const shown = await script("status", ...to);
    assert.deepEqual(shown.stderr.match(/ failed /g)?.length, 1, "only the last one");
    const status = JSON.parse((await script("status", ...to, "--json")).stdout);
    assert.deepEqual([status.releases, status.unfinished, status.drift], [[first], [], []]);
    assert.equal((await script("rollback", ...to)).code, 2);
    assert.match((await script("rollback", releases[1].id, ...to)).stderr, /is not kept/);

    // No more of them are kept than of others.
    const kept = await script("deploy", ...to, ...project, "--keep", "1");
    assert.equal(kept.code, 1);
    const { history } = JSON.parse((await script("status", ...to, "--json")).stdout);
    assert.deepEqual(
      history.map((each: { state: string }) => each.state),
      ["runs", "failed"],
    );
  });
});

const VARIABLE = "services:\n  web: { image: IMAGE, volumes: ['./conf/${FLAVOUR}.key:/etc/web.key'] }\n";

test("deploy sends the files that the host's own .env leads to, with their modes", async () => {
  const files = {
    "compose.yaml": VARIABLE.replace("IMAGE", "nginx:1"),
    "docker-compose-mirror.yaml": VARIABLE.replace("IMAGE", "r.example/team/nginx:1"),
    ".env": "FLAVOUR=dev\n",
    "conf/dev.key": "dev",
    "conf/prod.key": "prod",
  };
  await withProject({ files }, async (script, host) => {
    mkdirSync(join(host.home, "app"));
    writeFileSync(join(host.home, "app/.env"), "FLAVOUR=prod\n");
    const { code, stderr } = await script("deploy", "--host", "box", "--dir", "~/app");
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(join(host.home, "app/conf")), ["prod.key"]);
    assert.equal(statSync(join(host.home, "app/conf/prod.key")).mode & 0o777, 0o600);
  });
});

test("deploy refuses a link that leads out of the project before anything starts, unless its folder is allowed", async () => {
  const secrets = mkdtempSync(join(tmpdir(), "secrets-"));
  writeFileSync(join(secrets, "id"), "private");
  const mount = "services:\n  web: { image: IMAGE, volumes: ['./web.conf:/etc/web.conf'] }\n";
  const files = {
    "compose.yaml": mount.replace("IMAGE", "nginx:1"),
    "docker-compose-mirror.yaml": mount.replace("IMAGE", "r.example/team/nginx:1"),
    "web.conf": `-> ${join(secrets, "id")}`,
  };
  try {
    await withProject({ files }, async (script, host) => {
      const refused = await script("deploy", "--host", "box", "--dir", "~/app");
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /web\.conf".*leads out of the project to ".*\/id"/);
      assert.deepEqual(readdirSync(host.home), []);
      const allowed = await script("deploy", "--host", "box", "--dir", "~/app", "--allow-path", secrets);
      assert.equal(allowed.code, 0, allowed.stderr);
      assert.ok(readdirSync(join(host.home, "app")).includes("web.conf"));
    });
    const linked = { ...files, "docker-compose-mirror.yaml": `-> ${join(secrets, "id")}` };
    writeFileSync(join(secrets, "id"), files["docker-compose-mirror.yaml"].replace("./web.conf", "/web.conf"));
    await withProject({ files: linked }, async (script, host) => {
      const { code, stderr } = await script("deploy", "--host", "box", "--dir", "~/app");
      assert.equal(code, 2);
      assert.match(stderr, /docker-compose-mirror\.yaml".*leads out/);
      assert.deepEqual(readdirSync(host.home), []);
    });
  } finally {
    rmSync(secrets, { recursive: true });
  }
});

const THERE = ["--host", "box", "--dir", "~/app"] as const;

test("logs: of the services asked for, all where none is; arguments as they are, and no deploy is kept waiting", async () => {
  await withProject({ on: { "compose-logs": "printf 'web-1  | a\\033[31m\\nweb-1  | b'" } }, async (script, host) => {
    const early = await script("logs", ...THERE);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /no container of the project is in ".*\/app" on "box"\n {2}hint: deploy it first/);
    assert.equal((await script("deploy", ...THERE)).code, 0);

    const { code, stdout, stderr } = await script("logs", ...THERE);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "web-1  | a\\u001b[31m\nweb-1  | b\n");
    assert.equal((await script("logs", "web", "--follow", "--tail", "5", ...THERE)).code, 0);
    assert.deepEqual(
      host.calls().flatMap((call) => /<compose>.*<logs> (.*) in /.exec(call)?.[1] ?? []),
      ["<--no-color> <--> <job> <web>", "<--no-color> <--follow> <--tail=5> <--> <web>"],
    );
    const unknown = await script("logs", "web", "wbe", ...THERE);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no container of a service "wbe" is on "box"; there are job, web\n/);
  });
});

test("logs of several hosts: each line says whose it is, and one that fails keeps no other back", async () => {
  await withProject({}, async (script, host) => {
    assert.equal((await script("deploy", ...THERE)).code, 0);
    host.write("ssh-fails-other", "Host key verification failed.");
    const { code, stdout, stderr } = await script("logs", "web", "--host", "box,other", "--dir", "~/app");
    assert.equal(code, 1);
    assert.equal(stdout, "box: web-1  | hello\n");
    assert.match(stderr, /✖ other\nerror: the host key of "other" is not known/);
  });
});

for (const [signal, ending] of [
  ["SIGINT", 130],
  ["SIGTERM", 130],
] as const) {
  test(`logs --follow ended by ${signal}: nothing goes on on the host, and nothing more is said`, async () => {
    const on = {
      "compose-logs": `echo "web-1  | first"; echo $$ >"$HOME/began"; trap 'echo ended >"$HOME/ended"; exit' TERM; sleep 1000 & wait`,
    };
    await withProject({ on }, async (script, host, { cwd, env }) => {
      assert.equal((await script("deploy", ...THERE)).code, 0);
      const [program, ...args] = scriptCommand("logs", ["--follow", ...THERE]);
      const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = new Promise((resolve) => child.on("close", resolve));
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      assert.equal(line.toString(), "web-1  | first\n");
      await host.appears("home/began");
      // Of a child that ends by its own code after `child.kill`, Deno says that the signal ended it.
      process.kill(child.pid!, signal);
      assert.equal(await ended, ending, stderr);
      assert.equal(stderr, "");
      assert.equal(await host.appears("home/ended"), "ended\n");
    });
  });
}

test("logs --follow ends when its reader does", async () => {
  const on = { "compose-logs": 'while sleep 0.05; do echo "web-1  | more"; done' };
  await withProject({ on }, async (script, _host, { cwd, env }) => {
    assert.equal((await script("deploy", ...THERE)).code, 0);
    const piped = ["bash", "-c", '"$@" | head -n 2; exit "${PIPESTATUS[0]}"', "bash"] as const;
    const { code, stdout, stderr } = await run([...piped, ...scriptCommand("logs", ["--follow", ...THERE])], {
      cwd,
      env,
    });
    assert.deepEqual([code, stdout, stderr], [0, "web-1  | more\n".repeat(2), ""]);
  });
});

test("exec: the words after -- as they are, standard input, both outputs and the exit code", async () => {
  await withProject({}, async (script, host, { cwd, env }) => {
    assert.equal((await script("deploy", ...THERE)).code, 0);
    const words = ["printf", "%s", "$(id) '\"", "", "--lang", "zh", "--", "“x”", "*"];
    const ran = await runScript("exec", ["web", ...THERE, "--", ...words], { cwd, env, input: "typed\n" });
    assert.deepEqual(ran, { code: 3, stdout: "typed\n", stderr: "said\n" });
    const call = host.calls().find((each) => each.startsWith("docker <exec>"));
    const said = ["exec", "--interactive", "c0web", ...words].map((word) => `<${word}>`).join(" ");
    assert.equal(call!.replace(/ in .*$/, ""), `docker ${said}`);
  });
});

test("exec: what is missing or stopped is said, and nothing runs", async () => {
  await withProject({}, async (script, host) => {
    assert.equal((await script("deploy", ...THERE)).code, 0);
    for (const [args, expected, says] of [
      [["web"], 2, /exec needs the name of one service and a program/],
      [["web", "job", "--", "ls"], 2, /hint: for example: exec web -- sh/],
      [["--", "ls"], 2, /exec needs/],
      [["web", "--host", "box,other", "--", "ls"], 2, /exec works on one host, and several are set: box, other/],
      [["wbe", "--", "ls"], 2, /no container of a service "wbe" is on "box"; there are job, web/],
      [["job", "--", "ls"], 1, /service "job" on "box" is not running: exited/],
    ] as const) {
      const given = (args as readonly string[]).includes("--host") ? THERE.slice(2) : THERE;
      const { code, stderr } = await script("exec", ...given, ...args);
      assert.equal(code, expected, stderr);
      assert.match(stderr, says);
    }
    assert.ok(!host.calls().some((call) => call.startsWith("docker <exec>")));
  });
});

/** check, pull, push and mirror as a user runs them, with a program in docker's place and a real little registry. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Ran } from "../../lib/system/process.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { type FakeDocker, fakeDocker } from "../_helpers/fake-docker.ts";
import { type RegistryServer, registryServer } from "../_helpers/registry-server.ts";
import { runScript } from "../_helpers/run-script.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const COMPOSE = `services:
  web: { image: "nginx:1.27" } # the front
  db:
    image: ghcr.io/team/db:2
  old: { image: vast/db }
  own: { build: . }
`;

interface Scene {
  readonly docker: FakeDocker;
  readonly registry: RegistryServer;
  readonly folder: string;
  readonly script: (name: string, args?: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;
}

async function inScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const docker = fakeDocker();
  const registry = await registryServer({ auth: "basic", username: "me", password: "right$(id)" });
  try {
    for (const name of ["nginx:1.27", "ghcr.io/team/db:2"]) {
      docker.offer(name, { platform: "linux/amd64", digest: DIGEST });
    }
    await inFolder({ "compose.yaml": COMPOSE, "ignore-images.txt": "vast/db\n" }, (folder) => {
      const env = {
        PATH: `${docker.folder}:${process.env["PATH"]}`,
        ROOT: docker.folder,
        HOME: folder,
        LC_ALL: "C",
        MIRROR_REGISTRY: registry.host,
        MIRROR_NAMESPACE: "team",
        MIRROR_USERNAME: "me",
        MIRROR_PASSWORD: "right$(id)",
        MIRROR_ENGINE: "docker",
        // public registries cannot be asked for digests here
        HTTPS_PROXY: "http://127.0.0.1:9",
      };
      return body({
        docker,
        registry,
        folder,
        script: (name, args = [], more = {}) => runScript(name, args, { cwd: folder, env: { ...env, ...more } }),
      });
    });
  } finally {
    await registry.close();
    docker.remove();
  }
}

const acts = (docker: FakeDocker): readonly string[] =>
  docker.calls().filter((call) => !/^(?:image inspect|version|info)/.test(call));

test("mirror: checks, moves every image, writes the compose file, and says what stays", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    const { code, stdout, stderr } = await script("mirror");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /2 to mirror, 1 ignored, 1 built/);
    assert.match(stderr, /login to .* works/);
    assert.match(stderr, /2 pushed/);
    assert.match(stderr, /no host given/);
    assert.match(stderr, /\nnext, on the host: docker compose -f docker-compose-mirror\.yaml up -d .*\n$/);
    assert.doesNotMatch(stderr, /no registry is set/);
    assert.match(stderr, /service "old" keeps "vast\/db"/);
    assert.match(stderr, /service "own" is built/);
    assert.equal(
      readFileSync(join(folder, "docker-compose-mirror.yaml"), "utf8"),
      COMPOSE.replace('"nginx:1.27"', `"${registry.host}/team/nginx:1.27"`).replace(
        "ghcr.io/team/db:2",
        `${registry.host}/team/team-db:2`,
      ),
    );
    assert.ok(acts(docker).includes(`push ${registry.host}/team/nginx:1.27`));
    assert.equal(docker.password(), "right$(id)");
  }));

test("without a registry that is said before anything else", () =>
  inScene(async ({ script }) => {
    const { code, stderr } = await script("images", [], {
      MIRROR_REGISTRY: "",
      MIRROR_NAMESPACE: "",
      MIRROR_ENGINE: "direct",
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^no registry is set, so the images stay on this machine; MIRROR_REGISTRY/);
  }));

test("mirror --json: one document with images and compose", () =>
  inScene(async ({ registry, folder, script }) => {
    const { code, stdout } = await script("mirror", ["--json"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      images: [
        {
          source: "ghcr.io/team/db:2",
          target: `${registry.host}/team/team-db:2`,
          status: "pushed",
          digest: DIGEST,
          bytes: 1234,
        },
        {
          source: "nginx:1.27",
          target: `${registry.host}/team/nginx:1.27`,
          status: "pushed",
          digest: DIGEST,
          bytes: 1234,
        },
      ],
      compose: join(folder, "docker-compose-mirror.yaml"),
    });
  }));

test("mirror --report: a page, and a summary for GitHub's runner, of a run with a failure; none of a dry run", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    const [page, summary] = [join(folder, "page.html"), join(folder, "summary.md")];
    const env = { GITHUB_STEP_SUMMARY: summary };
    assert.equal((await script("mirror", ["--dry-run", "--report", "page.html"], env)).code, 0);
    assert.deepEqual([existsSync(page), existsSync(summary)], [false, false]);

    docker.fail("pull", 1, "manifest for ghcr.io/team/db:2 not found: manifest unknown");
    const { code, stderr } = await script("mirror", ["--report", "page.html", "--concurrency", "1"], env);
    assert.equal(code, 1, stderr);
    const [html, markdown] = [readFileSync(page, "utf8"), readFileSync(summary, "utf8")];
    assert.match(html, /<html lang="en">[^]*ghcr\.io\/team\/db:2[^]*Hint: [^]*ignore-images\.txt/);
    assert.ok(html.includes(`${registry.host}/team/nginx:1.27`));
    assert.match(markdown, /^## compose-mirror mirror\n[^]*nginx&#58;1\.27[^]*### Failures/);
    assert.doesNotMatch(html + markdown, /right\$/);
  }));

test("mirror --report where no report belongs is refused before anything is done", () =>
  inScene(async ({ docker, folder, script }) => {
    for (const [file, says] of [
      ["missing/page.html", /there is no folder ".*missing"/],
      ["compose.yaml", /what is there is no report of compose-mirror/],
    ] as const) {
      const { code, stderr } = await script("mirror", ["--report", file]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    }
    assert.deepEqual(docker.calls(), []);
    assert.equal(readFileSync(join(folder, "compose.yaml"), "utf8"), COMPOSE);
    for (const _ of [1, 2]) assert.equal((await script("mirror", ["--report", "page.html"])).code, 0);
  }));

test("mirror --dry-run shows the plan and runs nothing", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    const { code, stdout } = await script("mirror", ["--dry-run", "--host", "server", "--dir", "~/x"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`nginx:1\\.27 -> ${registry.host}/team/nginx:1\\.27 \\(linux/amd64\\)`));
    assert.match(stdout, /server:~\/x/);
    assert.deepEqual([docker.calls(), registry.seen.length], [[], 0]);
    assert.equal(existsSync(join(folder, "docker-compose-mirror.yaml")), false);
  }));

test("--dry-run --json: the plan as one document, with the folder that the host would have", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    const images = [
      ["ghcr.io/team/db:2", "team-db:2"],
      ["nginx:1.27", "nginx:1.27"],
    ].map(([source, name]) => ({
      source,
      target: `${registry.host}/team/${name}`,
      status: "planned",
      platform: "linux/amd64",
    }));
    const compose = join(folder, "docker-compose-mirror.yaml");
    for (const [name, args, document] of [
      ["pull", [], { images }],
      ["push", [], { images }],
      ["mirror", [], { images, compose }],
      ["mirror", ["--host", "server"], { images, compose, deploy: [{ host: "server", dir: "~/shop" }] }],
    ] as const) {
      const { code, stdout } = await script(name, ["--dry-run", "--json", ...args], { COMPOSE_PROJECT_NAME: "shop" });
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), document);
    }
    assert.deepEqual([docker.calls(), registry.seen.length], [[], 0]);
  }));

test("one image's failure does not stop the others; no compose file is written, and the end names what failed", () =>
  inScene(async ({ docker, folder, script }) => {
    docker.fail("pull", 1, "manifest for ghcr.io/team/db:2 not found: manifest unknown");
    const { code, stdout, stderr } = await script("mirror", ["--json", "--concurrency", "1"]);
    assert.equal(code, 1);
    const { images, ...rest } = JSON.parse(stdout) as {
      images: { status: string; error?: { code: string; message: string; hint: string } }[];
    };
    assert.deepEqual(
      images.map(({ status }) => status),
      ["failed", "pushed"],
    );
    assert.match(images[0]!.error?.message ?? "", /not in its registry/);
    assert.match(images[0]!.error?.hint ?? "", /ignore-images\.txt/);
    assert.deepEqual(rest, {});
    assert.match(stderr, /✖ ghcr\.io\/team\/db:2\nerror: .*\n {2}hint: /);
    assert.match(stderr, /skipped: an image failed/);
    assert.equal(existsSync(join(folder, "docker-compose-mirror.yaml")), false);
    const lock = readFileSync(join(folder, "mirror.lock.json"), "utf8");
    assert.match(lock, /nginx/, "what was mirrored is locked");
    assert.doesNotMatch(lock, /team-db/);
  }));

test("--keep-going: the compose file with the failed image left public, and no deploy", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    docker.fail("pull", 1, "manifest for ghcr.io/team/db:2 not found: manifest unknown");
    const { code, stderr } = await script("mirror", ["--keep-going", "--concurrency", "1"]);
    assert.equal(code, 1, stderr);
    assert.equal(
      readFileSync(join(folder, "docker-compose-mirror.yaml"), "utf8"),
      COMPOSE.replace('"nginx:1.27"', `"${registry.host}/team/nginx:1.27"`),
    );
    assert.match(stderr, /these failed and keep their public names.*: ghcr\.io\/team\/db:2/);
    assert.doesNotMatch(stderr, /"ghcr\.io\/team\/db:2": it is on the ignore list/);
    assert.match(stderr, /- Deploy: skipped: an image failed/);
  }));

test("mirror SERVICE: its images alone; the file never names an image that was not pushed", () =>
  inScene(async ({ docker, registry, folder, script }) => {
    const written = (): string => readFileSync(join(folder, "docker-compose-mirror.yaml"), "utf8");
    const half = COMPOSE.replace('"nginx:1.27"', `"${registry.host}/team/nginx:1.27"`);
    const { code, stderr } = await script("mirror", ["web"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /1 to mirror, 0 ignored, 0 built\nfor web only/);
    assert.ok(!acts(docker).some((call) => call.includes("db:2")));
    assert.equal(written(), half);
    assert.match(stderr, /never mirrored, and keep their public names in the compose file: ghcr\.io\/team\/db:2/);

    // What an earlier run mirrored keeps its name, in the file and in the lock.
    assert.equal((await script("mirror")).code, 0);
    const whole = written();
    assert.notEqual(whole, half);
    const lock = readFileSync(join(folder, "mirror.lock.json"), "utf8");
    const again = await script("mirror", ["web"]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(written(), whole);
    assert.equal(readFileSync(join(folder, "mirror.lock.json"), "utf8"), lock);
    assert.doesNotMatch(again.stderr, /never mirrored/);
  }));

test("images, pull and push SERVICE; an unknown one is refused with the names that there are", () =>
  inScene(async ({ docker, registry, script }) => {
    const { stdout } = await script("images", ["db", "old", "--json"]);
    const rows = JSON.parse(stdout) as { source: string }[];
    assert.deepEqual(
      rows.map(({ source }) => source),
      ["ghcr.io/team/db:2", "vast/db"],
    );
    assert.equal((await script("pull", ["web"])).code, 0);
    assert.equal((await script("push", ["web"])).code, 0);
    assert.deepEqual(
      acts(docker).filter((call) => call.startsWith("push ")),
      [`push ${registry.host}/team/nginx:1.27`],
    );
    for (const name of ["mirror", "images", "pull", "push"]) {
      const { code, stderr } = await script(name, ["web", "wbe"]);
      assert.equal(code, 2);
      assert.match(stderr, /no service "wbe"; its services are db, old, own, web\n/);
    }
  }));

test("pull and push alone", () =>
  inScene(async ({ docker, registry, script }) => {
    const early = await script("push");
    assert.equal(early.code, 1);
    assert.match(early.stderr, /is not on this machine for linux\/amd64\n {2}hint: run pull first/);

    const pulled = await script("pull", ["--json"]);
    assert.equal(pulled.code, 0);
    const { images } = JSON.parse(pulled.stdout) as { images: { status: string }[] };
    assert.deepEqual(
      images.map(({ status }) => status),
      ["pulled", "pulled"],
    );
    assert.ok(!acts(docker).some((call) => call.startsWith("push")));

    const pushed = await script("push");
    assert.equal(pushed.code, 0);
    assert.match(pushed.stderr, /2 pushed/);
    assert.ok(acts(docker).includes(`push ${registry.host}/team/team-db:2`));
  }));

test("a wrong password is found before anything is pulled", () =>
  inScene(async ({ docker, script }) => {
    const { code, stderr } = await script("mirror", [], { MIRROR_PASSWORD: "wrong" });
    assert.equal(code, 2);
    assert.match(stderr, /refused the user name or password/);
    assert.doesNotMatch(stderr, /wrong/);
    assert.deepEqual(acts(docker), []);
  }));

test("a namespace without push permission is found before anything is pulled", () =>
  inScene(async ({ docker, registry, script }) => {
    registry.setFault(({ method }) =>
      method === "POST"
        ? { status: 403, body: '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}' }
        : undefined,
    );
    const { code, stderr } = await script("mirror");
    assert.equal(code, 1);
    assert.match(stderr, /does not let this user write "team\/team-db/);
    assert.match(stderr, /namespace exists/);
    assert.deepEqual(acts(docker), []);
  }));

test("check reports every problem in one run, each with a hint", () =>
  inScene(async ({ docker, script }) => {
    const good = await script("check", ["--json"]);
    assert.equal(good.code, 0, good.stderr);
    const findings = JSON.parse(good.stdout) as { check: string; ok: boolean }[];
    assert.deepEqual(
      findings.map(({ check, ok }) => [check, ok]),
      [
        ["engine", true],
        ["disk", true],
        ["registry", true],
        ["namespace", true],
      ],
    );

    docker.fail("version", 9, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.");
    const bad = await script("check", [], { MIRROR_PASSWORD: "wrong" });
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /docker does not answer.*\n.*hint: start it/);
    assert.match(bad.stderr, /refused the user name or password/);
  }));

test("an engine that is not installed is reported with a hint", () =>
  inScene(async ({ script }) => {
    const { code, stderr } = await script("check", ["--engine", "nerdctl"]);
    assert.equal(code, 2);
    assert.match(stderr, /cannot start "nerdctl".*\n.*hint: install nerdctl/);
  }));

for (const [what, file, args, message] of [
  ["no compose file", undefined, ["-f", "missing.yaml"], /missing\.yaml/],
  ["invalid YAML", "services: [\n  a: b: c", [], /compose\.yaml:2:6 is not valid YAML/],
  ["no image and no build", "services:\n  web: {}\n", [], /"web" has neither an image nor a build/],
  [
    "a required variable",
    "services:\n  web: { image: 'x:${TAG:?set a tag}' }\n",
    [],
    /"TAG" is missing a value: set a tag/,
  ],
  ["an invalid reference", "services:\n  web: { image: 'UPPER' }\n", [], /"UPPER" is not a valid reference.*"web"/],
  ["an unknown flag", undefined, ["--nope"], /--nope/],
  ["a file of the project as output", undefined, ["--output", "compose.yaml"], /is a file of the project itself/],
] as const) {
  test(`bad input, ${what}: exit code 2 with a hint, nothing done`, () =>
    inScene(async ({ docker, folder, script }) => {
      if (file !== undefined) writeFileSync(join(folder, "compose.yaml"), file);
      const { code, stdout, stderr } = await script("mirror", args);
      assert.deepEqual([code, stdout, docker.calls()], [2, "", []], stderr);
      assert.match(stderr, message);
      assert.match(stderr, /hint: \S/);
    }));
}

test("--json gives one document on failure too, in the language asked for", () =>
  inScene(async ({ folder, script }) => {
    for (const [name, args, code, text] of [
      ["mirror", ["--json", "--nope"], "flag-unknown", /there is no flag "--nope"/],
      ["images", ["--json", "--lang", "zh", "-f", "missing.yaml"], "compose-not-found", /\p{Script=Han}/u],
      ["pull", ["--json", "--platform", "linux/"], "platform-invalid", /linux\//],
    ] as const) {
      const { code: exit, stdout } = await script(name, args);
      assert.equal(exit, 2);
      const { error, ...rest } = JSON.parse(stdout) as { error: { code: string; message: string; hint: string } };
      assert.deepEqual([rest, Object.keys(error)], [{}, ["code", "message", "hint"]]);
      if (name !== "images") assert.equal(error.code, code);
      assert.match(error.message, text);
    }
    assert.equal(existsSync(join(folder, "docker-compose-mirror.yaml")), false);
  }));

test("messages follow the language", () =>
  inScene(async ({ script }) => {
    const { code, stderr } = await script("mirror", ["--lang", "zh"]);
    assert.equal(code, 0);
    assert.match(stderr, /需同步 2 个/);
  }));

test("a mirror name that another source's image has is not replaced without --overwrite", () =>
  inScene(async ({ docker, folder, script }) => {
    assert.equal((await script("mirror")).code, 0);
    docker.offer("quay.io/team/db:2", { platform: "linux/amd64", digest: DIGEST });
    writeFileSync(join(folder, "compose.yaml"), COMPOSE.replace("ghcr.io/", "quay.io/"));
    const before = acts(docker).length;
    const refused = await script("mirror");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /team\/team-db:2" holds image "ghcr\.io\/team\/db".*"quay\.io\/team\/db"/);
    assert.deepEqual(
      acts(docker)
        .slice(before)
        .filter((call) => /^(?:pull|push|tag) /.test(call)),
      [],
    );
    assert.equal((await script("mirror", ["--overwrite"])).code, 0);
    assert.equal((await script("mirror")).code, 0);
  }));

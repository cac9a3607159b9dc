/** The two generators as a user runs them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Ran, run } from "../../lib/system/process.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { formatLock } from "../../lib/mirror/lock-file.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import { runScript } from "../_helpers/run-script.ts";

const FILES = {
  "project/compose.yaml":
    'services:\n  web: { image: "nginx" }\n  db: { image: vast/db:1 }\n  old: { image: redis:6, platform: linux/arm/v7 }\n',
  "project/ignore-images.txt": "vast/db\n",
};
const PULL = "generate-amd64-pull-script";
const PUSH = "generate-push-to-aliyun-script";
const MIRROR = { MIRROR_REGISTRY: "r.example:5000", MIRROR_NAMESPACE: "team" };

function inProject(
  body: (script: (name: string, ...args: readonly string[]) => Promise<Ran>, folder: string) => Promise<void>,
): Promise<void> {
  return inFolder(FILES, (root) => {
    const cwd = join(root, "project");
    const env = { ...MIRROR, LANG: "C", LC_ALL: "C", COMPOSE_FILE: "", MIRROR_PLATFORM: "" };
    return body((name, ...args) => runScript(name, args, { cwd, env }), cwd);
  });
}

test("writes programs beside the compose file, named by the platform", () =>
  inProject(async (script, folder) => {
    for (const [name, args, file] of [
      [PULL, [], "pull-all-images-linux-amd64.sh"],
      [PULL, ["--platform", "arm64"], "pull-all-images-linux-arm64.sh"],
      [PULL, ["--output", "own.sh"], "own.sh"],
      [PUSH, [], "push-to-aliyun-registry.sh"],
    ] as const) {
      const { code, stdout, stderr } = await script(name, ...args);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`2 to mirror, 1 ignored, 0 built\nwrote .*/${file}\n$`));
      assert.equal(statSync(join(folder, file)).mode & 0o111, 0o111);
    }
    const list = (file: string): string | undefined =>
      /IMAGES=\([^)]*\)/.exec(readFileSync(join(folder, file), "utf8"))?.[0];
    assert.equal(
      list("pull-all-images-linux-arm64.sh"),
      "IMAGES=(\n  'nginx:latest' 'linux/arm64'\n  'redis:6' 'linux/arm/v7'\n)",
    );
    assert.equal(
      list("push-to-aliyun-registry.sh"),
      "IMAGES=(\n  'nginx:latest' 'linux/amd64' 'r.example:5000/team/nginx:latest'\n" +
        "  'redis:6' 'linux/arm/v7' 'r.example:5000/team/redis:6'\n)",
    );
  }));

test("a dry run prints the very bytes and writes nothing", () =>
  inProject(async (script, folder) => {
    for (const [name, file] of [
      [PULL, "pull-all-images-linux-amd64.sh"],
      [PUSH, "push-to-aliyun-registry.sh"],
    ] as const) {
      const before = readdirSync(folder);
      const { code, stdout } = await script(name, "--dry-run");
      assert.equal(code, 0);
      assert.deepEqual(readdirSync(folder), before);
      await script(name);
      assert.equal(readFileSync(join(folder, file), "utf8"), stdout);
    }
  }));

test("never writes over a file of the project", () =>
  inProject(async (script, folder) => {
    for (const name of [PULL, PUSH, "generate-mirror-compose"]) {
      const { code, stdout, stderr } = await script(name, "--output", "compose.yaml");
      assert.deepEqual([code, stdout], [2, ""], name);
      assert.match(stderr, /will not write ".*compose\.yaml".*\n {2}hint: /);
    }
    assert.equal(readFileSync(join(folder, "compose.yaml"), "utf8"), FILES["project/compose.yaml"]);
  }));

test("nothing is called written that could not be", () =>
  inProject(async (script) => {
    const { code, stderr } = await script("generate-mirror-compose", "--output", "missing/x.yaml");
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /rewritten|wrote/);
  }));

test("without a mirror there is nothing to push to, and pulling needs none", () =>
  inFolder(FILES, async (root) => {
    const cwd = join(root, "project");
    const env = { MIRROR_REGISTRY: "", MIRROR_NAMESPACE: "", LANG: "C", LC_ALL: "C", COMPOSE_FILE: "" };
    assert.equal((await runScript(PULL, ["--dry-run"], { cwd, env })).code, 0);
    const { code, stderr } = await runScript(PUSH, [], { cwd, env });
    assert.equal(code, 2);
    assert.match(stderr, /--registry is missing/);
    assert.deepEqual(readdirSync(cwd), ["compose.yaml", "ignore-images.txt"]);
  }));

test("a script refuses arguments, and --help says what it is", () =>
  inProject(async (script, folder) => {
    for (const [name, file] of [
      [PULL, "pull-all-images-linux-amd64.sh"],
      [PUSH, "push-to-aliyun-registry.sh"],
    ] as const) {
      await script(name);
      const refused = await run(["bash", join(folder, file), "--registry=x"]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /unexpected argument "--registry=x"/);
      const help = await run(["bash", join(folder, file), "--help"]);
      assert.equal(help.code, 0, help.stderr);
      assert.match(help.stdout, /^(?:Pulls|Tags) every image below[^#]*Exit code: 0/);
    }
  }));

const KEPT = "services:\n  db:\n    image: r.example:5000/team/redis:5\n";

test("the mirror compose file keeps the mode, and a stale file of images is removed", () =>
  inProject(async (script, folder) => {
    chmodSync(join(folder, "compose.yaml"), 0o600);
    writeFileSync(join(folder, "docker-compose-mirror.images.yaml"), KEPT);
    const { code, stderr } = await script("generate-mirror-compose");
    assert.equal(code, 0, stderr);
    assert.equal(statSync(join(folder, "docker-compose-mirror.yaml")).mode & 0o777, 0o600);
    assert.match(stderr, /removed .*docker-compose-mirror\.images\.yaml/);
    assert.equal(existsSync(join(folder, "docker-compose-mirror.images.yaml")), false);
    writeFileSync(join(folder, "docker-compose-mirror.images.yaml"), `${KEPT}    restart: always\n`);
    await script("generate-mirror-compose");
    assert.equal(existsSync(join(folder, "docker-compose-mirror.images.yaml")), true);
  }));

test("an output in another folder says what moves", () =>
  inProject(async (script, folder) => {
    const output = join(dirname(folder), "mirror.yaml");
    const { code, stderr } = await script("generate-mirror-compose", "--output", output);
    assert.equal(code, 0, stderr);
    assert.ok(stderr.includes(`docker compose --project-directory ${folder} -f ${output}`), stderr);
    const here = await script("generate-mirror-compose");
    assert.doesNotMatch(here.stderr, /--project-directory/);
  }));

test("images lists what it can, and ends with what it cannot", () =>
  inProject(async (script, folder) => {
    writeFileSync(join(folder, "compose.yaml"), "services:\n  web: {image: nginx}\n  app: {image: 'a/b:${TAG}'}\n");
    const plain = await script("images");
    assert.equal(plain.code, 2);
    assert.match(plain.stdout, /^image .*size\nnginx +r\.example:5000\/team\/nginx:latest +web +linux\/amd64\n$/);
    assert.match(plain.stderr, /no value is set for TAG \(.*compose\.yaml:3\)/);
    const json = await script("images", "--json");
    assert.equal(json.code, 2);
    const { images, errors } = JSON.parse(json.stdout) as { images: unknown[]; errors: { code: string }[] };
    assert.equal(images.length, 1);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["image-variable-unset"],
    );
    writeFileSync(join(folder, "ignore-images.txt"), "a/b:${TAG}\n");
    const ignored = await script("images", "--json");
    assert.equal(ignored.code, 0, ignored.stderr);
    assert.equal((JSON.parse(ignored.stdout) as unknown[]).length, 2);
  }));

test("images says the profiles and platform of each, and the size that a run found", () =>
  inProject(async (script, folder) => {
    writeFileSync(
      join(folder, "compose.yaml"),
      "services:\n  a: {image: nginx, profiles: [x]}\n  b: {image: redis, profiles: [y], platform: linux/arm64}\n  c: {image: redis, platform: linux/arm64}\n",
    );
    const digest = `sha256:${"a".repeat(64)}`;
    const [source, mirror] = [parseReference("nginx"), parseReference("r.example:5000/team/nginx")];
    const image = {
      source,
      mirror,
      platform: "linux/amd64",
      sourceDigest: digest,
      mirrorDigest: digest,
      size: 2_500_000,
    };
    writeFileSync(join(folder, "mirror.lock.json"), formatLock([image]));
    const { code, stdout, stderr } = await script("images");
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.split(/ {2,}/)),
      [
        ["image", "at the mirror", "services", "profiles", "platform", "size"],
        ["nginx", "r.example:5000/team/nginx:latest", "a", "x", "linux/amd64", "2.5 MB"],
        ["redis", "r.example:5000/team/redis:latest", "b, c", "linux/arm64"],
        [""],
      ],
    );
  }));

test("images lists the others where the image of an inactive profile is empty", () =>
  inProject(async (script, folder) => {
    writeFileSync(
      join(folder, "compose.yaml"),
      "services:\n  web: {image: nginx}\n  app: {image: 'a/b:${TAG}'}\n  gpu: {image: '${GPU}', profiles: [gpu]}\n",
    );
    const plain = await script("images");
    assert.equal(plain.code, 2);
    assert.match(plain.stdout, /^image .*size\nnginx +r\.example:5000\/team\/nginx:latest +web +linux\/amd64\n$/);
    assert.match(plain.stderr, /the image "\$\{GPU\}" of service "gpu" is empty: GPU is not set .*compose\.yaml:4\)/);
    assert.match(plain.stderr, /profile gpu out: --active-profiles/);
    const json = JSON.parse((await script("images", "--json")).stdout) as {
      images: unknown[];
      errors: { code: string }[];
    };
    assert.equal(json.images.length, 1);
    assert.deepEqual(
      json.errors.map(({ code }) => code),
      ["compose-image-empty", "image-variable-unset"],
    );
    const written = await script("generate-mirror-compose");
    assert.equal(written.code, 2, "nothing is written of a project that is not whole");
  }));

test("the file that was written, given as input, is left alone", () =>
  inProject(async (script) => {
    await script("generate-mirror-compose");
    const { code, stdout, stderr } = await script("images", "-f", "docker-compose-mirror.yaml", "--json");
    assert.equal(code, 0, stderr);
    const statuses = (JSON.parse(stdout) as { status: string }[]).map(({ status }) => status);
    assert.deepEqual(statuses.toSorted(), ["ignored", "present", "present"]);
  }));

/** Bad input and bad luck: a clear message, the right exit code, nothing half-done, and what could be done is done. */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { run } from "../../lib/system/process.ts";
import {
  asUser,
  cleanSlate,
  clearFaults,
  forgetRequests,
  inFolder,
  MIRROR,
  type MirrorReport,
  requests,
  script,
  setFaults,
  writes,
} from "./bed.ts";
import { laySmall, SMALL } from "./projects.ts";

interface BadCase {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The compose file, in place of a good one. */
  readonly compose?: string;
  readonly exit: 1 | 2;
  /** What the message names. */
  readonly says: RegExp;
}

const BAD: readonly BadCase[] = [
  { name: "a wrong password", env: { MIRROR_PASSWORD: "wrong" }, exit: 2, says: /refused the user name or password/ },
  {
    name: "a namespace that is not there",
    args: ["--namespace", "nosuch"],
    exit: 1,
    says: /does not let this user write "nosuch\/.*\n.*hint: .*namespace/,
  },
  { name: "no registry", env: { MIRROR_REGISTRY: "" }, exit: 2, says: /--registry is missing\n.*MIRROR_REGISTRY/ },
  { name: "no namespace", env: { MIRROR_NAMESPACE: "" }, exit: 2, says: /--namespace is missing\n.*MIRROR_NAMESPACE/ },
  { name: "a registry with a path", args: ["--registry", "https://x/y"], exit: 2, says: /"https:\/\/x\/y"/ },
  {
    name: "a registry that does not exist",
    args: ["--registry", "no.such.example"],
    exit: 1,
    says: /"no\.such\.example"/,
  },
  { name: "a host that does not exist", args: ["--host", "nosuch"], exit: 2, says: /no host named "nosuch"/ },
  {
    name: "a host where nothing listens",
    args: ["--host", "ssh://root@hub:22"],
    exit: 1,
    says: /refused the connection/,
  },
  { name: "an unknown flag", args: ["--nosuch"], exit: 2, says: /--nosuch/ },
  { name: "an unknown engine", args: ["--engine", "rkt"], exit: 2, says: /"rkt"/ },
  {
    name: "a compose file that is not there",
    args: ["-f", "nosuch.yaml"],
    exit: 2,
    says: /nosuch\.yaml/,
  },
  {
    name: "YAML that cannot be read",
    compose: "services:\n  web:\n    image: 'nginx\n",
    exit: 2,
    says: /docker-compose\.yaml:\d+:\d+ is not valid YAML/,
  },
  {
    name: "a service without image and build",
    compose: "services:\n  web:\n    ports: ['80:80']\n",
    exit: 2,
    says: /service "web" has neither an image nor a build/,
  },
  {
    name: "a required variable that is not set",
    compose: "services:\n  web:\n    image: nginx:${TAG:?say which}\n",
    exit: 2,
    says: /"TAG" is missing a value: say which/,
  },
  {
    name: "an image name that is none",
    compose: "services:\n  web:\n    image: Nginx$$(id)\n",
    exit: 2,
    says: /"Nginx\$\(id\)" is not a valid reference.*"web"/,
  },
  {
    name: "two images of one mirror name",
    compose: "services:\n  a:\n    image: a/b-c\n  b:\n    image: a-b/c\n",
    exit: 2,
    says: /"a-b\/c" and "a\/b-c"|"a\/b-c" and "a-b\/c"/,
  },
];

before(cleanSlate);

test("bad input is refused before anything is done", async (t) => {
  for (const { name, args = [], env = {}, compose, exit, says } of BAD) {
    await t.test(name, async () => {
      await inFolder(async (folder) => {
        await laySmall(folder);
        if (compose !== undefined) await writeFile(join(folder, "docker-compose.yaml"), compose);
        await forgetRequests();
        const ran = await asUser(script("mirror", args), { cwd: folder, env });
        assert.equal(ran.code, exit, ran.stderr);
        assert.match(ran.stderr, says);
        assert.match(ran.stderr, /hint: \S/);
        assert.doesNotMatch(ran.stderr, /fault of compose-mirror/);
        assert.deepEqual(await readdir(folder), ["docker-compose.yaml"]);
        assert.deepEqual(writes(await requests("acr")), []);
      });
    });
  }

  await t.test("no compose file at all", async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, "empty"));
      const ran = await asUser(script("mirror"), { cwd: join(folder, "empty") });
      assert.equal(ran.code, 2);
      assert.match(ran.stderr, /no compose file found/);
    });
  });
});

const GOOD = new Set(SMALL.map(({ image }) => image));
const MIXED = [
  ...SMALL,
  { service: "jetson", image: "example/jetson:1.0", port: 8301 },
  { service: "raspberry", image: "quay.io/example/raspberry:1.0", port: 8302 },
  { service: "missing", image: "nginx:nosuch", port: 8303 },
  { service: "private", image: "example/private:1.0", port: 8304 },
];

for (const engine of ["docker", "direct"]) {
  test(`images that fail do not stop the others, by the ${engine} engine`, async (t) => {
    await cleanSlate();
    await inFolder(async (folder) => {
      await laySmall(folder, MIXED);

      await t.test("mirror", async () => {
        const args = ["--engine", engine, "--host", "server", "--dir", "~/mixed", "--json"];
        const ran = await asUser(script("mirror", args), { cwd: folder });
        assert.equal(ran.code, 1, ran.stderr);
        const { images, compose, deploy } = JSON.parse(ran.stdout) as MirrorReport;
        assert.deepEqual(
          images.map(({ source, status }) => `${source} ${status}`).toSorted(),
          MIXED.map(({ image }) => `${image} ${GOOD.has(image) ? "pushed" : "failed"}`).toSorted(),
        );
        const errorOf = (image: string): string => images.find(({ source }) => source === image)?.error?.message ?? "";
        for (const image of ["example/jetson:1.0", "quay.io/example/raspberry:1.0"]) {
          assert.match(errorOf(image), /linux\/amd64/);
          assert.match(errorOf(image), /linux\/arm64/);
          assert.ok(ran.stderr.includes(`✖ ${image}\n`), ran.stderr);
        }
        assert.match(errorOf("nginx:nosuch"), /nosuch/);
        assert.match(errorOf("example/private:1.0"), /example\/private/);
        assert.equal(compose, undefined);
        assert.equal(deploy, undefined);
        const tagged = writes(await requests("acr")).filter(({ kind }) => kind === "manifest");
        assert.equal(tagged.length, SMALL.length);
      });
    });
  });
}

test("the generated pull script does the same", async () => {
  await cleanSlate();
  await inFolder(async (folder) => {
    await laySmall(folder, MIXED);
    assert.equal((await asUser(script("generate-amd64-pull-script"), { cwd: folder })).code, 0);
    const ran = await run(["bash", "pull-all-images-linux-amd64.sh"], { cwd: folder });
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, new RegExp(`${MIXED.length} images: ${SMALL.length} pulled, 4 failed`));
    for (const { image } of MIXED.slice(SMALL.length)) assert.ok(ran.stderr.includes(image), image);
  });
});

test("a temporary failure of a registry is retried", async (t) => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    for (const engine of ["docker", "direct"]) {
      await t.test(engine, async () => {
        await cleanSlate();
        await setFaults("hub", { refusals: [{ path: "quay.io/v2/coreos/etcd/manifests", status: 503, times: 2 }] });
        await setFaults("acr", { refusals: [{ method: "PUT", path: "/manifests/", status: 502, times: 1 }] });
        const ran = await asUser(script("mirror", ["--engine", engine, "--json"]), { cwd: folder });
        await clearFaults();
        assert.equal(ran.code, 0, ran.stderr);
        const { images } = JSON.parse(ran.stdout) as MirrorReport;
        assert.deepEqual(
          images.map(({ target, status }) => `${target} ${status}`).toSorted(),
          SMALL.map(({ target }) => `${target} pushed`).toSorted(),
        );
      });
    }
  });
});

test("a mirror name that the registry would cut short is never cut silently", async () => {
  await inFolder(async (folder) => {
    const image = `example/${"long-".repeat(15)}name:1`;
    await laySmall(folder, [{ service: "long", image, port: 8401 }]);
    const ran = await asUser(script("images", ["--json"]), { cwd: folder });
    const [row] = JSON.parse(ran.stdout) as readonly { readonly target: string }[];
    const name = row!.target.slice(MIRROR.length + 1, -":1".length);
    assert.ok(name.length <= 64 && /-[0-9a-f]{8}$/.test(name), name);
  });
});

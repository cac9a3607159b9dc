/** export and import as a user runs them, with a little registry of this process. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../lib/system/process.ts";
import { DISTINCT_LAYERS, withCarriedProject } from "../_helpers/carried-project.ts";
import { scriptCommand } from "../_helpers/run-script.ts";

const EXPORT = ["--output", "a.tar"] as const;
/** deploy.sh, SHA256SUMS, the lists, the project's files, manifests, configs, and the headers of all of them. */
const SMALL_FILES = 60_000;

test("export: every blob once, the same bytes again, and nothing is asked for twice", () =>
  withCarriedProject(async ({ folder, registry, script }) => {
    const first = await script("export", EXPORT);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, `${join(folder, "a.tar")}\n`);
    const bytes = await readFile(join(folder, "a.tar"));
    assert.ok(bytes.length <= DISTINCT_LAYERS * 1.01 + SMALL_FILES, String(bytes.length));
    const { stdout } = await run(["tar", "-tf", "a.tar"], { cwd: folder });
    const names = stdout.trim().split("\n");
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.slice(0, 2), ["deploy.sh", "SHA256SUMS"]);
    for (const name of [".env", "api.env", "compose.yaml", "conf/web.conf", "mirror.lock.json"]) {
      assert.ok(names.includes(`project/${name}`), name);
    }
    const checked = await run(["sh", "-c", "mkdir x && tar -xf a.tar -C x && cd x && sha256sum -c SHA256SUMS"], {
      cwd: folder,
    });
    assert.equal(checked.code, 0, checked.stderr);
    // the archive's lock beside the mirror compose file lets the next export do without the network
    await writeFile(join(folder, "mirror.lock.json"), await readFile(join(folder, "x/project/mirror.lock.json")));
    const asked = registry.seen.length;
    const second = await script("export", EXPORT);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(registry.seen.length, asked);
    assert.deepEqual(await readFile(join(folder, "a.tar")), bytes);
  }));

test("export says in JSON what it wrote; a part is never larger than asked for", () =>
  withCarriedProject(async ({ folder, script }) => {
    const ran = await script("export", [...EXPORT, "--split", "10MB", "--json"]);
    assert.equal(ran.code, 0, ran.stderr);
    const { paths, images } = JSON.parse(ran.stdout) as { paths: readonly string[]; images: readonly unknown[] };
    assert.deepEqual(
      paths.map((path) => path.slice(folder.length + 1)),
      ["a.tar.001", "a.tar.sha256"],
    );
    assert.equal(images.length, 3);
    const small = await script("export", [...EXPORT, "--split", "1kB"]);
    assert.equal(small.code, 2);
    assert.match(small.stderr, /at least 10/);
  }));

test("export refuses what it would have to guess or destroy, and changes nothing", () =>
  withCarriedProject(async ({ folder, registry, script }) => {
    await writeFile(join(folder, "a.tar"), "mine");
    const taken = await script("export", EXPORT);
    assert.equal(taken.code, 2);
    assert.match(taken.stderr, /export did not make it/);
    assert.equal(await readFile(join(folder, "a.tar"), "utf8"), "mine");
    assert.equal(registry.seen.length, 0);
    assert.equal((await script("export", [...EXPORT, "--yes"])).code, 0);
    const own = await script("export", ["--output", "compose.yaml"]);
    assert.equal(own.code, 2);
    await rm(join(folder, "api.env"));
    const missing = await script("export", EXPORT);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /"api".*api\.env/);
  }));

test("an image that is neither stored nor reachable is named, and no archive is written", () =>
  withCarriedProject(async ({ folder, script, registry }) => {
    const compose = await readFile(join(folder, "compose.yaml"), "utf8");
    await writeFile(join(folder, "compose.yaml"), compose.replace("tools/web:2", "tools/web:none"));
    const ran = await script("export", EXPORT);
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stderr, /✖ .*tools\/web:none/);
    assert.equal(existsSync(join(folder, "a.tar")), false);
    // what is in the store is carried although its source has gone
    await writeFile(join(folder, "compose.yaml"), compose.replace(/^ {2}tools:.*\n/m, ""));
    await registry.close();
    const offline = await script("export", EXPORT);
    assert.equal(offline.code, 0, offline.stderr);
    assert.match(offline.stderr, /come from the local store as they are/);
  }));

test("a store with a flipped bit: nothing is written, and the next run fetches the layer again", () =>
  withCarriedProject(async ({ folder, store, script }) => {
    assert.equal((await script("export", EXPORT)).code, 0);
    await rm(join(folder, "a.tar"));
    const blobs = join(store, "blobs/sha256");
    for (const name of await readdir(blobs)) {
      if ((await stat(join(blobs, name))).size < 100_000) continue;
      const bytes = await readFile(join(blobs, name));
      bytes[5]! ^= 1;
      await writeFile(join(blobs, name), bytes);
      break;
    }
    const damaged = await script("export", EXPORT);
    assert.equal(damaged.code, 1, damaged.stderr);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith("a.tar")),
      [],
    );
    const again = await script("export", EXPORT);
    assert.equal(again.code, 0, again.stderr);
  }));

const canMount = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/unshare");

test("a full disk half way leaves nothing", { skip: !canMount }, () =>
  withCarriedProject(async ({ folder, store }) => {
    const mount = 'mkdir small && mount -t tmpfs -o size=300k tmpfs small && "$@"; echo "code $?"; ls -A small';
    const command = scriptCommand("export", ["--output", "small/a.tar"]);
    const ran = await run(["unshare", "-m", "sh", "-c", mount, "sh", ...command], {
      cwd: folder,
      env: { HOME: folder, LC_ALL: "C", MIRROR_STORE: store },
    });
    assert.equal(ran.stdout, "code 1\n", ran.stderr);
    assert.match(ran.stderr, /no space is left for ".*small\/a\.tar"/);
  }),
);

test("import: what push and the tunnel look for, resumed, and never over other files", () =>
  withCarriedProject(async ({ folder, script }) => {
    const names = ["--names", "mirror", "--registry", "old.example", "--namespace", "team"];
    assert.equal((await script("export", [...EXPORT, ...names])).code, 0);
    const into = ["a.tar", "--store", "other", "--into", "there"];
    const first = await script("import", [...into, "--json"]);
    assert.equal(first.code, 0, first.stderr);
    const { copied, images } = JSON.parse(first.stdout) as { copied: number; images: readonly { target: string }[] };
    assert.ok(copied >= DISTINCT_LAYERS);
    assert.deepEqual(
      images.map(({ target }) => target),
      ["localhost:5012/mirror/team-api:1", "localhost:5012/mirror/team-web:2", "localhost:5012/mirror/tools-web:2"],
    );
    const index = JSON.parse(await readFile(join(folder, "other/index.json"), "utf8")) as {
      manifests: readonly { annotations: Record<string, string> }[];
    };
    const stored = new Set(index.manifests.map(({ annotations }) => annotations["org.opencontainers.image.ref.name"]));
    for (const name of ["mirror/team-api:1", "team/team-api:1", "mirror/tools-web:2"])
      assert.ok(stored.has(name), name);
    assert.match(
      await readFile(join(folder, "there/docker-compose-mirror.yaml"), "utf8"),
      /old\.example\/team\/team-api:1/,
    );
    assert.match(
      await readFile(join(folder, "there/mirror.lock.json"), "utf8"),
      /"localhost:5012\/mirror\/team-api:1"/,
    );

    const second = JSON.parse((await script("import", [...into, "--json"])).stdout) as { copied: number };
    assert.equal(second.copied, 0);
    await writeFile(join(folder, "there/api.env"), "A=mine\n");
    const refused = await script("import", into);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /"api\.env" in .*there would be replaced/);
    assert.equal((await script("import", [...into, "--yes"])).code, 0);
    assert.equal(await readFile(join(folder, "there/api.env"), "utf8"), "A=1\n");
    assert.equal((await script("import")).code, 2);
  }));

test("deploy.sh names a flipped bit, an archive that is cut off, and a part that is missing or wrong", () =>
  withCarriedProject(async ({ folder, script }) => {
    assert.equal((await script("export", EXPORT)).code, 0);
    await run(["tar", "--occurrence=1", "-xf", "a.tar", "deploy.sh"], { cwd: folder });
    const check = () => run(["bash", "deploy.sh", "--check"], { cwd: folder, env: { LC_ALL: "C" } });
    assert.equal((await check()).code, 0);
    const bytes = await readFile(join(folder, "a.tar"));
    for (const [change, said] of [
      [
        () => bytes.with(bytes.length - 50_000, bytes.at(-50_000)! ^ 1),
        /"blobs\/sha256\/\w+" in the archive is damaged/,
      ],
      [() => bytes.subarray(0, bytes.length - 100_000), /is damaged|cut off/],
      [() => bytes.subarray(0, 100), /no archive of compose-mirror/],
    ] as const) {
      await writeFile(join(folder, "a.tar"), change());
      const ran = await check();
      assert.deepEqual([ran.code, said.test(ran.stderr)], [1, true], ran.stderr);
    }
    await rm(join(folder, "a.tar"));
    const none = await run(["bash", "deploy.sh", "--check"], { cwd: folder, env: { LC_ALL: "zh_CN.UTF-8" } });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /找不到/);
    assert.equal((await run(["bash", "deploy.sh", "--nonsense"], { cwd: folder })).code, 2);
    const help = await run(["bash", "deploy.sh", "--help"], { cwd: folder });
    assert.match(help.stdout, /--dir FOLDER/);
  }));

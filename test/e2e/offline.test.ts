/** A host that has nothing but docker: the archive is carried there, loaded, started; and taken in on another machine. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../bed/must.ts";
import {
  answerOn,
  asUser,
  cleanSlate,
  inFolder,
  onServer,
  requests,
  script,
  stopServer,
  withComposeV2,
  writes,
} from "./bed.ts";
import { layShop, laySmall, SHOP, SHOP_TARGETS, SMALL } from "./projects.ts";
import { run } from "../../lib/system/process.ts";

/** No registry is set: the images go by the names that everybody knows. */
const NO_MIRROR = { MIRROR_REGISTRY: "", MIRROR_NAMESPACE: "", MIRROR_USERNAME: "", MIRROR_PASSWORD: "" };

/** What the server has after the archive's files were copied to `~/carried`; it reaches no registry by these names. */
async function carry(folder: string, files: readonly string[]): Promise<void> {
  await onServer("mkdir -p ~/carried");
  await must(["scp", "-q", ...files.map((file) => join(folder, file)), "server:carried/"]);
}

const deployOnServer = (words: string): Promise<string> =>
  onServer(`cd ~/carried && ${words} 2>&1 || echo "exit code $?"`);

test("an archive of many images, loaded and started by docker 20.10 and docker-compose v1", async (t) => {
  await cleanSlate();
  await inFolder(async (folder) => {
    await layShop(folder);
    const file = join(folder, "shop.tar");

    await t.test("export needs no registry, and sends nothing to one", async () => {
      const ran = await asUser(script("export", ["--output", file]), { cwd: folder, env: NO_MIRROR });
      assert.equal(ran.code, 0, ran.stderr);
      assert.deepEqual(writes(await requests("acr")), []);
    });

    await t.test("it has every blob once, and hardly anything else", async () => {
      const listed = await must(["tar", "-tvf", file]);
      const blobs = [...listed.matchAll(/ (\d+) \S+ \S+ blobs\/(\S+)$/gm)];
      assert.equal(new Set(blobs.map(([, , name]) => name)).size, blobs.length);
      const bytes = blobs.reduce((sum, [, size]) => sum + Number(size), 0);
      const { size } = await stat(file);
      assert.ok(size <= bytes * 1.01 + 100_000, `${size} bytes for ${bytes}`);
    });

    await t.test("a second export makes the same bytes", async () => {
      const again = join(folder, "again.tar");
      const ran = await asUser(script("export", ["--output", again]), { cwd: folder, env: NO_MIRROR });
      assert.equal(ran.code, 0, ran.stderr);
      // the script in it names its archive
      const sums = await Promise.all([file, again].map((each) => must(["tar", "-xOf", each, "SHA256SUMS"])));
      assert.equal(sums[0]!.replace(/^.*deploy\.sh\n/, ""), sums[1]!.replace(/^.*deploy\.sh\n/, ""));
      await rm(again);
    });

    await t.test("skopeo reads it as an OCI archive and as a docker archive", async () => {
      for (const from of [
        `oci-archive:${file}:docker.io/library/nginx:latest`,
        `docker-archive:${file}:nginx:latest`,
      ]) {
        const to = join(folder, "copied");
        await must(["skopeo", "copy", "--insecure-policy", from, `dir:${to}`]);
        await rm(to, { recursive: true });
      }
    });

    await t.test("docker load alone reads it", async () => {
      await must(["docker", "load", "-i", file]);
      await must([
        "docker",
        "image",
        "inspect",
        "nginx:latest",
        "postgres:15-alpine",
        "minio/minio:RELEASE.2023-03-20T20-16-18Z",
      ]);
    });

    await t.test("deploy.sh starts it on the server, and every service answers", async () => {
      await carry(folder, ["shop.tar"]);
      const said = await deployOnServer("tar --occurrence=1 -xf shop.tar deploy.sh && bash deploy.sh --dir ~/shop");
      assert.doesNotMatch(said, /exit code/, said);
      for (const { port, image } of SHOP) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
      assert.match(said, /the services run/);
    });

    await t.test("a second run changes nothing, and keeps what was changed on the host", async () => {
      const ids = await onServer("docker ps -q | sort");
      await onServer("echo '# mine' >>~/shop/.env");
      const said = await deployOnServer("LC_ALL=zh_CN.UTF-8 bash deploy.sh --dir ~/shop");
      assert.match(said, /服务已运行/);
      assert.match(said, /保留本机已有的文件：\.env/);
      assert.equal(await onServer("docker ps -q | sort"), ids);
      assert.match(await onServer("cat ~/shop/.env"), /# mine\n$/);
    });

    await t.test("import into an empty store, then push to a registry of one's own", async () => {
      const store = join(folder, "other store");
      const there = join(folder, "there");
      const took = await asUser(script("import", [file, "--store", store, "--into", there]));
      assert.equal(took.code, 0, took.stderr);
      await mkdir(join(there, "tools"), { recursive: true });
      const pushed = await asUser(script("push", ["-f", "docker-compose.yaml", "--store", store]), { cwd: there });
      assert.equal(pushed.code, 0, pushed.stderr);
      const manifests = writes(await requests("acr")).filter(({ kind }) => kind === "manifest");
      assert.equal(manifests.length, SHOP_TARGETS.length);
      const made = await asUser(script("generate-mirror-compose", ["-f", "docker-compose.yaml"]), { cwd: there });
      assert.equal(made.code, 0, made.stderr);
      const lock = await readFile(join(there, "mirror.lock.json"), "utf8");
      for (const target of SHOP_TARGETS) assert.ok(lock.includes(`"${target}"`), target);
    });
  });
});

test("an archive in parts, by mirror names and docker compose v2", async (t) => {
  await cleanSlate();
  await withComposeV2(() =>
    inFolder(async (folder) => {
      await laySmall(folder);
      const parts = ["small.tar.001", "small.tar.002"];
      const first = join(folder, parts[0]!);

      await t.test("export writes parts and the list of their sums", async () => {
        const args = ["--output", "small.tar", "--split", "10MB", "--names", "mirror"];
        const ran = await asUser(script("export", args), { cwd: folder });
        assert.equal(ran.code, 0, ran.stderr);
        await must(["sha256sum", "-c", "small.tar.sha256"], { cwd: folder });
      });

      await t.test("a missing part, then a damaged one: said, and nothing is loaded", async () => {
        await carry(folder, ["small.tar.001", "small.tar.sha256"]);
        const deploy = "tar --occurrence=1 -xf small.tar.001 deploy.sh && bash deploy.sh";
        assert.match(await deployOnServer(deploy), /part ".*small\.tar\.002" is missing[^]*exit code 1/);
        await carry(folder, ["small.tar.002"]);
        const bytes = await readFile(first);
        const flipped = Buffer.from(bytes);
        flipped[bytes.length - 1000]! ^= 1;
        await writeFile(first, flipped);
        await carry(folder, ["small.tar.001"]);
        await writeFile(first, bytes);
        assert.match(await deployOnServer("bash deploy.sh"), /small\.tar\.001: FAILED[^]*exit code 1/);
        assert.equal(await onServer("docker image ls -q"), "");
      });

      await t.test("the right parts are joined, loaded and started", async () => {
        await carry(folder, parts);
        const said = await deployOnServer("bash deploy.sh --dir ~/small small.tar.001");
        assert.doesNotMatch(said, /exit code/, said);
        for (const { port, image } of SMALL) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
      });

      await t.test("import of the parts, and deploy through the ssh connection", async () => {
        await stopServer();
        await onServer("docker image prune -af");
        const store = join(folder, "other");
        const there = join(folder, "there");
        const settings = { env: NO_MIRROR };
        const took = await asUser(script("import", [first, "--store", store, "--into", there]), settings);
        assert.equal(took.code, 0, took.stderr);
        const args = ["-f", "docker-compose.yaml"];
        const made = await asUser(script("generate-mirror-compose", args), { cwd: there, ...settings });
        assert.equal(made.code, 0, made.stderr);
        const host = ["--host", "server", "--dir", "~/tunnel", "--store", store];
        const deployed = await asUser(script("deploy", [...args, ...host]), { cwd: there, ...settings });
        assert.equal(deployed.code, 0, deployed.stderr);
        for (const { port, image } of SMALL) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
      });
    }),
  );
});

test("one flipped bit in a whole archive: the file is named, and nothing is loaded", async () => {
  await cleanSlate();
  await inFolder(async (folder) => {
    await laySmall(folder);
    const ran = await asUser(script("export", ["--output", "small.tar"]), { cwd: folder, env: NO_MIRROR });
    assert.equal(ran.code, 0, ran.stderr);
    const file = join(folder, "small.tar");
    const bytes = await readFile(file);
    bytes[bytes.length - 100_000]! ^= 1;
    await writeFile(file, bytes);
    await carry(folder, ["small.tar"]);
    const said = await deployOnServer("tar --occurrence=1 -xf small.tar deploy.sh && bash deploy.sh");
    assert.match(said, /"blobs\/sha256\/[0-9a-f]+" in the archive is damaged[^]*exit code 1/);
    assert.equal(await onServer("docker image ls -q"), "");
    const took = await run(script("import", [file, "--store", join(folder, "other")]));
    assert.equal(took.code, 1, took.stderr);
    assert.match(took.stderr, /is damaged/);
  });
});

/** `mirror`: a project with public names is mirrored and runs on the server, by either engine. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../bed/must.ts";
import {
  answerOn,
  asUser,
  cleanSlate,
  contentReads,
  type DeployReport,
  forgetRequests,
  IMAGES,
  inFolder,
  mirrored,
  type MirrorReport,
  onServer,
  PASSWORD,
  requests,
  script,
  stopServer,
  withComposeV2,
  writes,
} from "./bed.ts";
import { changedLines, layShop, SHOP, SHOP_LINES, SHOP_TARGETS } from "./projects.ts";

const DIR = "~/some dir with space";
const ABSOLUTE_DIR = "/root/some dir with space";

async function everyServiceAnswers(): Promise<void> {
  for (const { port, image } of SHOP) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
}

function containerIds(): Promise<string> {
  return onServer("docker ps -q --no-trunc | sort");
}

/** A shell command that prints the files below `folder` that contain the password. */
function findPassword(folder: string): string {
  return `grep -rlF '${PASSWORD}' '${folder}' || :`;
}

function digestsOf(images: MirrorReport["images"]): Readonly<Record<string, string | null>> {
  return Object.fromEntries(images.map(({ target, digest }) => [target, digest]));
}

for (const engine of ["docker", "direct"] as const) {
  test(`a project of ${SHOP.length} services, by the ${engine} engine`, async (t) => {
    await cleanSlate();
    await inFolder(async (folder) => {
      const source = await layShop(folder);
      // docker-compose v1 wants the build folder of a service even where it is not started
      await onServer(`mkdir -p '${ABSOLUTE_DIR}/tools'`);
      const mirror = () =>
        asUser(script("mirror", ["--engine", engine, "--host", "server", "--dir", DIR, "--json"]), { cwd: folder });
      let first: MirrorReport;

      await t.test("is mirrored and deployed with docker-compose v1", async () => {
        const ran = await mirror();
        assert.equal(ran.code, 0, ran.stderr);
        first = JSON.parse(ran.stdout) as MirrorReport;
        assert.deepEqual(first.images.map(({ target }) => target).toSorted(), SHOP_TARGETS.toSorted());
        assert.deepEqual(new Set(first.images.map(({ status }) => status)), new Set(["pushed"]));
        assert.equal(first.compose, join(folder, "docker-compose-mirror.yaml"));
        const deploy = first.deploy!;
        assert.equal(deploy.dir, ABSOLUTE_DIR);
        assert.equal(deploy.compose.version, "1.29.2");
        assert.deepEqual(
          deploy.services.map(({ name, state, image }) => `${name} ${state} ${image}`),
          SHOP.map(({ service, target }) => `${service} running ${target}`).toSorted(),
        );
        await everyServiceAnswers();
      });

      await t.test("the mirror has one amd64 manifest for every image, with the reported digest", async () => {
        for (const [target, digest] of Object.entries(digestsOf(first.images))) {
          const [, name, tag] = /^[^/]+\/[^/]+\/([^:]+):(.+)$/.exec(target) ?? [];
          const found = await mirrored(name!, tag!);
          assert.equal(found.digest, digest, target);
          assert.match(found.mediaType, /manifest\.v[12]\+json$/, target);
          assert.equal(found.architecture, "amd64", target);
        }
      });

      await t.test("the compose file differs only in the lines that name an image", async () => {
        const written = await readFile(join(folder, "docker-compose-mirror.yaml"), "utf8");
        assert.deepEqual(changedLines(source, written), SHOP_LINES);
        assert.equal(await onServer(`cat '${ABSOLUTE_DIR}/docker-compose-mirror.yaml'`), written);
      });

      await t.test("no manifest and no layer of another architecture was read", async () => {
        const other = new Set(Object.values(IMAGES).map(({ platforms }) => platforms["linux/arm64"]));
        const read = contentReads(await requests("hub")).map(({ path }) => path.split("/").at(-1)!);
        assert.ok(read.length > SHOP_TARGETS.length);
        assert.deepEqual(
          read.filter((reference) => other.has(reference)),
          [],
        );
      });

      await t.test("a second run pulls nothing, pushes nothing, says so, and leaves the containers alone", async () => {
        const containers = await containerIds();
        await forgetRequests();
        const ran = await mirror();
        assert.equal(ran.code, 0, ran.stderr);
        const second = JSON.parse(ran.stdout) as MirrorReport;
        assert.deepEqual(new Set(second.images.map(({ status }) => status)), new Set(["present"]));
        assert.deepEqual(digestsOf(second.images), digestsOf(first.images));
        assert.match(ran.stderr, new RegExp(`\\b${SHOP_TARGETS.length} already there`));
        assert.deepEqual(contentReads(await requests("hub")), []);
        assert.deepEqual(writes(await requests("acr")), []);
        assert.equal(await containerIds(), containers);
      });

      if (engine === "docker") {
        await t.test("is deployed with docker compose v2 when the server has it", async () => {
          await stopServer();
          await withComposeV2(async () => {
            const ran = await asUser(script("deploy", ["--host", "server", "--dir", DIR, "--json"]), { cwd: folder });
            assert.equal(ran.code, 0, ran.stderr);
            const { compose, services } = JSON.parse(ran.stdout) as DeployReport;
            assert.match(compose.version, /^2\./);
            assert.deepEqual(
              services.map(({ name }) => name),
              SHOP.map(({ service }) => service).toSorted(),
            );
            await everyServiceAnswers();
          });
        });
      } else {
        await t.test("what is at the mirror is what the public registry has, to the byte", () => {
          const expected = SHOP.map(({ image, target }) => [target, IMAGES[image]!.platforms["linux/amd64"]]);
          assert.deepEqual(digestsOf(first.images), Object.fromEntries(expected));
        });
      }

      await t.test("no password is left in a file of the project, here or on the server", async () => {
        assert.equal(await must(["sh", "-c", findPassword(folder)]), "");
        assert.equal(await onServer(findPassword(ABSOLUTE_DIR)), "");
      });
    });
  });
}

/** The real `task`, called from the folder of the user's project. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { run } from "../../lib/system/process.ts";
import {
  answerOn,
  asUser,
  CHECKOUT,
  cleanSlate,
  forgetRequests,
  inFolder,
  type MirrorReport,
  requests,
  stopServer,
  TASK,
  writes,
} from "./bed.ts";
import { changedLines, layDify, laySmall, SMALL } from "./projects.ts";

const IN_TASKFILE = [TASK, "--taskfile", join(CHECKOUT, "Taskfile.yml")] as const;

before(cleanSlate);

test("task alone lists the tasks with what they do", async () => {
  const { code, stdout } = await run([TASK], { cwd: CHECKOUT, env: { NO_COLOR: "1" } });
  assert.equal(code, 0);
  for (const name of ["mirror", "images", "check", "pull", "push", "generate", "compose", "deploy", "status", "test"]) {
    assert.match(stdout, new RegExp(`^\\* ${name}: +\\S`, "m"));
  }
});

test("without task npm does the same, in the folder it is called in", async () => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    const ran = await asUser(["npm", "--prefix", CHECKOUT, "run", "--silent", "images", "--", "--json"], {
      cwd: folder,
    });
    assert.equal(ran.code, 0, ran.stderr);
    const rows = JSON.parse(ran.stdout) as readonly { readonly target: string }[];
    assert.deepEqual(rows.map(({ target }) => target).toSorted(), SMALL.map(({ target }) => target).toSorted());
  });
});

test("task and npm take a folder of any name, and files given from there", async () => {
  await inFolder(async (above) => {
    const folder = join(above, "$HOME $(id) & `it`'s");
    await mkdir(folder);
    await writeFile(join(folder, "compose.yaml"), "services:\n  web: { image: 'nginx:${TAG}' }\n");
    await writeFile(join(folder, "own.env"), "TAG=1.27\n");
    const flags = ["images", "--", "--json", "--env-file", "own.env"];
    for (const command of [
      [...IN_TASKFILE, ...flags],
      ["npm", "--prefix", CHECKOUT, "run", "--silent", ...flags],
    ] as const) {
      const ran = await asUser(command, { cwd: folder });
      assert.equal(ran.code, 0, ran.stderr);
      assert.equal((JSON.parse(ran.stdout) as readonly { readonly source: string }[])[0]?.source, "nginx:1.27");
    }
  });
});

test("task mirror deploys the project of the folder it is called in", async (t) => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    for (const args of [
      ["mirror", "--", "--engine", "docker", "--host", "server", "--dir", "~/a folder"],
      ["mirror", "HOST=server", "DIR=~/a folder"],
    ]) {
      await t.test(args.join(" "), async () => {
        await stopServer();
        const ran = await asUser([...IN_TASKFILE, ...args], { cwd: folder });
        assert.equal(ran.code, 0, ran.stderr);
        for (const { port, image } of SMALL) assert.equal(await answerOn(port), `${image} linux/amd64\n`);
      });
    }
  });
});

test("task refuses a variable that nothing reads, before anything is done", async () => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    await forgetRequests();
    for (const args of [
      ["DRY_RUN=1"],
      ["HOST=server", "JSON=true"],
      ["PATH=/bin"],
      ["it's=1"],
      ["HOST=server", "dry-run=1", "--", "--yes"],
    ]) {
      const { code, stderr } = await asUser([...IN_TASKFILE, "mirror", ...args], { cwd: folder });
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /error: task was given the variable "(?:DRY_RUN|JSON|PATH|it's|dry-run)", which nothing reads\n/,
      );
      assert.match(stderr, /hint: flags stand after --, as in task mirror -- --dry-run; the variables are HOST, DIR/);
    }
    // Flags before -- are task's own.
    for (const flag of ["--dry-run", "--json"]) {
      const { code } = await asUser([...IN_TASKFILE, "mirror", flag], { cwd: folder });
      assert.notEqual(code, 0, flag);
    }
    assert.deepEqual(await requests("acr"), []);
  });
});

test("task takes REGISTRY, NAMESPACE, FILE and PROFILE, and flags after --", async () => {
  await inFolder(async (folder) => {
    await writeFile(
      join(folder, "other.yaml"),
      "services:\n  a: { image: nginx }\n  b: { image: redis, profiles: [x] }\n  c: { image: alpine, profiles: [y] }\n",
    );
    const variables = ["FILE=other.yaml", "REGISTRY=own.example", "NAMESPACE=other", "PROFILE=x"];
    // The environment of the test names another registry: the command line beats it.
    const ran = await asUser([...IN_TASKFILE, "images", ...variables, "--", "--json"], { cwd: folder });
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(
      (JSON.parse(ran.stdout) as readonly { readonly target: string }[]).map(({ target }) => target),
      ["own.example/other/nginx:latest", "own.example/other/redis:latest"],
    );
    // Without PROFILE, that of the project's .env counts.
    await writeFile(join(folder, ".env"), "COMPOSE_PROFILES=y\n");
    const flags = ["FILE=other.yaml", "--", "--json", "--active-profiles"];
    const active = await asUser([...IN_TASKFILE, "images", ...flags], { cwd: folder });
    assert.deepEqual(
      (JSON.parse(active.stdout) as readonly { readonly source: string }[]).map(({ source }) => source),
      ["alpine", "nginx"],
    );
  });
});

test("a Taskfile that includes this one may have variables of its own", async () => {
  await inFolder(async (folder) => {
    await laySmall(folder);
    const included = `{ taskfile: ${join(CHECKOUT, "Taskfile.yml")}, flatten: true }`;
    await writeFile(
      join(folder, "Taskfile.yml"),
      `version: "3"\nvars: { OWN: mine }\nincludes:\n  mirror: ${included}\n`,
    );
    const ran = await asUser([TASK, "images", "--", "--json"], { cwd: folder });
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal((JSON.parse(ran.stdout) as readonly unknown[]).length, SMALL.length);
  });
});

test("task mirror mirrors the 27 images of Dify and changes the image lines alone", async () => {
  await cleanSlate();
  await inFolder(async (folder) => {
    const source = await layDify(folder);
    const ran = await asUser([...IN_TASKFILE, "mirror", "--", "--json"], { cwd: folder });
    assert.equal(ran.code, 0, ran.stderr);
    const { images, compose } = JSON.parse(ran.stdout) as MirrorReport;
    assert.equal(images.length, 27);
    assert.deepEqual(new Set(images.map(({ status }) => status)), new Set(["pushed"]));
    const tags = writes(await requests("acr")).filter(({ kind }) => kind === "manifest");
    assert.equal(tags.length, 27);

    const targets = new Map(images.map((image) => [image.source, image.target]));
    const changed = changedLines(source, await readFile(compose!, "utf8"));
    const named = source.split("\n").flatMap((line) => /^ +image: (\S+)$/.exec(line)?.[1] ?? []);
    assert.equal(named.length, 30);
    assert.deepEqual(
      changed,
      named
        .filter((image) => image !== "vastdata/vastbase-vector")
        .map((image) => [`image: ${image}`, `image: ${targets.get(image)}`]),
    );
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { LoadOptions } from "../../lib/compose/project.ts";
import { type Files, inFolder, loadFiles, loadFrom } from "../_helpers/compose-folder.ts";

const SERVICE = "services: { a: { image: x } }";
/** Where a project can name `trap`, which never ends or waits for ever. */
const PLACES: readonly (readonly [what: string, files: Files, options: Partial<LoadOptions>])[] = [
  ["the compose file", {}, { files: ["trap"] }],
  ["the env file", { "compose.yaml": SERVICE }, { envFiles: ["trap"] }],
  ["an included file", { "compose.yaml": `include: [trap]\n${SERVICE}` }, {}],
  [
    "the env file of an include",
    { "compose.yaml": "include: [{ path: in.yaml, env_file: trap }]", "in.yaml": SERVICE },
    {},
  ],
  ["an extended file", { "compose.yaml": "services: { a: { extends: { file: trap, service: a } } }" }, {}],
];
for (const [what, files, options] of PLACES) {
  test(`neither a FIFO nor a device is read: ${what}`, async () => {
    await inFolder(files, async (folder) => {
      const trap = join(folder, "trap");
      execFileSync("mkfifo", [trap]);
      await assert.rejects(loadFrom(folder, options), { code: "file-read", exit: 2, message: /FIFO/ });
      execFileSync("rm", [trap]);
      await symlink("/dev/zero", trap);
      await assert.rejects(loadFrom(folder, options), { code: "file-read", exit: 2, message: /device/ });
    });
  });
}

test("a .env that is a FIFO is refused as well", async () => {
  await inFolder({ "compose.yaml": SERVICE }, async (folder) => {
    execFileSync("mkfifo", [join(folder, ".env")]);
    await assert.rejects(loadFrom(folder), { code: "file-read", message: /FIFO/ });
  });
});

test("/dev/null as an env file stands for none, here and in an include", async () => {
  const files = {
    "compose.yaml": "include: [{ path: sub/in.yaml, env_file: /dev/null }]\nservices: { a: { image: 'x:${TAG:-1}' } }",
    "sub/in.yaml": "services: { b: { image: 'y:${TAG:-1}' } }",
    "sub/.env": "TAG=3\n",
    ".env": "TAG=2\n",
  };
  const { services, envFiles } = await loadFiles(files, { envFiles: ["/dev/null"] });
  assert.deepEqual(
    services.map(({ image }) => image),
    ["x:1", "y:1"],
  );
  assert.deepEqual(envFiles, ["/dev/null"]);
});

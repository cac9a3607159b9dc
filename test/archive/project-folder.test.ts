import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { envFileNames, folderFiles } from "../../lib/archive/project-folder.ts";
import { type Files, inFolder, loadFrom } from "../_helpers/compose-folder.ts";

const COMPOSE = `services:
  web:
    image: nginx
    env_file: web.env
    volumes: [ "./conf:/etc/conf", "./data:/var/lib/data", "/etc/hosts:/etc/hosts" ]
`;
const FILES: Files = {
  "compose.yaml": COMPOSE,
  ".env": "A=1\n",
  "web.env": "B=2\n",
  "conf/a.conf": "a\n",
  "secret.txt": "s\n",
};

test("what the project reads is carried, and nothing else of its folder", () =>
  inFolder(FILES, async (folder) => {
    const files = await folderFiles(await loadFrom(folder), []);
    assert.deepEqual(
      files.map(({ name }) => name),
      [".env", "compose.yaml", "conf/a.conf", "web.env"],
    );
    assert.equal(new TextDecoder().decode(await files[3]!.read()), "B=2\n");
    await writeFile(join(folder, "web.env"), "B=3\n");
    await assert.rejects(files[3]!.read(), { code: "archive-file-changed" });
  }));

test("what leads out of the project, and what is not there, is refused", async () => {
  await inFolder({ ...FILES, "web.env": "" }, async (folder) => {
    const link = join(folder, "conf/b.conf");
    await symlink("/etc/hostname", link);
    await assert.rejects(folderFiles(await loadFrom(folder), []), { code: "ship-link" });
    assert.equal((await folderFiles(await loadFrom(folder), ["/etc"])).length, 5);
  });
  const { "web.env": _, ...lacking } = FILES;
  await inFolder(lacking, async (folder) => {
    await assert.rejects(folderFiles(await loadFrom(folder), []), { code: "archive-file-missing" });
  });
  await inFolder(
    { "p/compose.yaml": "services: { a: { image: b } }\n", "base.yaml": "services: {}\n" },
    async (folder) => {
      const project = await loadFrom(join(folder, "p"), { files: ["compose.yaml", "../base.yaml"] });
      await assert.rejects(folderFiles(project, []), { code: "ship-outside" });
    },
  );
});

test("env files go by their names in the folder", () => {
  const options = { cwd: "/p/sub", files: [], envFiles: ["../a.env"], profiles: [], environment: {} };
  assert.deepEqual(envFileNames({ folder: "/p" }, options), ["a.env"]);
  assert.throws(() => envFileNames({ folder: "/p/sub" }, options), { code: "ship-outside" });
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { madeFile } from "../../lib/archive/project-folder.ts";
import { refuseOthers, unpack } from "../../lib/archive/unpack.ts";

const FILES = [madeFile("compose.yaml", "services: {}\n", 0o644), madeFile("conf/a.env", "A=1\n", 0o600)];

async function inTemporary(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "unpack-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("files get their places and modes", () =>
  inTemporary(async (parent) => {
    const folder = join(parent, "new");
    await refuseOthers(FILES, folder);
    await unpack(FILES, folder);
    assert.equal(await readFile(join(folder, "conf/a.env"), "utf8"), "A=1\n");
    assert.equal((await stat(join(folder, "conf/a.env"))).mode & 0o777, 0o600);
    await refuseOthers(FILES, folder);
  }));

test("other content is not replaced unasked", () =>
  inTemporary(async (folder) => {
    await writeFile(join(folder, "compose.yaml"), "services: { mine: {} }\n");
    await mkdir(join(folder, "conf/a.env"), { recursive: true });
    await assert.rejects(refuseOthers(FILES, folder), {
      code: "archive-folder-taken",
      values: { files: ["compose.yaml", "conf/a.env"], folder },
    });
  }));

test("nothing is written through a link that leads elsewhere", () =>
  inTemporary(async (parent) => {
    const [folder, elsewhere] = [join(parent, "into"), join(parent, "elsewhere")];
    await mkdir(folder);
    await mkdir(elsewhere);
    await symlink(elsewhere, join(folder, "conf"));
    await assert.rejects(unpack(FILES, folder), { code: "ship-link" });
  }));

import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { closureOf, type NeededFile, unlabelledBinds } from "../../../lib/deploy/files/project-files.ts";
import { type Files, inFolder, loadFiles, loadFrom } from "../../_helpers/compose-folder.ts";

function closure(files: Files): Promise<readonly NeededFile[]> {
  return inFolder(files, async (folder) => {
    const options = { cwd: folder, files: [], envFiles: [], profiles: [], environment: {} };
    return closureOf(await loadFrom(folder), options);
  });
}

/** `NAME: SERVICES`, with `!` for a file that must be somewhere and `?` for one that is not here. */
async function shown(files: Files): Promise<readonly string[]> {
  return (await closure(files)).map(
    ({ name, services, required, content }) =>
      `${name}${required ? "!" : ""}${content === undefined ? "?" : ""}: ${services.join(" ")}`,
  );
}

const web = (attributes: string): string => `services:\n  web:\n    image: x\n${attributes}`;

test("env files, in every form", async () => {
  const compose = web(
    "    env_file:\n      - a.env\n      - path: ./deep/b.env\n      - { path: c.env, required: false }\n      - { path: d.env }\n",
  );
  assert.deepEqual(await shown({ "compose.yaml": compose, "a.env": "", "deep/b.env": "", ".env": "" }), [
    ".env!: ",
    "a.env!: web",
    "d.env!?: web",
    "deep/b.env!: web",
  ]);
  assert.deepEqual(await shown({ "compose.yaml": web("    env_file: one.env\n"), "one.env": "" }), ["one.env!: web"]);
});

test("configs and secrets that a service uses", async () => {
  const compose = `${web("    secrets: [key, { source: other }]\n    configs: [web]\n")}
secrets:
  key: { file: ./key.txt }
  other: { file: other.txt }
  unused: { file: unused.txt }
  vault: { external: true }
configs:
  web:
    file: \${CONFIG:-web.conf}
`;
  const files = { "compose.yaml": compose, "key.txt": "", "other.txt": "", "web.conf": "" };
  assert.deepEqual(await shown(files), ["key.txt!: web", "other.txt!: web", "web.conf!: web"]);
});

test("mounted files are sent, in both forms; the host's own paths and named volumes are not", async () => {
  const compose = web(`    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
      - type: bind
        source: ./run.sh
        target: /run.sh
      - type: volume
        source: ./looks-like.conf
        target: /x
      - data:/data
      - /etc/localtime:/etc/localtime
      - ~/x.conf:/x.conf
      - /anonymous
      - \${MISSING:-./gone.conf}:/gone.conf
volumes: { data: {} }
`);
  assert.deepEqual(await shown({ "compose.yaml": compose, "nginx.conf": "", "run.sh": "" }), [
    "gone.conf!?: web",
    "nginx.conf!: web",
    "run.sh!: web",
  ]);
});

test("a mounted folder is configuration when it is small and all text, else data", async () => {
  const compose = web(`    volumes:
      - ./conf.d:/etc/conf.d
      - ./db:/var/lib/db
      - ./large:/large
      - ./new:/var/lib/new
      - .:/all
      - { type: bind, source: ./strict, target: /strict, bind: { create_host_path: false } }
`);
  const files = {
    "compose.yaml": compose,
    "conf.d/a.conf": "a",
    "conf.d/deep/b": "b",
    "db/ibdata": new Uint8Array([1, 0, 2]),
    "db/notes.txt": "text",
    "large/text": "x".repeat((1 << 20) + 1),
  };
  assert.deepEqual(await shown(files), ["conf.d/a.conf: web", "conf.d/deep/b: web", "strict!?: web"]);
});

test("a file of several services, and one above the project's folder", async () => {
  const compose = `services:
  a: { image: x, volumes: ["./c.conf:/c.conf"] }
  b: { image: x, volumes: ["./c.conf:/d.conf", "../above.conf:/e.conf"] }
`;
  const found = await inFolder({ "p/compose.yaml": compose, "p/c.conf": "one\n", "above.conf": "" }, async (folder) => {
    const cwd = join(folder, "p");
    await chmod(join(cwd, "c.conf"), 0o600);
    const options = { cwd, files: [], envFiles: [], profiles: [], environment: {} };
    return closureOf(await loadFrom(cwd), options);
  });
  assert.deepEqual(
    found.map(({ name, services, mounted, content }) => [name, services, mounted, content?.mode, content?.size]),
    [
      ["../above.conf", ["b"], true, 0o644, 0],
      ["c.conf", ["a", "b"], true, 0o600, 4],
    ],
  );
});

test("what an extended file names is sent when it is there and not asked for when it is not", async () => {
  const files = {
    "compose.yaml": "services:\n  web: { image: x, extends: { file: base/b.yaml, service: base } }\n",
    "base/b.yaml":
      "services:\n  base: { env_file: [here.env, gone.env] }\n  other: { image: y, env_file: other.env }\n",
    "base/here.env": "",
  };
  assert.deepEqual(await shown(files), ["base/here.env!: "]);
});

test("mounts without a label for SELinux are found", async () => {
  const compose = web(`    volumes:
      - ./a:/a
      - ./b:/b:ro,z
      - ./c:/c:Z
      - ./d:/d:ro
      - data:/e
      - /etc/localtime:/etc/localtime
      - { type: bind, source: ./f, target: /f }
      - { type: bind, source: ./g, target: /g, bind: { selinux: z } }
volumes: { data: {} }
`);
  assert.deepEqual(unlabelledBinds(await loadFiles({ "compose.yaml": compose })), ["./a", "./d", "./f"]);
});

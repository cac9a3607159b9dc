import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type NeededFile, projectFiles, unlabelledBinds } from "../../../lib/deploy/files/project-files.ts";
import type { LoadOptions } from "../../../lib/compose/project.ts";
import { type Files, inFolder, loadFiles, loadFrom } from "../../_helpers/compose-folder.ts";

function needed(files: Files, options: Partial<LoadOptions> = {}): Promise<readonly NeededFile[]> {
  return inFolder(files, async (folder) => projectFiles(await loadFrom(folder, options)));
}

/** `NAME: SERVICES`, with `!` for a file that must be somewhere and `?` for one that is not here. */
async function shown(files: Files, options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
  return (await needed(files, options)).map(
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
    return projectFiles(await loadFrom(cwd));
  });
  assert.deepEqual(
    found.map(({ name, services, mounted, content }) => [name, services, mounted, content?.mode, content?.size]),
    [
      ["../above.conf", ["b"], true, 0o644, 0],
      ["c.conf", ["a", "b"], true, 0o600, 4],
    ],
  );
});

/** What the real docker compose needs beside the compose files that it is given. */
const MERGED: readonly (readonly [what: string, files: Files, needed: readonly string[]])[] = [
  [
    "an extended file, and only what the extending service takes from it",
    {
      "compose.yaml": "services:\n  web: { extends: { file: base/b.yaml, service: base } }\n",
      "base/b.yaml":
        "services:\n  base: { image: x, env_file: [here.env, gone.env] }\n  other: { image: y, env_file: other.env }\n",
      "base/here.env": "",
    },
    ["base/b.yaml!: ", "base/gone.env!?: web", "base/here.env!: web"],
  ],
  [
    "included files, short and long, with their env files",
    {
      "compose.yaml": "include:\n  - api/in.yaml\n  - { path: [db/one.yaml, db/two.yaml], env_file: db.env }\n",
      "api/in.yaml": "services:\n  api: { image: x, volumes: ['./api.conf:/c'] }\n",
      "api/api.conf": "",
      "api/.env": "A=1\n",
      "db/one.yaml": "services:\n  db: { image: x, env_file: own.env }\n",
      "db/two.yaml": "services:\n  db: { command: [run] }\n",
      "db/own.env": "",
      "db.env": "B=1\n",
    },
    [
      "api/.env!: ",
      "api/api.conf!: api",
      "api/in.yaml!: ",
      "db.env!: ",
      "db/one.yaml!: ",
      "db/own.env!: db",
      "db/two.yaml!: ",
    ],
  ],
  [
    "paths of an include relative to its project directory",
    {
      "compose.yaml": "include:\n  - { path: parts/api.yaml, project_directory: . }\n",
      "parts/api.yaml": "services:\n  api: { image: x, volumes: ['./settings/api.ini:/etc/api.ini'] }\n",
      "settings/api.ini": "",
    },
    ["parts/api.yaml!: ", "settings/api.ini!: api"],
  ],
  [
    "nothing of what an override resets",
    {
      "compose.yaml": "services:\n  web: { image: x, env_file: dev.env, volumes: ['./dev.ini:/etc/web.ini'] }\n",
      "compose.override.yaml": "services:\n  web:\n    env_file: !reset []\n    volumes: !reset []\n",
    },
    [],
  ],
  [
    "the last mount of a target alone",
    {
      "compose.yaml": "services:\n  web: { image: x, volumes: ['./dev.ini:/etc/web.ini'] }\n",
      "compose.override.yaml":
        "services:\n  web: { volumes: [{ type: bind, source: prod.ini, target: /etc/web.ini }] }\n",
      "prod.ini": "",
    },
    ["prod.ini!: web"],
  ],
  [
    "a secret that one file grants and another defines",
    {
      "compose.yaml": "services:\n  web: { image: x, secrets: [key] }\n",
      "compose.override.yaml": "secrets: { key: { file: ./key.txt } }\n",
      "key.txt": "",
    },
    ["key.txt!: web"],
  ],
  [
    "label files, files of hooks and builds, and a volume that a folder is bound to",
    {
      "compose.yaml": `services:
  web:
    image: x
    build: { context: ., secrets: [token] }
    label_file: web.labels
    pre_start: [{ image: y, env_file: hook.env, volumes: ["./hook.sh:/hook.sh"] }]
    volumes: ["conf:/etc/conf"]
volumes: { conf: { driver: local, driver_opts: { type: none, o: bind, device: ./conf.d } } }
secrets: { token: { file: token.txt } }
`,
      "web.labels": "a=b",
      "hook.env": "",
      "hook.sh": "",
      "conf.d/a.ini": "",
      "token.txt": "",
    },
    ["conf.d/a.ini: web", "hook.env!: web", "hook.sh!: web", "token.txt!: web", "web.labels!: web"],
  ],
];
for (const [what, files, wanted] of MERGED) {
  test(`what is needed is what compose merges: ${what}`, async () => {
    assert.deepEqual(await shown(files), wanted);
  });
}

test("paths follow the variables that the project is loaded with", async () => {
  const files = {
    "compose.yaml": web("    volumes:\n      - ./conf/${FLAVOUR}.conf:/web.conf\n"),
    ".env": "FLAVOUR=dev\n",
    "conf/dev.conf": "",
    "conf/prod.conf": "",
  };
  assert.deepEqual(await shown(files), [".env!: ", "conf/dev.conf!: web"]);
  assert.ok((await shown(files, { environment: { FLAVOUR: "prod" } })).includes("conf/prod.conf!: web"));
});

/** Links of a project that lead out of it, and what mounts them. */
const LINKS: readonly (readonly [what: string, link: string, target: string, attributes: string])[] = [
  ["a mounted file", "settings.conf", "key", "volumes: ['./settings.conf:/s.conf']"],
  ["a mounted folder", "conf", ".", "volumes: ['./conf:/conf']"],
  ["a link in a mounted folder", "conf/inner", "key", "volumes: ['./conf:/conf']"],
  ["a linked parent", "sub", ".", "volumes: ['./sub/key:/key.txt']"],
  ["an env file", "web.env", "key", "env_file: web.env"],
  ["a secret", "secret.txt", "key", "secrets: [s]"],
];
for (const [what, link, target, attributes] of LINKS) {
  test(`a link that leads out of the project is not read: ${what}`, async () => {
    const compose = `services:\n  web: { image: x, ${attributes} }\nsecrets: { s: { file: secret.txt } }\n`;
    await inFolder({ "p/compose.yaml": compose, "home/key": "private" }, async (folder) => {
      const [project, home] = [join(folder, "p"), join(folder, "home")];
      if (link.includes("/")) await mkdir(join(project, "conf"));
      await symlink(join(home, target), join(project, link));
      const loaded = await loadFrom(project);
      const [file, ...others] = await projectFiles(loaded);
      assert.deepEqual(others, []);
      assert.equal(file!.content, undefined);
      assert.deepEqual(file!.stray, { link: join(project, link), target: join(home, "key") });
      const [allowed] = await projectFiles(loaded, { allowPaths: [home] });
      assert.equal(allowed!.stray, undefined);
      assert.equal(allowed!.content?.size, 7);
    });
  });
}

test("links within the project are its own, also when its folder is one; data behind a link is not asked for", async () => {
  await inFolder({ "real/compose.yaml": "", "disk/db/file": new Uint8Array([0]) }, async (folder) => {
    const [real, project] = [join(folder, "real"), join(folder, "link")];
    await writeFile(
      join(real, "compose.yaml"),
      "services:\n  web: { image: x, volumes: ['./a.conf:/a.conf', './data:/d'] }\n",
    );
    await writeFile(join(real, "b.conf"), "b");
    await symlink("b.conf", join(real, "a.conf"));
    await symlink(join(folder, "disk/db"), join(real, "data"));
    await symlink(real, project);
    const files = await projectFiles(await loadFrom(project));
    assert.deepEqual(
      files.map(({ name, content, stray }) => [name, content?.size, stray]),
      [["a.conf", 1, undefined]],
    );
  });
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

test("a FIFO and a socket are named as what they are, and are never sent", async () => {
  const compose = web("    volumes: [./pipe:/pipe, ./app.sock:/app.sock]\n    env_file: pipe\n");
  await inFolder({ "compose.yaml": compose }, async (folder) => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const server = createServer().listen(join(folder, "app.sock"));
    await once(server, "listening");
    const found = await projectFiles(await loadFrom(folder));
    server.close();
    assert.deepEqual(
      found.map(({ name, special, content, required }) => [name, special?.code, content, required]),
      [
        ["app.sock", "file-is-socket", undefined, true],
        ["pipe", "file-is-fifo", undefined, true],
      ],
    );
  });
});

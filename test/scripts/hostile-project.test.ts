/**
 * A project that was made to send what is not its own, or to have something run: every attempt, what comes of it, and
 * that nothing but the files named here ever reaches the host.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fakeHost } from "../_helpers/fake-host.ts";
import { runScript } from "../_helpers/run-script.ts";

const PRIVATE = "private-key-of-the-user";
const PASSWORD = "s3cret-word";
const MIRROR_FILE = "docker-compose-mirror.yaml";

interface Attempt {
  /** Attributes of the only service, as YAML of one line. */
  readonly service?: string;
  /** The image in the mirror compose file. */
  readonly image?: string;
  /** Further lines of the compose files. */
  readonly more?: string;
  /** Files of the project; `-> PATH` is a link. OUTSIDE is a folder with private files, beside the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** The project is deployed from a link to its folder. */
  readonly linked?: true;
  /** Makes what no text can be. */
  readonly make?: (folder: string) => Promise<(() => void) | void>;
  readonly code: number;
  readonly says: RegExp;
  /** What lies in the host's folder in the end, besides the mirror compose file. */
  readonly sent?: readonly string[];
}

const refused = (says: RegExp) => ({ code: 2, says });
const OUT = /leads out of the project/;
const RECORDS = /keeps its own records in "\.compose-mirror"/;
const ABOVE = /lies outside the project/;

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  "a mounted file that is a link": {
    service: "volumes: ['./id:/id']",
    files: { id: "-> OUTSIDE/id" },
    ...refused(OUT),
  },
  "a mounted folder that is a link": {
    service: "volumes: ['./keys:/keys']",
    files: { keys: "-> OUTSIDE" },
    ...refused(OUT),
  },
  "a link inside a mounted folder": {
    service: "volumes: ['./conf:/conf']",
    files: { "conf/a.conf": "a", "conf/id": "-> OUTSIDE/id" },
    ...refused(OUT),
  },
  "a link to a link": {
    service: "volumes: ['./one:/id']",
    files: { one: "-> two", two: "-> OUTSIDE/id" },
    ...refused(OUT),
  },
  "a file behind a linked folder": {
    service: "volumes: ['./keys/id:/id']",
    files: { keys: "-> OUTSIDE" },
    ...refused(OUT),
  },
  "a config": {
    service: "configs: [c]",
    more: "configs: { c: { file: ./c.txt } }",
    files: { "c.txt": "-> OUTSIDE/id" },
    ...refused(OUT),
  },
  "a secret": {
    service: "secrets: [s]",
    more: "secrets: { s: { file: ./s.txt } }",
    files: { "s.txt": "-> OUTSIDE/id" },
    ...refused(OUT),
  },
  "an env file": { service: "env_file: ./web.env", files: { "web.env": "-> OUTSIDE/web.env" }, ...refused(OUT) },
  "the project's .env": { files: { ".env": "-> OUTSIDE/web.env" }, ...refused(OUT) },
  "the mirror compose file itself": { files: { [MIRROR_FILE]: "-> OUTSIDE/compose.yaml" }, ...refused(OUT) },
  "an extended file": {
    service: "extends: { file: base.yaml, service: base }",
    files: { "base.yaml": "-> OUTSIDE/base.yaml" },
    ...refused(OUT),
  },
  "an included file": { more: "include: [inc.yaml]", files: { "inc.yaml": "-> OUTSIDE/base.yaml" }, ...refused(OUT) },
  "the process's own environment": {
    service: "volumes: ['./environ:/environ']",
    files: { environ: "-> /proc/self/environ" },
    ...refused(OUT),
  },
  "the settings with the password, by name": {
    service: "env_file: ./mirror.env",
    files: { "mirror.env": `MIRROR_PASSWORD=${PRIVATE}\nMIRROR_USERNAME=u\n` },
    ...refused(/will not send ".*mirror\.env"/),
  },
  "the settings with the password, by a link": {
    service: "volumes: ['./web.conf:/web.conf']",
    files: { "web.conf": "-> mirror.env", "mirror.env": `MIRROR_PASSWORD=${PRIVATE}\nMIRROR_USERNAME=u\n` },
    ...refused(/will not send ".*web\.conf"/),
  },
  "a path above the project": {
    service: "volumes: ['../outside/id:/id']",
    ...refused(/lies outside the project/),
  },
  "a path above the project that goes down first": {
    service: "volumes: ['./conf/../../outside/id:/id']",
    files: { "conf/a.conf": "a" },
    ...refused(ABOVE),
  },
  "a folder above the project": { service: "volumes: ['..:/all']", code: 0, says: /web/ },
  "the project's whole folder": { service: "volumes: ['.:/all']", files: { "a.conf": "a" }, code: 0, says: /web/ },
  "an env file above the project": { service: "env_file: ../outside/web.env", ...refused(ABOVE) },
  "a long env file above the project": {
    service: "env_file: [{ path: ../outside/web.env, required: false }]",
    ...refused(ABOVE),
  },
  "a file of labels above the project": { service: "label_file: ../outside/web.env", ...refused(ABOVE) },
  "a config above the project": {
    service: "configs: [c]",
    more: "configs: { c: { file: ../outside/id } }",
    ...refused(ABOVE),
  },
  "a secret above the project": {
    service: "secrets: [s]",
    more: "secrets: { s: { file: ../outside/id } }",
    ...refused(ABOVE),
  },
  "a volume bound to a folder above the project": {
    service: "volumes: ['v:/v']",
    more: "volumes: { v: { driver: local, driver_opts: { type: none, o: bind, device: ../outside/id } } }",
    ...refused(ABOVE),
  },
  "a volume bound to a link": {
    service: "volumes: ['v:/v']",
    more: "volumes: { v: { driver: local, driver_opts: { type: none, o: bind, device: ./keys } } }",
    files: { keys: "-> OUTSIDE" },
    ...refused(OUT),
  },
  "an extended file above the project": {
    service: "extends: { file: ../outside/base.yaml, service: base }",
    ...refused(ABOVE),
  },
  "an included file above the project": { more: "include: [../outside/base.yaml]", ...refused(ABOVE) },
  "the env file of an included file": {
    more: "include: [{ path: inc.yaml, env_file: ../outside/web.env }]",
    files: { "inc.yaml": 'services: { inc: { image: "r.example/team/nginx:1" } }' },
    ...refused(ABOVE),
  },
  "an included project in a folder that is a link": {
    more: "include: [{ path: inc.yaml, project_directory: ./sub }]",
    files: {
      sub: "-> OUTSIDE",
      "inc.yaml": 'services: { inc: { image: "r.example/team/nginx:1", volumes: ["./id:/id"] } }',
    },
    ...refused(OUT),
  },
  "a path that a variable leads out": {
    service: "volumes: ['./${WHERE}/id:/id']",
    files: { ".env": "WHERE=../outside\n" },
    ...refused(ABOVE),
  },
  "compose files that the .env names": {
    files: { ".env": "COMPOSE_FILE=../outside/compose.yaml\n" },
    ...refused(/outside\/docker-compose-mirror\.yaml/),
  },
  "a build whose context is above the project": {
    service: "build: ../outside, pull_policy: build",
    ...refused(/its folder "\.\.\/outside" is not in/),
  },
  "a build whose context is a link": {
    service: "build: ./ctx, pull_policy: build",
    files: { ctx: "-> OUTSIDE" },
    ...refused(/its folder "ctx" is not in/),
  },
  "the project's folder is itself behind a link": {
    service: "volumes: ['./a.conf:/a', './id:/id']",
    files: { "a.conf": "a", id: "-> OUTSIDE/id" },
    linked: true,
    ...refused(OUT),
  },
  "the project's folder behind a link sends its own files": {
    service: "volumes: ['./a.conf:/a', './b.conf:/b']",
    files: { "a.conf": "a", "b.conf": "-> a.conf" },
    linked: true,
    code: 0,
    says: /web/,
    sent: ["a.conf", "b.conf"],
  },
  "links in a circle": {
    service: "volumes: ['./one:/one']",
    files: { one: "-> two", two: "-> one" },
    ...refused(/cannot read .*one.*ELOOP/),
  },
  "a link to nothing": {
    service: "volumes: ['./a.conf:/a']",
    files: { "a.conf": "-> OUTSIDE/gone" },
    ...refused(/a\.conf".*neither here nor/),
  },
  "a secret of the user's environment": {
    service: "secrets: [s], environment: [CANARY]",
    more: "secrets: { s: { environment: CANARY } }",
    code: 0,
    says: /web/,
  },
  "a value of the user's environment": { service: 'labels: ["x=${CANARY:-}"]', code: 0, says: /web/ },
  "an absolute path is the host's own": {
    service: "volumes: ['OUTSIDE/id:/id']",
    code: 0,
    says: /web/,
  },
  "a path below the home is the host's own": { service: "volumes: ['~/.ssh/id_rsa:/id']", code: 0, says: /web/ },
  "a FIFO": {
    service: "volumes: ['./pipe:/pipe']",
    make: async (folder) => void execFileSync("mkfifo", [join(folder, "pipe")]),
    ...refused(/pipe".*FIFO/),
  },
  "a FIFO as .env": {
    make: async (folder) => void execFileSync("mkfifo", [join(folder, ".env")]),
    ...refused(/\.env/),
  },
  "a socket": {
    service: "volumes: ['./socket:/socket']",
    make: async (folder) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(folder, "socket"), resolve));
      return () => void server.close();
    },
    ...refused(/socket/),
  },
  "a device as env file is the host's own": { service: "env_file: /dev/zero", code: 0, says: /web/ },
  "a device as included file": { more: "include: [/dev/zero]", ...refused(/\/dev\/zero/) },
  "a file that is larger than any configuration": {
    service: "volumes: ['./huge.conf:/huge.conf']",
    make: async (folder) => {
      writeFileSync(join(folder, "huge.conf"), "");
      truncateSync(join(folder, "huge.conf"), (64 << 20) + 1);
    },
    ...refused(/huge\.conf.*more than 67/),
  },
  "a name with a line break": {
    service: String.raw`volumes: ["./a\n../outside/id:/a"]`,
    files: { "a\n../outside/id": "a", "b.conf": "b" },
    ...refused(/its name has control characters/),
  },
  "a name with control characters of a terminal": {
    service: String.raw`volumes: ["./\e]0;x\a.conf:/a"]`,
    files: { "\u001B]0;x\u0007.conf": "a" },
    ...refused(/its name has control characters/),
  },
  "a name of control characters inside a mounted folder": {
    service: "volumes: ['./conf:/conf']",
    files: { "conf/a.conf": "a", "conf/\u001B]0;x\u0007": "a" },
    code: 0,
    says: /web/,
  },
  "names in the folder that is kept for releases": {
    service: "volumes: ['./.compose-mirror/lock:/a']",
    files: { ".compose-mirror/lock": "a" },
    ...refused(RECORDS),
  },
  "a forged release in it": {
    service: "volumes: ['./.compose-mirror:/a']",
    files: {
      ".compose-mirror/current": "20200101-000000-aaaa",
      ".compose-mirror/releases/20200101-000000-aaaa/release.json": "{}",
    },
    ...refused(RECORDS),
  },
  "an included file in it": {
    more: "include: [./conf/../.compose-mirror/inc.yaml]",
    files: { "conf/a": "a", ".compose-mirror/inc.yaml": 'services: { inc: { image: "r.example/team/nginx:1" } }' },
    ...refused(RECORDS),
  },
  "a name that a shell would run": {
    service: String.raw`volumes: ["./$$(touch pwned);'\"&.conf:/a"]`,
    files: { "$(touch pwned);'\"&.conf": "a" },
    code: 0,
    says: /web/,
    sent: ["$(touch pwned);'\"&.conf"],
  },
  "a name that looks like a flag": {
    service: "volumes: ['./-rf:/a', './--checkpoint-action=exec=sh:/b']",
    files: { "-rf": "a", "--checkpoint-action=exec=sh": "b" },
    code: 0,
    says: /web/,
    sent: ["--checkpoint-action=exec=sh", "-rf"],
  },
  "an image of another registry gets no password": {
    image: "evil.example/team/nginx:1",
    code: 0,
    says: /warning: .*evil\.example, which is not the mirror registry/,
  },
};

/** Every file below `folder`, by its path in it. */
function filesIn(folder: string, below = ""): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = join(below, entry.name);
    return entry.isDirectory() ? filesIn(folder, name) : [name];
  });
}

for (const [
  what,
  { service = "", image = "r.example/team/nginx:1", more = "", files = {}, make, linked, code, says, sent = [] },
] of Object.entries(ATTEMPTS)) {
  test(`a hostile project: ${what}`, async () => {
    const root = mkdtempSync(join(tmpdir(), "hostile-"));
    const outside = join(root, "outside");
    const folder = join(root, "project");
    const host = fakeHost();
    let end: (() => void) | void = undefined;
    try {
      mkdirSync(outside);
      mkdirSync(folder);
      writeFileSync(join(outside, "id"), PRIVATE);
      writeFileSync(join(outside, "web.env"), `KEY=${PRIVATE}\n`);
      const compose = (name: string): string =>
        `services:\n  web: { image: "${name}"${service === "" ? "" : `, ${service}`} }\n${more}\n`.replaceAll(
          "OUTSIDE",
          outside,
        );
      writeFileSync(join(outside, "base.yaml"), `services:\n  base: { image: nginx:1, labels: [${PRIVATE}] }\n`);
      writeFileSync(join(outside, "compose.yaml"), `${compose(image)}# ${PRIVATE}\n`);
      const all = { "compose.yaml": compose("nginx:1"), [MIRROR_FILE]: compose(image), ...files };
      for (const [name, text] of Object.entries(all)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        if (text.startsWith("-> ")) symlinkSync(text.slice(3).replaceAll("OUTSIDE", outside), join(folder, name));
        else writeFileSync(join(folder, name), text, { mode: name === "mirror.env" ? 0o600 : 0o644 });
      }
      end = await make?.(folder);
      const env = {
        ...host.environment,
        MIRROR_REGISTRY: "r.example",
        MIRROR_NAMESPACE: "team",
        MIRROR_USERNAME: "team",
        MIRROR_PASSWORD: PASSWORD,
        MIRROR_PLATFORM: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
        CANARY: PRIVATE,
        LC_ALL: "C",
      };
      if (linked) symlinkSync(folder, join(root, "link"));
      const cwd = linked ? join(root, "link") : folder;
      const ran = await runScript("deploy", ["--host", "box", "--dir", "app"], { cwd, env });
      const said = ran.stdout + ran.stderr;
      assert.equal(ran.code, code, said);
      assert.match(said, says);

      const found = filesIn(host.home).filter((name) => !name.includes(".compose-mirror/"));
      const expected = code === 0 ? [MIRROR_FILE, ...sent] : [];
      assert.deepEqual(found.toSorted(), expected.map((name) => join("app", name)).toSorted());
      const everything = filesIn(host.home).map((name) => readFileSync(join(host.home, name), "utf8"));
      for (const text of [...everything, said, ...host.sshCalls(), ...host.calls()]) {
        assert.ok(!text.includes(PRIVATE), text);
        assert.ok(!text.includes(PASSWORD), text);
        // oxlint-disable-next-line no-control-regex
        if (text === said) assert.doesNotMatch(text, /[\u0000-\u0008\u000E-\u001F\u007F]/);
      }
      const logins = host.calls().filter((call) => call.includes("<login>"));
      for (const login of logins) assert.match(login, /<r\.example>/);
    } finally {
      end?.();
      host.remove();
      rmSync(root, { recursive: true, force: true });
    }
  });
}

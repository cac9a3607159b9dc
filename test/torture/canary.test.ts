/**
 * No password is shown: it is planted wherever one can come from, every command runs well and into every fault, and what
 * is left is searched. A new place, command or fault is a row of one of the tables.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ran, run } from "../../lib/system/process.ts";
import { type FakeHost, fakeHost } from "../_helpers/fake-host.ts";
import { noise, putImage } from "../_helpers/registry-images.ts";
import { type RegistryServer, registryServer, type RegistryServerOptions } from "../_helpers/registry-server.ts";
import { leakIn, leaksBelow, PASSWORD, USER, watchProcesses } from "./canary.ts";

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const IS_DENO = "Deno" in globalThis;
const RUNTIME = IS_DENO ? ["run", "-A", "--no-check"] : ["--import", import.meta.resolve("tsx")];
const LOGIN = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
const URL_LOGIN = `${USER}:${encodeURIComponent(PASSWORD)}`;

/** The tool in a folder of its own, so that a row can give it a `.env`. */
const tool = realpathSync(mkdtempSync(join(tmpdir(), "canary-tool-")));
for (const name of ["lib", "scripts", "package.json", "ignore-images.txt"])
  cpSync(join(REPOSITORY, name), join(tool, name), { recursive: true });
symlinkSync(join(REPOSITORY, "node_modules"), join(tool, "node_modules"));
after(() => rmSync(tool, { recursive: true, force: true }));

interface Scene {
  /** Holds the project, the home, the store and temporary files. */
  readonly root: string;
  readonly folder: string;
  readonly home: string;
  readonly host: FakeHost;
  /** The registry that is mirrored to. */
  readonly target: RegistryServer;
  /** The one that docker.io is read from. */
  readonly source: RegistryServer;
  readonly env: Record<string, string>;
  /** Files that hold the password because this test put it there. */
  readonly planted: Set<string>;
}

function plant({ planted }: Scene, path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o700 });
  planted.add(path);
}

function dockerConfig(scene: Scene, config: object): void {
  plant(scene, join(scene.home, ".docker", "config.json"), JSON.stringify(config));
}

/** In an env file, as compose reads it. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"$]/g, "\\$&")}"`;
}

/** Where a secret comes from. */
const PLACES: readonly (readonly [name: string, plant: (scene: Scene) => void])[] = [
  ["MIRROR_PASSWORD", ({ env }) => Object.assign(env, { MIRROR_USERNAME: USER, MIRROR_PASSWORD: PASSWORD })],
  [
    "the tool's .env",
    (scene) => plant(scene, join(tool, ".env"), `MIRROR_USERNAME=${USER}\nMIRROR_PASSWORD=${quoted(PASSWORD)}\n`),
  ],
  [
    "docker's auths, also for a source mirror",
    (scene) =>
      dockerConfig(scene, { auths: { [scene.target.host]: { auth: LOGIN }, [scene.source.host]: { auth: LOGIN } } }),
  ],
  [
    "a credential helper",
    (scene) => {
      dockerConfig(scene, { credsStore: "canary" });
      const answer = JSON.stringify({ ServerURL: "x", Username: USER, Secret: PASSWORD });
      plant(scene, join(scene.home, "bin", "docker-credential-canary"), `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
    },
  ],
  [
    "a credential helper that fails and says all",
    (scene) => {
      dockerConfig(scene, { credsStore: "canary" });
      const answer = JSON.stringify({ Username: USER, Secret: PASSWORD });
      const text = `#!/bin/sh\ncat <<'END' | tee /dev/stderr\n${answer}\nEND\nexit 1\n`;
      plant(scene, join(scene.home, "bin", "docker-credential-canary"), text);
    },
  ],
  [
    "an identity token",
    (scene) => dockerConfig(scene, { auths: { [scene.target.host]: { identitytoken: PASSWORD } } }),
  ],
  [
    "a broken file of logins",
    (scene) => plant(scene, join(scene.home, ".docker", "config.json"), `{"auths": ${PASSWORD}}`),
  ],
];

/** What every run has besides: they get in nobody's way. */
function plantEverywhere(scene: Scene): void {
  const { env, folder, host } = scene;
  Object.assign(env, { HTTP_PROXY: `http://${URL_LOGIN}@127.0.0.1:9` });
  // values of the project and of the host, which compose fills in
  plant(scene, join(folder, ".env"), `DB_PASSWORD=${quoted(PASSWORD)}\n`);
  plant(scene, join(host.home, "app", ".env"), `DB_PASSWORD=${quoted(PASSWORD)}\n`);
  // what docker on the host has read is its own; a release keeps the files that it ran with, for its user alone
  scene.planted.add(join(dirname(host.home), "login-input"));
}

type CommandRow = readonly [name: string, ...args: string[]];

const HOST = ["--host", "box", "--dir", "~/app"] as const;
/** Every command, in an order in which each finds what the ones before have made. */
const COMMANDS: readonly CommandRow[] = [
  ["images"],
  ["images", "--json"],
  ["check"],
  ["check", "--json", ...HOST],
  ["pull", "--json"],
  ["push"],
  ["generate-mirror-compose"],
  ["generate-amd64-pull-script"],
  ["generate-push-to-aliyun-script"],
  ["mirror", "--dry-run", ...HOST],
  ["mirror", "--json", "--report", "mirror.html"],
  ["verify"],
  ["outdated", "--json"],
  ["deploy", "--dry-run", ...HOST],
  ["deploy", "--json", ...HOST, "--report", "deploy.html"],
  ["deploy", ...HOST, "--keep-login"],
  ["status", "--json", ...HOST],
  ["logs", ...HOST],
  ["exec", "web", ...HOST, "--", "env"],
  ["rollback", ...HOST, "--yes"],
  ["serve"],
  ["prune", "--store-limit", "0"],
];

/** Those that send or keep logins. */
const WITH_LOGIN = COMMANDS.filter(([name]) => ["check", "pull", "push", "mirror", "verify", "deploy"].includes(name));

const ALL: readonly CommandRow[] = [
  ["check", ...HOST],
  ["mirror", "--json", ...HOST, "--report", "mirror.html"],
  ["push"],
  ["verify"],
  ["outdated"],
];
const DEPLOYS: readonly CommandRow[] = [
  ["deploy", ...HOST],
  ["deploy", "--json", ...HOST, "--report", "deploy.html"],
  ["status", ...HOST],
  ["logs", "--tail", "1", ...HOST],
];

interface Fault {
  readonly name: string;
  readonly commands: readonly CommandRow[];
  readonly target?: RegistryServerOptions;
  readonly on?: Readonly<Record<string, string>>;
  readonly set?: (scene: Scene) => Promise<(() => void) | void> | void;
}

/** Answers every request with all that it was sent, as debugging fronts do. */
const ECHO: NonNullable<RegistryServerOptions["fault"]> = ({ authorization = "" }) =>
  authorization === ""
    ? undefined
    : {
        status: 403,
        body: `refused: ${authorization} ${Buffer.from(authorization.replace("Basic ", ""), "base64").toString()}`,
      };

/** A proxy that answers CONNECT in one way; the requests it got are not kept. */
async function proxy({ env }: Scene, answer: string): Promise<() => void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  Object.assign(env, { HTTPS_PROXY: `http://${URL_LOGIN}@127.0.0.1:${port}`, MIRROR_REGISTRY: "registry.invalid" });
  return () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
}

const FAULTS: readonly Fault[] = [
  { name: "401: another password", commands: ALL, target: { password: "another" } },
  { name: "401 of the token server", commands: ALL, target: { auth: "token", password: "another" } },
  { name: "403", commands: ALL, target: { fault: ({ method }) => (method === "POST" ? { status: 403 } : undefined) } },
  { name: "an answer that repeats the login", commands: ALL, target: { fault: ECHO } },
  {
    name: "a redirect that names the login",
    commands: ALL,
    target: { fault: () => ({ status: 307, headers: { location: `http://${URL_LOGIN}@127.0.0.1:9/v2/` } }) },
  },
  {
    name: "no TLS behind a proxy",
    commands: ALL,
    set: (scene) => proxy(scene, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n"),
  },
  { name: "a proxy that wants another login", commands: ALL, set: (scene) => proxy(scene, "HTTP/1.1 407 No\r\n\r\n") },
  {
    name: "a proxy that repeats the login",
    commands: ALL,
    set: (scene) => proxy(scene, `HTTP/1.1 502 ${encodeURIComponent(PASSWORD)}\r\n\r\n${LOGIN}`),
  },
  {
    name: "a proxy that is not there",
    commands: ALL,
    set: ({ env }) => {
      Object.assign(env, { HTTPS_PROXY: `http://${URL_LOGIN}@127.0.0.1:9`, MIRROR_REGISTRY: "registry.invalid" });
    },
  },
  {
    name: "a proxy that is none",
    commands: ALL,
    set: ({ env }) => void Object.assign(env, { HTTPS_PROXY: `ftp://${URL_LOGIN}@127.0.0.1:9` }),
  },
  {
    name: "a source mirror with a login",
    commands: ALL,
    set: ({ env }) => void Object.assign(env, { MIRROR_SOURCES: `docker.io=${URL_LOGIN}@mirror.invalid` }),
  },
  {
    name: "a registry with a login",
    commands: ALL,
    set: ({ env }) => void Object.assign(env, { MIRROR_REGISTRY: `${URL_LOGIN}@registry.invalid` }),
  },
  { name: "ssh that fails", commands: DEPLOYS, on: { "ssh-fails": "Permission denied (publickey).\n" } },
  {
    name: "docker login that repeats the password",
    commands: DEPLOYS,
    on: { login: 'cat "$ROOT/login-input"; exit 1' },
  },
  {
    name: "docker login that repeats the password in base64",
    commands: DEPLOYS,
    on: { login: 'echo "$(base64 -w 0 <"$ROOT/login-input")" >&2; exit 1' },
  },
  { name: "a pull that fails", commands: DEPLOYS, on: { pull: "echo denied: no >&2; exit 1" } },
  { name: "services that do not start", commands: DEPLOYS, on: { up: "echo port is already allocated >&2; exit 1" } },
  {
    name: "files that cannot be written",
    commands: [["mirror"], ["generate-mirror-compose"], ["pull"]],
    set: ({ folder, env }) => {
      mkdirSync(join(folder, "docker-compose-mirror.yaml"), { recursive: true });
      writeFileSync(join(folder, "mirror.lock.json"), "{");
      env["MIRROR_STORE"] = "/dev/null/store";
    },
  },
  {
    name: "the engine's login fails and repeats the password",
    commands: [
      ["push", "--engine", "docker"],
      ["mirror", "--engine", "docker"],
    ],
    set: ({ home }) => {
      const text = `#!/bin/sh\ncase $1 in login) echo "wrong: $(cat)" >&2; exit 1 ;;\nimage) echo '[{"Id":"1","Os":"linux","Architecture":"amd64","RepoDigests":[]}]' ;; esac\n`;
      mkdirSync(join(home, "bin"), { recursive: true });
      writeFileSync(join(home, "bin", "docker"), text, { mode: 0o755 });
    },
  },
];

/** Runs a command and gives what leaked, each with its place. */
async function leaksOf(scene: Scene, [name, ...args]: CommandRow): Promise<{ ran: Ran; leaks: readonly string[] }> {
  const watch = watchProcesses();
  const ran = await run([process.execPath, ...RUNTIME, join(tool, "scripts", `${name}.ts`), ...args], {
    cwd: scene.folder,
    env: scene.env,
    timeout: name === "serve" ? 3000 : 60_000,
  });
  const leaks = [
    ...watch.stop(),
    ...(["stdout", "stderr"] as const).flatMap((stream) => {
      const form = leakIn(ran[stream]);
      return form === undefined ? [] : [`${stream}: ${form}: ${ran[stream].slice(0, 2000)}`];
    }),
    ...[scene.root, dirname(scene.host.home)].flatMap((each) => leaksBelow(each, scene.planted)),
  ];
  return { ran, leaks: leaks.map((leak) => `${[name, ...args].join(" ")}: ${leak}`) };
}

async function inScene(
  place: (scene: Scene) => void,
  { target: options = {}, on = {}, set }: Partial<Fault>,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "canary-")));
  const [folder, home] = [join(root, "project"), join(root, "home")];
  for (const each of [folder, home, join(home, "tmp")]) mkdirSync(each);
  const host = fakeHost(on);
  const login = { username: USER, password: PASSWORD };
  const target = await registryServer({ auth: "basic", ...login, ...options });
  const source = await registryServer();
  const { children } = putImage(source, {
    repository: "library/nginx",
    tag: "1",
    layers: [noise("one", 5000)],
    platforms: ["linux/amd64"],
  });
  // what the host pulls is what was mirrored
  host.write("on-digest", `echo ${children.get("linux/amd64")}\n`);
  const scene: Scene = {
    root,
    folder,
    home,
    host,
    target,
    source,
    env: {
      ...host.environment,
      PATH: `${join(home, "bin")}:${host.environment["PATH"]}`,
      HOME: home,
      TMPDIR: join(home, "tmp"),
      LC_ALL: "C",
      MIRROR_REGISTRY: target.host,
      MIRROR_NAMESPACE: "team",
      MIRROR_PLATFORM: "linux/amd64",
      MIRROR_SOURCES: `docker.io=${source.host}`,
      MIRROR_STORE: join(root, "store"),
      HTTPS_PROXY: `http://${URL_LOGIN}@127.0.0.1:9`,
    },
    planted: new Set(),
  };
  writeFileSync(
    join(folder, "compose.yaml"),
    'services:\n  web: { image: "nginx:1", environment: { DB: "${DB_PASSWORD}" } }\n',
  );
  let undo: (() => void) | void = undefined;
  try {
    plantEverywhere(scene);
    place(scene);
    undo = await set?.(scene);
    await body(scene);
  } finally {
    undo?.();
    rmSync(join(tool, ".env"), { force: true });
    host.remove();
    await Promise.all([target.close(), source.close()]);
    rmSync(root, { recursive: true, force: true });
  }
}

test("every form of the password is found", () => {
  const forms = [PASSWORD, URL_LOGIN, JSON.stringify(PASSWORD), LOGIN, Buffer.from(PASSWORD).toString("base64")];
  for (const form of forms) assert.ok(leakIn(`x${form}y`) !== undefined, form);
  assert.equal(leakIn(USER), undefined);
});

for (const [place, plantIt] of PLACES) {
  test(`nothing leaks of ${place}, by any command`, () =>
    inScene(plantIt, place === "an identity token" ? { target: { auth: "token" } } : {}, async (scene) => {
      const leaks: string[] = [];
      const codes: string[] = [];
      for (const row of place === PLACES[0]![0] ? COMMANDS : WITH_LOGIN) {
        const { ran, leaks: found } = await leaksOf(scene, row);
        codes.push(`${row[0]} ${ran.code}`);
        leaks.push(...found);
        if (process.env["CANARY_SHOW"]) console.log(place, row.join(" "), ran.code, ran.stderr);
      }
      assert.deepEqual(leaks, []);
      // a password that nobody used leaks nowhere
      if (place === PLACES[0]![0])
        assert.ok(codes.includes("mirror 0") && codes.includes("deploy 0"), codes.join(", "));
    }));
}

for (const fault of FAULTS) {
  test(`nothing leaks by ${fault.name}`, () =>
    inScene(PLACES[0]![1], fault, async (scene) => {
      const leaks: string[] = [];
      if (fault.commands === DEPLOYS) await leaksOf(scene, ["generate-mirror-compose"]);
      for (const row of fault.commands) {
        const { ran, leaks: found } = await leaksOf(scene, row);
        if (process.env["CANARY_SHOW"]) console.log(fault.name, row.join(" "), ran.code, ran.stdout, ran.stderr);
        leaks.push(...found);
      }
      assert.deepEqual(leaks, []);
    }));
}

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  type Config,
  factsOf,
  languageOf,
  readConfig,
  requireExec,
  requireHosts,
  requireMirror,
  requireRegistry,
} from "../../lib/config/config.ts";
import type { CommandName } from "../../lib/config/commands.ts";
import { FLAG_NAMES, flagsOf, rowOf } from "../../lib/config/flags.ts";
import type { MirrorError } from "../../lib/messages/errors.ts";
import { fill } from "../../lib/messages/message.ts";

/** One flag at most takes a value that stands alone. */
const EVERY_FLAG = FLAG_NAMES.filter((name) => !["shell", "archive", "service", "command"].includes(name));
const NO_FILE = join(tmpdir(), "compose-mirror-no-such-settings");

function read(argv: readonly string[], environment: Record<string, string> = {}, settingsFile = NO_FILE): Config {
  return readConfig({
    argv,
    environment: { HOME: "/home/u", ...environment },
    cwd: "/project",
    flags: EVERY_FLAG,
    settingsFile,
  });
}

/** The same with the flags that a command takes. */
function readFor(command: CommandName, argv: readonly string[]): Config {
  return readConfig({ argv, environment: {}, cwd: "/", flags: flagsOf(command), settingsFile: NO_FILE });
}

function withSettings(text: string, body: (file: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "compose-mirror-"));
  try {
    writeFileSync(join(folder, ".env"), text);
    body(join(folder, ".env"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("defaults", () => {
  const { platform, engine, concurrency, onCollision, language, dryRun, json, files, home } = read([]);
  assert.deepEqual(
    { platform, engine, concurrency, onCollision, language, dryRun, json, files, home },
    {
      platform: "linux/amd64",
      engine: "direct",
      concurrency: 4,
      onCollision: "error",
      language: "en",
      dryRun: false,
      json: false,
      files: [],
      home: "/home/u",
    },
  );
});

test("a flag beats the environment, which beats the settings file; empty counts as unset", () => {
  withSettings("MIRROR_REGISTRY=file.example\nMIRROR_NAMESPACE='from-file'\n", (file) => {
    assert.equal(
      read(["--registry", "flag.example"], { MIRROR_REGISTRY: "env.example" }, file).registry,
      "flag.example",
    );
    assert.equal(read([], { MIRROR_REGISTRY: "env.example" }, file).registry, "env.example");
    assert.equal(read([], { MIRROR_REGISTRY: "" }, file).registry, "file.example");
    assert.equal(read([], {}, file).namespace, "from-file");
  });
});

test("repeatable flags keep their order, paths are the caller's", () => {
  const config = read([
    "-f",
    "a.yaml",
    "--file",
    "b.yaml",
    "--profile",
    "x",
    "--profile=y",
    "--output",
    "out.sh",
    "--rename",
    "nginx=web",
  ]);
  assert.deepEqual(config.files, ["a.yaml", "b.yaml"]);
  assert.deepEqual(config.profiles, ["x", "y"]);
  assert.equal(config.output, "/project/out.sh");
  assert.equal(config.renames[0]?.name, "web");
});

test("the password comes from variables only and is never seen", () => {
  const config = read([], { MIRROR_USERNAME: "u", MIRROR_PASSWORD: "s3cret-value" });
  assert.equal(config.credentials?.password.reveal(), "s3cret-value");
  assert.doesNotMatch(
    JSON.stringify(config.credentials) + inspect(config.credentials) + String(config.credentials?.password),
    /s3cret/,
  );
  assert.throws(() => read(["--password", "x"]), { code: "flag-unknown" });
});

function inQuotes(name: string): (error: MirrorError) => boolean {
  return (error) => {
    assert.equal(error.code, "value-quotes");
    assert.match(error.message, new RegExp(`^the value of ${name} is enclosed in typographic quotes`));
    assert.doesNotMatch(error.message + error.hint, /r\.example|s3cret/);
    return true;
  };
}

test("a value in typographic quotes is refused by its name, wherever it is written, and is not repeated", () => {
  for (const value of ["“r.example”", "‘r.example’", "”r.example“", "＂r.example＂", "「r.example」"]) {
    assert.throws(() => read(["--registry", value]), inQuotes("--registry"), value);
    assert.throws(() => read([], { MIRROR_REGISTRY: value }), inQuotes("MIRROR_REGISTRY"), value);
    withSettings(`MIRROR_USERNAME=u\r\nMIRROR_PASSWORD=${value.replace("r.example", "s3cret")}\r\n`, (file) => {
      assert.throws(() => read([], {}, file), inQuotes("MIRROR_PASSWORD"), value);
    });
  }
  assert.equal(read([], { MIRROR_USERNAME: "u", MIRROR_PASSWORD: "a”b“" }).credentials?.password.reveal(), "a”b“");
});

const bad: readonly [argv: readonly string[], code: string][] = [
  [["--nope"], "flag-unknown"],
  [["one", "stray"], "flag-unknown"],
  [["--host"], "flag-unknown"],
  [["--engine", "rkt"], "flag-value"],
  [["--concurrency", "0"], "flag-value"],
  [["--concurrency", "1e3"], "flag-value"],
  [["--port", "65536"], "flag-value"],
  [["--port", "http"], "flag-value"],
  [["--store-limit", "much"], "flag-value"],
  [["--store-limit=-1"], "flag-value"],
  [["--store-limit", "1iB"], "flag-value"],
  [["--on-collision", "merge"], "flag-value"],
  [["--platform", "linux/"], "platform-invalid"],
  [["--rename", "nginx"], "rename-invalid"],
  [["--lang", "fr"], "flag-value"],
  [["--json=yes"], "flag-unknown"],
  [["--registry", "a", "--registry", "b"], "flag-repeated"],
  [["--registry", ""], "flag-value"],
  [["--registry", "https://r.example/"], "registry-invalid"],
  [["--namespace", "Team"], "namespace-invalid"],
  [["--insecure", "https://bad host/"], "flag-value"],
  [["--source-mirror", "docker.io"], "source-mirror-invalid"],
  [["--host=-oProxyCommand=x"], "host-invalid"],
  [["--host", "good,b d"], "host-invalid"],
  [["--dir", "~bob/x"], "flag-value"],
  [["--dir", "/srv/app "], "flag-value"],
  [["--dir", ""], "flag-value"],
  [["--dir", "a\nb"], "flag-value"],
  [["--release", "../x"], "flag-value"],
  [["--pull-registry", "https://r.example/"], "registry-invalid"],
];

for (const [argv, code] of bad) {
  test(`refuses ${argv.join(" ")}`, () => assert.throws(() => read(argv), { code, exit: 2 }));
}

for (const [argv, message] of [
  [["--hots", "x"], /there is no flag "--hots"; did you mean --host\?/],
  [["--jsno"], /did you mean --json\?/],
  [["-x"], /there is no flag "-x"$/],
  [["--frobnicate"], /there is no flag "--frobnicate"$/],
  [["--port"], /--port N needs a value/],
  [["--port", "--json"], /--port N needs a value/],
] as const) {
  test(`${argv.join(" ")} is answered with what could be meant`, () => assert.throws(() => read(argv), { message }));
}

test("a flag of another command is told apart from one that does not exist", () => {
  const flags = flagsOf("images");
  assert.throws(() => readConfig({ argv: ["--host", "x"], environment: {}, cwd: "/", flags, settingsFile: NO_FILE }), {
    message: /this command does not take "--host"/,
  });
});

test("values may be attached, and -- ends the flags", () => {
  assert.deepEqual(read(["-fa.yaml", "-f=b.yaml", "--file=c=d"]).files, ["a.yaml", "b.yaml", "c=d"]);
  assert.equal(read(["--", "20260101-000000-0000"]).release, "20260101-000000-0000");
  assert.equal(read(["--json", "--json"]).json, true);
});

test("every choice that the help names is taken", () => {
  for (const name of EVERY_FLAG) {
    for (const choice of rowOf(name).value?.split("|") ?? []) {
      if (rowOf(name).value!.includes("|")) assert.doesNotThrow(() => read([`--${name}`, choice]), name);
    }
  }
});

/** What is noticed about variables and settings, in English. */
function notices(environment: Record<string, string>, settings = ""): readonly string[] {
  let found: readonly string[] = [];
  withSettings(settings, (file) => {
    found = read([], environment, file).notices.map(({ text, values }) => fill(text.en, values, "en"));
  });
  return found;
}

test("variables that look like ours and are none are noticed, once", () => {
  assert.deepEqual(notices({ MIRROR_REGISTRY: "r.example", DEPLOY_KEY: "x", PATH: "/" }), [
    "the variable DEPLOY_KEY is set, but there is no such setting; did you mean DEPLOY_KEEP?",
  ]);
  assert.deepEqual(notices({ DEPLOY_ENVIRONMENT: "production" }), []);
  assert.deepEqual(notices({ MIRROR_NAMSPACE: "a" }, "MIRROR_NAMSPACE=a\nDEPLOY_ENVIRONMENT=x\n"), [
    "the variable MIRROR_NAMSPACE is set, but there is no such setting; did you mean MIRROR_NAMESPACE?",
    "the variable DEPLOY_ENVIRONMENT is set, but there is no such setting",
  ]);
});

test("our settings in the project's own .env are noticed with their place", () => {
  withSettings("TAG=1\nexport MIRROR_REGISTRY=r\nDEPLOY_HOST: x\n", (file) => {
    const config = readConfig({
      argv: [],
      environment: {},
      cwd: dirname(file),
      flags: EVERY_FLAG,
      settingsFile: NO_FILE,
    });
    const [{ code, values } = { code: "", values: {} }] = config.notices;
    assert.deepEqual(
      [code, values],
      [
        "setting-misplaced",
        { file, variables: ["MIRROR_REGISTRY", "DEPLOY_HOST"], place: join(dirname(file), "mirror.env") },
      ],
    );
    assert.equal(config.embedded, true);
  });
});

/** Reads the settings of a project whose folder has `files`, started in `below` it; mirror.env has mode 600. */
function ofProject(
  files: Readonly<Record<string, string>>,
  {
    below = "",
    argv = [],
    environment = {},
    mode = 0o600,
  }: {
    readonly below?: string;
    readonly argv?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly mode?: number;
  } = {},
): Config {
  const folder = mkdtempSync(join(tmpdir(), "compose-mirror-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text, { mode: name.endsWith("mirror.env") ? mode : 0o644 });
    }
    mkdirSync(join(folder, below), { recursive: true });
    const settingsFile = join(folder, "tool.env");
    return readConfig({ argv, environment, cwd: join(folder, below), flags: EVERY_FLAG, settingsFile });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TOOL = "MIRROR_REGISTRY=tool.example\nMIRROR_NAMESPACE=tool\nMIRROR_USERNAME=tool\nMIRROR_PASSWORD=of-tool\n";
const OWN = "MIRROR_REGISTRY=own.example\nMIRROR_USERNAME=own\nMIRROR_PASSWORD=of-own\n";

test("mirror.env beside the compose file: below the environment, above the tool's own settings", () => {
  const files = { "compose.yaml": "", "mirror.env": OWN, "tool.env": TOOL };
  const config = ofProject(files);
  assert.deepEqual([config.registry, config.namespace], ["own.example", "tool"]);
  assert.equal(config.credentials?.password.reveal(), "of-own");
  assert.equal(ofProject(files, { below: "a/b" }).registry, "own.example", "as docker compose finds its file");
  assert.equal(ofProject(files, { environment: { MIRROR_REGISTRY: "env.example" } }).registry, "env.example");
  assert.equal(
    ofProject({ "sub/compose.yaml": "", "sub/mirror.env": OWN }, { argv: ["-f", "sub/compose.yaml"] }).registry,
    "own.example",
  );
  assert.equal(ofProject({ "mirror.env": "# nothing\n" }).embedded, true);
});

test("a registry that the project's file names gets no login of the tool's own file", () => {
  const files = {
    "compose.yaml": "",
    "mirror.env": "MIRROR_REGISTRY=evil.example\nMIRROR_NAMESPACE=x\n",
    "tool.env": TOOL,
  };
  const config = ofProject(files);
  assert.deepEqual([config.registry, config.credentials], ["evil.example", undefined]);
  const login = { MIRROR_USERNAME: "u", MIRROR_PASSWORD: "asked-for" };
  assert.equal(ofProject(files, { environment: login }).credentials?.username, "u");
  assert.equal(ofProject(files, { environment: { MIRROR_REGISTRY: "tool.example" } }).credentials?.username, "tool");
});

test(
  "a mirror.env that others may read is refused: it came with the project",
  { skip: process.platform === "win32" },
  () => {
    for (const mode of [0o644, 0o640, 0o604]) {
      assert.throws(() => ofProject({ "compose.yaml": "", "mirror.env": OWN }, { mode }), {
        code: "settings-open",
        exit: 2,
      });
    }
  },
);

test("the password in an env file of the project is refused, because a deploy would send it", () => {
  assert.throws(
    () => ofProject({ "compose.yaml": "", ".env": "TAG=1\nMIRROR_PASSWORD=s3cret\n" }),
    (error: MirrorError) => {
      assert.deepEqual([error.code, error.exit], ["settings-shipped", 2]);
      assert.match(error.message, /MIRROR_PASSWORD is set in ".*\.env", which goes to the host/);
      assert.match(error.hint, /mirror\.env/);
      assert.doesNotMatch(error.message + error.hint, /s3cret/);
      return true;
    },
  );
});

test("the facts that hints depend on", () => {
  assert.deepEqual(factsOf(read([])), {
    engine: "direct",
    tunnel: true,
    proxies: [],
    sourceMirrors: [],
    sourceMirrorHosts: [],
    credentials: false,
  });
  const environment = { https_proxy: "http://p:1", MIRROR_USERNAME: "u", MIRROR_PASSWORD: "p" };
  const flags = ["--registry", "r.example", "--namespace", "n", "--source-mirror", "docker.io=m.example"];
  flags.push("--pull-registry", "vpc.example");
  assert.deepEqual(factsOf(read(flags, environment)), {
    engine: "direct",
    tunnel: false,
    proxies: ["HTTPS_PROXY"],
    sourceMirrors: ["docker.io"],
    sourceMirrorHosts: ["m.example"],
    pullRegistry: "vpc.example",
    mirror: "r.example",
    credentials: true,
  });
});

test("a proxy that cannot be used is told before anything starts, unless a container engine goes to the network", () => {
  for (const variable of ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"]) {
    const environment = { [variable]: "socks4://127.0.0.1:1080" };
    assert.throws(() => read([], environment), { code: "proxy-invalid", exit: 2, message: new RegExp(variable) });
    assert.equal(read(["--engine", "docker"], environment).engine, "docker");
    const local = { argv: [], environment, cwd: "/project", settingsFile: NO_FILE, flags: ["file"] } as const;
    assert.equal(readConfig(local).engine, "direct", "a command that goes to no registry needs no proxy");
  }
});

test("the store's folder, limit and port", () => {
  assert.deepEqual(
    [read([]).store, read([]).storeLimit, read([]).port],
    ["/home/u/.cache/compose-mirror", undefined, 5012],
  );
  assert.equal(read(["--store", "images"]).store, "/project/images");
  assert.equal(read([], { MIRROR_STORE: "~/images" }).store, "/home/u/images");
  assert.equal(read(["--port", "0"]).port, 0);
  const sizes = { "0": 0, "500": 500, "20GB": 20e9, "1.5 g": 1.5e9, "2MiB": 2_097_152, "3kb": 3000, "1t": 1e12 };
  for (const [text, bytes] of Object.entries(sizes)) {
    assert.equal(read(["--store-limit", text]).storeLimit, bytes, text);
  }
});

test("a missing registry, namespace or host says how to set it", () => {
  assert.throws(() => requireMirror(read(["--namespace", "n"])), {
    code: "setting-missing",
    exit: 2,
    hint: /--registry.*MIRROR_REGISTRY/,
  });
  assert.throws(() => requireMirror(read(["--registry", "r"])), { hint: /--namespace.*MIRROR_NAMESPACE/ });
  assert.throws(() => requireHosts(read([])), { hint: /--host.*DEPLOY_HOST/ });
  assert.deepEqual(requireMirror(read(["--registry", "r", "--namespace", "n"])), { registry: "r", namespace: "n" });
});

test("with neither registry nor namespace the content store is the mirror, for the engine that fills it", () => {
  const none = read(["--port", "7000"]);
  assert.deepEqual([none.embedded, requireMirror(none)], [true, { registry: "localhost:7000", namespace: "mirror" }]);
  assert.throws(() => requireRegistry(none), { code: "setting-missing", exit: 2 });
  for (const args of [
    ["--registry", "r"],
    ["--namespace", "n"],
    ["--engine", "docker"],
  ]) {
    assert.equal(read(args).embedded, false);
    assert.throws(() => requireMirror(read(args)), { code: "setting-missing" });
  }
  assert.doesNotThrow(() => requireRegistry(read(["--registry", "r", "--namespace", "n"])));
});

test("a user name without a password, or a password without a user name, is reported", () => {
  for (const name of ["MIRROR_USERNAME", "MIRROR_PASSWORD"]) {
    assert.throws(() => read([], { [name]: "x" }), { code: "credentials-half", exit: 2 });
  }
  const { credentials } = read([], { MIRROR_USERNAME: "me", MIRROR_PASSWORD: "s3cret" });
  assert.equal(credentials?.password.reveal(), "s3cret");
  assert.equal(String(credentials?.password), "[REDACTED]");
});

test("a release may stand alone, where a command takes one", () => {
  assert.equal(read(["20260101-000000-0000"]).release, "20260101-000000-0000");
  assert.equal(read(["--release", "x"]).release, "x");
  const flags = EVERY_FLAG.filter((name) => name !== "release");
  assert.throws(() => readConfig({ argv: ["x"], environment: {}, cwd: "/", flags, settingsFile: NO_FILE }), {
    code: "flag-unknown",
  });
});

test("several services may stand alone, where a command takes them, and after -- too", () => {
  assert.deepEqual(readFor("mirror", ["web", "--json", "db"]).services, ["web", "db"]);
  assert.deepEqual(readFor("mirror", ["web", "--service", "api", "--", "--odd"]).services, ["web", "api", "--odd"]);
  assert.deepEqual(readFor("mirror", []).services, []);
});

test("what stands after -- is exec's command, word by word, whatever it looks like", () => {
  assert.deepEqual(requireExec(readFor("exec", ["--host", "box", "web", "--", "sh", "-c", "", "--", "“x”"])), {
    host: "box",
    service: "web",
    command: ["sh", "-c", "", "--", "“x”"],
  });
  assert.throws(() => requireExec(readFor("exec", ["web", "--", "ls"])), { code: "setting-missing" });
  assert.throws(() => requireExec(readFor("exec", ["--host=box", "web", "ls"])), { code: "exec-usage" });
  assert.throws(() => requireExec(readFor("exec", ["--host=a,b", "web", "--", "ls"])), { code: "exec-hosts" });
});

test("several hosts, each once, by flags or with commas between", () => {
  assert.deepEqual(requireHosts(read(["--host", "a", "--host=b,c", "--host", "a"], { DEPLOY_HOST: "d" })), [
    "a",
    "b",
    "c",
  ]);
  assert.deepEqual(read([], { DEPLOY_HOST: " a, b," }).hosts, ["a", "b"]);
});

test("the language is the flag's, else the locale's in POSIX order", () => {
  assert.equal(languageOf("zh-CN", { LANG: "en_US.UTF-8" }), "zh");
  assert.equal(languageOf(undefined, { LANG: "zh_CN.UTF-8" }), "zh");
  assert.equal(languageOf(undefined, { LC_ALL: "C", LANG: "zh_CN.UTF-8" }), "en");
  assert.equal(languageOf(undefined, {}), "en");
});

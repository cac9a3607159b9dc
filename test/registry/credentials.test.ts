import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import type { Run } from "../../lib/system/process.ts";
import { findCredentials, openLogins, type RegistryCredentials, withoutLogin } from "../../lib/registry/credentials.ts";

interface Place {
  readonly home: string;
  readonly put: (path: string, value: unknown) => string;
  readonly find: (
    host: string,
    environment?: Record<string, string>,
    run?: Run,
  ) => Promise<RegistryCredentials | undefined>;
}

const noRun: Run = () => Promise.reject(new Error("no program was to be run"));

function place(t: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), "credentials-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return {
    home,
    put: (path, value) => {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
      return file;
    },
    find: (host, environment = {}, run = noRun) => findCredentials(host, { environment, home, run }),
  };
}

const auth = (text: string): string => Buffer.from(text).toString("base64");
const shown = (found: RegistryCredentials | undefined): string | undefined => {
  if (found === undefined) return undefined;
  return "identityToken" in found
    ? `token ${found.identityToken.reveal()}`
    : `${found.username} ${found.password.reveal()}`;
};

test("auths of docker's config.json, by every spelling of a registry", async (t) => {
  const { put, find } = place(t);
  put(".docker/config.json", {
    auths: {
      "https://index.docker.io/v1/": { auth: auth("hub:pass:word") },
      "ghcr.io": { auth: auth("gh:secret") },
      "https://quay.io": { auth: auth("quay:secret") },
      "http://plain.example:5000/v2/": { username: "plain", password: "secret" },
      "token.example": { auth: auth("00000000-0000-0000-0000-000000000000:"), identitytoken: "refresh" },
      "empty.example": {},
      "null.example": null,
      "broken.example": { auth: auth("no colon") },
    },
  });
  const cases: Readonly<Record<string, string | undefined>> = {
    "docker.io": "hub pass:word",
    "ghcr.io": "gh secret",
    "quay.io": "quay secret",
    "plain.example:5000": "plain secret",
    "token.example": "token refresh",
    "empty.example": undefined,
    "null.example": undefined,
    "broken.example": undefined,
    "plain.example": undefined,
    "sub.ghcr.io": undefined,
  };
  for (const [host, expected] of Object.entries(cases)) assert.equal(shown(await find(host)), expected, host);
});

const authFile = (name: string) => ({ auths: { "r.example": { auth: auth(`${name}:x`) } } });

test("the places in their order", async (t) => {
  const { put, find, home } = place(t);
  assert.equal(await find("r.example"), undefined);
  put(".config/containers/auth.json", authFile("podman-home"));
  assert.equal(shown(await find("r.example")), "podman-home x");
  put("run/containers/auth.json", authFile("podman-run"));
  const environment: Record<string, string> = { XDG_RUNTIME_DIR: join(home, "run") };
  assert.equal(shown(await find("r.example", environment)), "podman-run x");
  put(".docker/config.json", authFile("docker-home"));
  assert.equal(shown(await find("r.example", environment)), "docker-home x");
  put("elsewhere/config.json", authFile("docker-elsewhere"));
  environment["DOCKER_CONFIG"] = join(home, "elsewhere");
  assert.equal(shown(await find("r.example", environment)), "docker-elsewhere x");
  environment["REGISTRY_AUTH_FILE"] = put("named.json", authFile("named"));
  assert.equal(shown(await find("r.example", environment)), "named x");
});

test("helpers read the registry's key on their input and answer in JSON", async (t) => {
  const { put, find } = place(t);
  put(".docker/config.json", {
    auths: { "both.example": { auth: auth("file:x") } },
    credHelpers: { "own.example": "own" },
    credsStore: "store",
  });
  const asked: unknown[] = [];
  const run: Run = async (command, options) => {
    asked.push([...command, options?.input]);
    const answers: Readonly<Record<string, unknown>> = {
      "own.example": { ServerURL: "own.example", Username: "own", Secret: "s" },
      "https://index.docker.io/v1/": { Username: "<token>", Secret: "refresh" },
    };
    const answer = answers[options?.input as string];
    if (answer === undefined) return { code: 1, stdout: "credentials not found in native keychain\n", stderr: "" };
    return { code: 0, stdout: JSON.stringify(answer), stderr: "" };
  };
  assert.equal(shown(await find("own.example", {}, run)), "own s");
  assert.equal(shown(await find("docker.io", {}, run)), "token refresh");
  assert.equal(shown(await find("both.example", {}, run)), "file x");
  assert.equal(await find("none.example", {}, run), undefined);
  assert.deepEqual(asked.slice(0, 2), [
    ["docker-credential-own", "get", "own.example"],
    ["docker-credential-store", "get", "https://index.docker.io/v1/"],
  ]);
});

test("helpers that fail, and names that are none of a program", async (t) => {
  const { put, find } = place(t);
  const config = (credsStore: string) => put(".docker/config.json", { credsStore });
  const cases: readonly (readonly [store: string, run: Run, message: RegExp])[] = [
    ["../../bin/sh", noRun, /not a valid program name/],
    ["-x", noRun, /not a valid program name/],
    ["gone", () => Promise.reject(new Error("ENOENT")), /is not installed/],
    ["sick", async () => ({ code: 2, stdout: "", stderr: "keychain is locked\n" }), /keychain is locked/],
    ["odd", async () => ({ code: 0, stdout: "hello", stderr: "" }), /not JSON/],
  ];
  for (const [store, run, message] of cases) {
    config(store);
    await assert.rejects(find("r.example", {}, run), (error: Error & { code?: string }) => {
      assert.equal(error.code, "registry-helper");
      assert.match(error.message, message);
      return true;
    });
  }
});

test("a broken file is named, and nothing of it is shown", async (t) => {
  const { put, find } = place(t);
  const file = put(".docker/config.json", `{"auths": {"r.example": {"auth": "${auth("u:topsecret")}"`);
  await assert.rejects(find("r.example"), (error: Error & { code?: string }) => {
    assert.equal(error.code, "file-read");
    assert.ok(error.message.includes(file));
    assert.doesNotMatch(error.message, new RegExp(auth("u:topsecret")));
    return true;
  });
});

test("found credentials print as redacted", async (t) => {
  const { put, find } = place(t);
  put(".docker/config.json", { auths: { "r.example": { auth: auth("user:topsecret") } } });
  const found = await find("r.example");
  for (const text of [JSON.stringify(found), inspect(found), String(Object.values(found!))])
    assert.doesNotMatch(text, /topsecret/);
});

test("a login for a part of a registry: the longest path counts, the same login is the same value", async (t) => {
  const { put, home } = place(t);
  put(".config/containers/auth.json", {
    auths: {
      "quay.example": { auth: auth("all:x") },
      "quay.example/org": { auth: auth("org:x") },
      "quay.example/org/team/app": { auth: auth("app:x") },
      "docker.io/corp": { auth: auth("hub:x") },
    },
  });
  const logins = openLogins({ environment: {}, home, run: noRun });
  const cases: readonly (readonly [host: string, repository: string | undefined, login: string | undefined])[] = [
    ["quay.example", undefined, "all x"],
    ["quay.example", "other/app", "all x"],
    ["quay.example", "organisation/app", "all x"],
    ["quay.example", "org/app", "org x"],
    ["quay.example", "org/team/app", "app x"],
    ["quay.example", "org/team/app/more", "app x"],
    ["docker.io", "corp/app", "hub x"],
    ["docker.io", "library/nginx", undefined],
    ["quay.example:5000", "org/app", undefined],
  ];
  for (const [host, repository, login] of cases)
    assert.equal(shown((await logins.of(host, repository))?.credentials), login, `${host}/${repository}`);
  assert.equal(await logins.of("quay.example", "org/a"), await logins.of("quay.example", "org/b"));
  assert.deepEqual((await logins.of("quay.example", "org/a"))?.sent, {
    kind: "stored",
    file: join(home, ".config/containers/auth.json"),
  });
});

const HELPERS: readonly (readonly [
  what: string,
  answer: { code: number; stdout?: string; stderr?: string },
  login: string | undefined,
])[] = [
  ["noise around the JSON", { code: 0, stdout: 'note: {moved}\n{"Username":"u","Secret":"p}"}\nbye\n' }, "u p}"],
  ["nothing in it", { code: 0, stdout: '{"ServerURL":"","Username":"","Secret":""}' }, undefined],
  ["no server known", { code: 1, stdout: "no credentials server URL\n" }, undefined],
  ["no user known", { code: 1, stderr: "no credentials username\n" }, undefined],
];

for (const [what, answer, login] of HELPERS) {
  test(`a helper: ${what}`, async (t) => {
    const { put, find } = place(t);
    put(".docker/config.json", { credsStore: "store" });
    assert.equal(shown(await find("r.example", {}, async () => ({ stdout: "", stderr: "", ...answer }))), login);
  });
}

test("what a helper says is shown from either stream, and its secrets never", async (t) => {
  const { put, find } = place(t);
  put(".docker/config.json", { credsStore: "store" });
  const said = async (code: number, stdout: string, stderr = ""): Promise<string> => {
    const error: unknown = await find("r.example", {}, async () => ({ code, stdout, stderr })).catch((e: unknown) => e);
    return (error as Error).message;
  };
  assert.match(await said(1, "User interaction is not allowed.\n"), /User interaction is not allowed/);
  assert.match(await said(1, "", "keychain is locked"), /keychain is locked/);
  assert.match(await said(124, ""), /within 30 s/);
  assert.match(await said(3, ""), /exit code 3/);
  for (const [code, stdout] of [
    [1, '{"Username":"u","Secret":"topsecret"} failed'],
    [0, '{"Username":"u","Secret":"topsecret'],
  ] as const)
    assert.doesNotMatch(await said(code, stdout), /topsecret/);
});

const gone: Run = () => Promise.reject(new Error("ENOENT"));

test("a helper that fails does not hide a login in the file, and an empty one means none", async (t) => {
  const { put, find } = place(t);
  const auths = { "r.example": { auth: auth("file:x") } };
  put(".docker/config.json", { credsStore: "gone", auths });
  assert.equal(shown(await find("r.example", {}, gone)), "file x");
  await assert.rejects(find("other.example", {}, gone), { code: "registry-helper" });
  put(".docker/config.json", { credsStore: "gone", credHelpers: { "r.example": "" }, auths });
  assert.equal(shown(await find("r.example", {}, noRun)), "file x");
});

test("what repeats the login or the token of a request is shown without it", () => {
  const login = Buffer.from("me:p:ä%").toString("base64");
  assert.equal(
    withoutLogin(`no: Basic ${login}, me:p:ä%, p%3A%C3%A4%25`, `Basic ${login}`),
    "no: Basic [REDACTED], me:[REDACTED], [REDACTED]",
  );
  assert.equal(withoutLogin("no: Bearer abc", "Bearer abc"), "no: Bearer [REDACTED]");
  assert.equal(withoutLogin("no", undefined), "no");
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openRegistry } from "../../lib/registry/client.ts";
import type { RegistryCredentials, StoredOrGiven } from "../../lib/registry/credentials.ts";
import { RegistryError } from "../../lib/registry/errors.ts";
import { theirs } from "../../lib/messages/message.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { Secret } from "../../lib/system/secret.ts";
import { putImage } from "../_helpers/registry-images.ts";
import {
  type Fault,
  type RegistryServer,
  registryServer,
  type RegistryServerOptions,
} from "../_helpers/registry-server.ts";

const USER = { username: "user", password: "secret" };
const LOGIN = { username: USER.username, password: new Secret(USER.password) };
const ONCE = { attempts: 1, firstDelay: 1, longestDelay: 1 };

async function open(
  t: TestContext,
  options: RegistryServerOptions,
  credentials?: () => Promise<RegistryCredentials | undefined>,
) {
  const server = await registryServer(options);
  const transport = openTransport();
  t.after(async () => {
    transport.close();
    await server.close();
  });
  for (const repository of ["one", "two", "three"]) putImage(server, { repository, tag: "1", layers: [] });
  let login: Promise<StoredOrGiven | undefined> | undefined;
  const once = async (): Promise<StoredOrGiven | undefined> => {
    const found = await credentials?.();
    return found === undefined ? undefined : { credentials: found, sent: { kind: "settings" } };
  };
  const registry = openRegistry(server.host, { transport, login: () => (login ??= once()), retryPolicy: ONCE });
  return { server, registry };
}

test("credentials are not looked up where no login is needed", async (t) => {
  const { server, registry } = await open(t, {}, () => Promise.reject(new Error("asked")));
  assert.ok(await registry.head("one", "1"));
  assert.deepEqual(await registry.ping(), { loggedIn: false });
  assert.equal(server.seen.length, 2);
});

test("the first request alone finds out what is wanted; the others then know", async (t) => {
  let asked = 0;
  const { server, registry } = await open(t, { auth: "token", ...USER, publicPull: false }, async () => {
    asked += 1;
    return LOGIN;
  });
  registry.expect({ pull: ["one", "two", "three"] });
  await Promise.all(["one", "two", "three"].map((repository) => registry.head(repository, "1")));
  assert.equal(server.seen.filter(({ status }) => status === 401).length, 1);
  assert.equal(server.count("GET", /token/), 1);
  assert.equal(asked, 1);
  const scopes = new URL(server.seen.find(({ url }) => url.startsWith("/token"))!.url, "http://x").searchParams.getAll(
    "scope",
  );
  assert.deepEqual(scopes, ["repository:one:pull", "repository:three:pull", "repository:two:pull"]);
  assert.deepEqual(await registry.ping(), { loggedIn: true });
});

test("credentials that the token server refuses are not sent again and again", async (t) => {
  const wrong: RegistryCredentials = { ...LOGIN, password: new Secret("wrong") };
  const { server, registry } = await open(t, { auth: "token", ...USER, publicPull: false }, async () => wrong);
  const repositories = ["one", "two", "three"];
  registry.expect({ pull: repositories });
  const heads = await Promise.allSettled(repositories.map((repository) => registry.head(repository, "1")));
  await assert.rejects(registry.ping(), { code: "registry-unauthorized" });
  assert.deepEqual(
    heads.map((each) => each.status === "rejected" && (each.reason as RegistryError).code),
    Array.from(repositories, () => "registry-unauthorized"),
  );
  assert.equal(server.count("GET", /token/), 2, "for all of them, and for the first one alone");
});

test("where tokens are wanted, a ping gets the one that the work then has", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, publicPull: false }, async () => LOGIN);
  registry.expect({ push: ["one", "two"] });
  assert.deepEqual(await registry.ping({ repository: "one" }), { loggedIn: true });
  assert.deepEqual(
    server.seen.map(({ url }) => url.replace(/\?.*/, "")),
    ["/v2/", "/token"],
  );
  await registry.startUpload("two");
  assert.equal(server.count("GET", /token/), 1);
});

test("without announced repositories each gets a token of its own, kept while it lives", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, expiresIn: 300 });
  for (const repository of ["one", "two", "one", "two"]) await registry.head(repository, "1");
  assert.equal(server.count("GET", /token/), 2);
});

test("a token is renewed before its end", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, expiresIn: 1e-9 });
  for (let times = 0; times < 3; times += 1) await registry.head("one", "1");
  assert.equal(server.count("GET", /token/), 3);
  assert.equal(server.seen.filter(({ status }) => status === 401).length, 1);
});

test("a refused group is asked for one by one", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER });
  registry.expect({ pull: ["one", "two", "three"] });
  server.setFault(({ url }) =>
    url.startsWith("/token") && url.split("scope=").length > 2 ? { status: 400, body: "no" } : undefined,
  );
  for (const repository of ["one", "two", "three"]) assert.ok(await registry.head(repository, "1"));
  assert.equal(server.count("GET", /token/), 4);
});

test("requests at once share one token", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, expiresIn: 1e-9 });
  await registry.head("one", "1");
  server.clear();
  await Promise.all(Array.from({ length: 8 }, () => registry.head("one", "1")));
  assert.equal(server.count("GET", /token/), 1);
});

/** Holds the answers of the token server back; `asked` resolves when it is asked first. */
function holdTokens(server: RegistryServer, answer: Fault = {}) {
  let release!: () => void;
  const wait = new Promise<void>((resolve) => (release = resolve));
  const asked = new Promise<void>((resolve) => {
    server.setFault(({ url }) => {
      if (!url.startsWith("/token")) return undefined;
      resolve();
      return url.split("scope=").length > 2 ? { wait, ...answer } : { wait };
    });
  });
  return { release, asked };
}

test("a refused group that several wait for is asked for one by one", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER });
  await registry.head("one", "1");
  registry.expect({ pull: ["two", "three"] });
  const { release, asked } = holdTokens(server, { status: 400, body: "no" });
  const first = registry.head("two", "1");
  await asked;
  const others = ["three", "two"].map((repository) => registry.head(repository, "1"));
  await new Promise(setImmediate);
  release();
  for (const each of await Promise.all([first, ...others])) assert.ok(each);
});

test("one request's end leaves the token to the others that wait for it", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER });
  await registry.head("one", "1");
  const { release, asked } = holdTokens(server);
  const abort = new AbortController();
  const first = registry.head("two", "1", { signal: abort.signal });
  await asked;
  const second = registry.head("two", "1");
  abort.abort();
  await assert.rejects(first, { code: "interrupted" });
  release();
  assert.ok(await second);
  assert.equal(server.count("GET", /token/), 2);
});

test("a token that ran out costs one new one, however many requests were refused with it", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, tokenUses: 4 });
  for (let times = 0; times < 4; times += 1) await registry.head("one", "1");
  server.clear();
  await Promise.all(Array.from({ length: 3 }, () => registry.head("one", "1")));
  assert.equal(server.count("GET", /token/), 1);
});

test("a login made elsewhere is sent as a refresh token", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER }, async () => ({
    identityToken: new Secret("refresh"),
  }));
  server.setFault(({ url, method }) =>
    url === "/token" && method === "POST" ? { status: 200, body: '{"access_token":"t"}' } : undefined,
  );
  await assert.rejects(registry.head("one", "1"), RegistryError);
  assert.ok(server.count("POST", /token/) >= 1);
  assert.ok(server.seen.some(({ authorization }) => authorization === "Bearer t"));
  assert.ok(server.seen.every(({ url }) => !url.includes("refresh")));
});

test("a broken helper counts when the anonymous request is refused, and not before", async (t) => {
  const helper = new RegistryError("registry-helper", {
    helper: "docker-credential-x",
    registry: "r",
    detail: theirs("gone"),
  });
  const failing = (): Promise<never> => Promise.reject(helper);
  const open1 = await open(t, { auth: "token", ...USER }, failing);
  assert.ok(await open1.registry.head("one", "1"));
  for (const auth of ["token", "basic"] as const) {
    const closed = await open(t, { auth, ...USER, publicPull: false }, failing);
    await assert.rejects(closed.registry.head("one", "1"), { code: "registry-helper" }, auth);
  }
});

test("token servers that answer with something else, or are nowhere to trust", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER }, async () => LOGIN);
  for (const body of ["", "[]", "null", '{"token": 5}', '{"token": "line\\nbreak"}', "<html>"]) {
    server.setFault(({ url }) => (url.startsWith("/token") ? { status: 200, body } : undefined));
    await assert.rejects(registry.head("one", "1"), { code: "registry-answer" }, body);
  }
  for (const realm of ["http://[", "https://"]) {
    const { server: other, registry: closed } = await open(t, {}, async () => LOGIN);
    other.setFault(() => ({ status: 401, headers: { "www-authenticate": `Bearer realm="${realm}"` }, body: "" }));
    await assert.rejects(closed.head("one", "1"), /the address of its token server is not valid/, realm);
  }
});

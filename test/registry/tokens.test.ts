import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { StoredOrGiven } from "../../lib/registry/credentials.ts";
import { openTokenServer, type TokenServer } from "../../lib/registry/tokens.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { Secret } from "../../lib/system/secret.ts";
import { type Fault, type RegistryServer, registryServer } from "../_helpers/registry-server.ts";

const IDENTITY: StoredOrGiven = {
  credentials: { identityToken: new Secret("refresh-me"), username: "0000" },
  sent: { kind: "stored", file: "config.json" },
};
const PASSWORD: StoredOrGiven = {
  credentials: { username: "user", password: new Secret("secret") },
  sent: { kind: "settings" },
};
const GOOD: Fault = { status: 200, body: '{"token":"t","expires_in":"300"}' };
const PAGE: Fault = { status: 200, headers: { "content-type": "text/html" }, body: "<html>shop</html>" };

async function open(
  t: TestContext,
  answer: (method: string) => Fault,
): Promise<{
  server: RegistryServer;
  tokens: TokenServer;
  ask: (login: StoredOrGiven, realm?: string) => Promise<string>;
}> {
  const server = await registryServer({ fault: ({ method }) => answer(method) });
  const transport = openTransport();
  t.after(async () => {
    transport.close();
    await server.close();
  });
  const tokens = openTokenServer({ host: server.host, origin: `http://${server.host}`, transport });
  return {
    server,
    tokens,
    ask: async (login, realm = `http://${server.host}/token`) =>
      (await tokens.fetch({ challenge: { scheme: "bearer", realm }, scopes: ["repository:app:pull"], login })).value,
  };
}

const WAYS: readonly (readonly [
  what: string,
  login: StoredOrGiven,
  post: Fault,
  get: Fault,
  methods: readonly string[],
])[] = [
  ["an identity token goes by POST", IDENTITY, GOOD, PAGE, ["POST"]],
  ...[400, 401, 404, 405, 501].map(
    (status) => [`POST answers ${status}`, IDENTITY, { status, body: "no" }, GOOD, ["POST", "GET"]] as const,
  ),
  ["POST gives a page", IDENTITY, PAGE, GOOD, ["POST", "GET"]],
  ["a password goes by GET", PASSWORD, PAGE, GOOD, ["GET"]],
  ["GET answers 405", PASSWORD, GOOD, { status: 405, body: "" }, ["GET", "POST"]],
  ["GET gives a page", PASSWORD, GOOD, PAGE, ["GET", "POST"]],
];

for (const [what, login, post, get, methods] of WAYS) {
  test(`${what}: ${methods.join(", then ")}`, async (t) => {
    const { server, ask } = await open(t, (method) => (method === "POST" ? post : get));
    assert.equal(await ask(login), "t");
    assert.deepEqual(
      server.seen.map(({ method }) => method),
      methods,
    );
    for (const { method, url, authorization } of server.seen) {
      assert.doesNotMatch(url, /refresh-me|secret/);
      const basic = login === IDENTITY ? "0000:refresh-me" : "user:secret";
      if (method === "GET") assert.equal(authorization, `Basic ${Buffer.from(basic).toString("base64")}`);
    }
  });
}

test("a refused password is not sent a second time in another way", async (t) => {
  const { server, ask } = await open(t, () => ({ status: 401, body: "" }));
  await assert.rejects(ask(PASSWORD), { code: "registry-unauthorized" });
  assert.equal(server.seen.length, 1);
});

test("of several failures the one that says something is told", async (t) => {
  const { ask } = await open(t, (method) =>
    method === "POST" ? { status: 401, body: "" } : { status: 405, body: "" },
  );
  await assert.rejects(ask(IDENTITY), { code: "registry-unauthorized" });
});

test("a token server that is named by a path, or without the port of the registry", async (t) => {
  const { server, ask } = await open(t, () => GOOD);
  assert.equal(await ask(PASSWORD, "/token"), "t");
  assert.equal(await ask(PASSWORD, `http://localhost:${server.host.split(":")[1]}/v2/token`), "t");
  assert.equal(await ask(PASSWORD, "http://localhost/v2/token"), "t");
  assert.equal(server.seen.length, 3);
});

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { openRegistry, type Registry } from "../../lib/registry/client.ts";
import type { StoredOrGiven } from "../../lib/registry/credentials.ts";
import type { MirrorError } from "../../lib/messages/errors.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { Secret } from "../../lib/system/secret.ts";
import { noise, putImage } from "../_helpers/registry-images.ts";
import { registryServer } from "../_helpers/registry-server.ts";

const USER = { username: "user", password: "secret" };
const ONCE = { attempts: 1, firstDelay: 1, longestDelay: 1 };
const login = (password: string, sent: StoredOrGiven["sent"]): StoredOrGiven => ({
  credentials: { username: USER.username, password: new Secret(password) },
  sent,
});
const STALE = login("expired", { kind: "stored", file: "/home/me/.docker/config.json" });

function open(
  t: TestContext,
  host: string,
  loginFor: (repository: string | undefined) => Promise<StoredOrGiven | undefined> = async () => undefined,
  loginElsewhere?: (host: string) => Promise<StoredOrGiven | undefined>,
): Registry {
  const transport = openTransport();
  t.after(() => transport.close());
  return openRegistry(host, { transport, login: loginFor, loginElsewhere, retryPolicy: ONCE });
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `localhost:${(server.address() as AddressInfo).port}`;
}

test("a stored login that is out of date does not keep a public image away, and is named once", async (t) => {
  const server = await registryServer({ auth: "token", ...USER });
  t.after(() => server.close());
  for (const repository of ["one", "two"]) putImage(server, { repository, tag: "1", layers: [] });
  const registry = open(t, server.host, async () => STALE);
  const told: MirrorError[] = [];
  const onRetry = ({ error }: { error: unknown }): void => void told.push(error as MirrorError);
  for (const repository of ["one", "two"]) assert.ok(await registry.head(repository, "1", { onRetry }));
  assert.deepEqual(
    told.map(({ code }) => code),
    ["registry-login-stale"],
  );
  assert.match(told[0]!.message, /config\.json.*docker logout localhost:\d+/);
  assert.equal(server.seen.filter(({ url, status }) => url.startsWith("/token") && status === 401).length, 1);
});

test("where the login is needed, its refusal is the error: for a private image, and for every push", async (t) => {
  for (const auth of ["token", "basic"] as const) {
    const server = await registryServer({ auth, ...USER, publicPull: false });
    t.after(() => server.close());
    const registry = open(t, server.host, async () => STALE);
    for (const action of [() => registry.manifest("app", "1"), () => registry.startUpload("app")]) {
      await assert.rejects(action(), (error: MirrorError) => {
        assert.equal(error.code, "registry-unauthorized", auth);
        assert.match(error.message, /config\.json/);
        assert.match(error.hint, /docker logout/);
        return true;
      });
    }
    const given = open(t, server.host, async () => login("wrong", { kind: "settings" }));
    await assert.rejects(given.manifest("app", "1"), { code: "registry-unauthorized", hint: /MIRROR_PASSWORD/ });
  }
});

test("each part of a registry gets its own login, and none the other's token", async (t) => {
  const seen: string[] = [];
  const host = await serve(t, ({ url = "", headers }, response) => {
    const scopes = new URL(url, "http://x").searchParams.getAll("scope").join(" ");
    if (url.startsWith("/token")) {
      seen.push(`${Buffer.from(headers.authorization!.slice(6), "base64").toString()} ${scopes}`);
      return void response.end(JSON.stringify({ token: "t" }));
    }
    if (headers.authorization !== undefined) return void response.writeHead(404).end();
    return void response.writeHead(401, { "www-authenticate": `Bearer realm="http://${host}/token"` }).end();
  });
  const logins = new Map(
    ["org-a", "org-b"].map((name) => [
      name,
      { credentials: { username: name, password: new Secret("x") }, sent: { kind: "stored", file: "f" } } as const,
    ]),
  );
  const registry = open(t, host, async (repository) => logins.get(repository?.split("/")[0] ?? ""));
  registry.expect({ pull: ["org-a/one", "org-b/one", "org-a/two"] });
  for (const repository of ["org-a/one", "org-b/one", "org-a/two"]) await registry.head(repository, "1");
  assert.deepEqual(seen, [
    "org-a:x repository:org-a/one:pull repository:org-a/two:pull",
    "org-b:x repository:org-b/one:pull",
  ]);
});

test("many repositories get tokens that stay short, and a front that wants shorter ones gets them", async (t) => {
  for (const [status, most] of [
    [200, Infinity],
    [400, 1],
    [413, 1],
    [414, 1],
    [431, 1],
    [494, 1],
  ] as const) {
    let tokens = 0;
    const host = await serve(t, ({ url = "", headers }, response) => {
      const scopes = new URL(url, "http://x").searchParams.getAll("scope");
      if (url.startsWith("/token")) {
        tokens += 1;
        assert.ok(scopes.join("").length < 2600);
        return void response.end(JSON.stringify({ token: `t${scopes.length}` }));
      }
      const { authorization } = headers;
      if (authorization === undefined)
        return void response.writeHead(401, { "www-authenticate": `Bearer realm="http://${host}/token"` }).end();
      const isLong = Number(authorization.slice("Bearer t".length)) > most;
      return void response.writeHead(isLong ? status : 404).end(isLong ? "<html>too large</html>" : "");
    });
    const repositories = Array.from(
      { length: 40 },
      (_, index) => `vendor-with-a-name/product-with-a-longer-name-${index}`,
    );
    const registry = open(t, host);
    registry.expect({ push: repositories });
    for (const repository of repositories)
      assert.equal(await registry.head(repository, "1"), undefined, String(status));
    if (status === 200) assert.ok(tokens > 1 && tokens < 5, String(tokens));
  }
});

test("a refusal in the registry's own words is not taken for a long token", async (t) => {
  const server = await registryServer({ auth: "token", ...USER });
  t.after(() => server.close());
  const registry = open(t, server.host);
  registry.expect({ pull: ["one", "two"] });
  await registry.head("one", "1");
  server.clear();
  const text = JSON.stringify({ errors: [{ code: "TAG_INVALID", message: "no such tag" }] });
  server.setFault(() => ({ status: 400, body: text }));
  await assert.rejects(registry.manifest("one", "1"), { code: "registry-refused" });
  assert.equal(server.seen.length, 1);
});

const METHODS: readonly (readonly [header: Record<string, string>, message: RegExp])[] = [
  [{}, /no WWW-Authenticate/],
  [{ "www-authenticate": "" }, /no WWW-Authenticate/],
  [{ "www-authenticate": 'Digest realm="r", nonce="n"' }, /it offers "Digest"/],
  [{ "www-authenticate": 'Bearer service="s"' }, /Bearer without a token server/],
  [{ "www-authenticate": 'Bearer realm="/token",service="s"' }, /names its token server as "\/token", which is not/],
  [{ "www-authenticate": 'Bearer realm="file:///etc/passwd"' }, /names its token server as "file:\/\/\/etc\/passwd"/],
];

for (const [header, message] of METHODS) {
  test(`a 401 with ${JSON.stringify(header)} does not blame a login that was not sent`, async (t) => {
    const host = await serve(t, (_request, response) => void response.writeHead(401, header).end());
    const registry = open(t, host, async () => login("secret", { kind: "settings" }));
    await assert.rejects(registry.ping(), (error: MirrorError) => {
      assert.equal(error.code, "registry-login-method");
      assert.match(error.message, message);
      assert.doesNotMatch(error.hint, /MIRROR_|docker login/);
      return true;
    });
  });
}

test("a redirect to another registry gets that one's token, and that one's login alone", async (t) => {
  const real = await registryServer({ auth: "token", ...USER, publicPull: false });
  t.after(() => real.close());
  const layer = noise("layer", 100);
  putImage(real, { repository: "project/app", tag: "1", layers: [layer] });
  const headers: (string | undefined)[] = [];
  const door = await serve(t, (request, response) => {
    headers.push(request.headers.authorization);
    const location = `http://${real.host}/v2/project${request.url!.slice(3)}`;
    response.writeHead(307, { location }).end();
  });
  const asked: string[] = [];
  const elsewhere = async (host: string): Promise<StoredOrGiven> => {
    asked.push(host);
    return login(USER.password, { kind: "stored", file: "f" });
  };
  const registry = open(t, door, async () => login("only for the door", { kind: "settings" }), elsewhere);
  const manifest = await registry.manifest("app", "1");
  assert.equal((await registry.head("app", "1"))?.digest, manifest.descriptor.digest);
  assert.equal(real.count("GET", /token/), 1);
  assert.deepEqual([...new Set(asked)], [real.host]);
  assert.ok(headers.every((each) => each === undefined));
  const stranger = open(t, door, async () => login(USER.password, { kind: "settings" }));
  await assert.rejects(stranger.manifest("app", "1"), {
    code: "registry-login-missing",
    message: new RegExp(`redirects to "${real.host}"`),
  });
});

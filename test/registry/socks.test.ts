import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readBody } from "../../lib/registry/body.ts";
import { readProxies } from "../../lib/registry/proxy.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { socksServer } from "../_helpers/socks-server.ts";

const tls = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url)), "utf8");
const CERTIFICATE = tls("certificate.pem");

const inside = (_: unknown, response: { end: (text: string) => void }): void => response.end("inside");

async function target(t: TestContext, secure: boolean): Promise<number> {
  const server = secure ? createTlsServer({ key: tls("key.pem"), cert: CERTIFICATE }, inside) : createServer(inside);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What comes from `url` by the proxy in `variable`. */
async function get(t: TestContext, url: string, environment: Record<string, string>): Promise<string> {
  const transport = openTransport({ proxies: readProxies(environment), authorities: [CERTIFICATE], idleTimeout: 500 });
  t.after(() => transport.close());
  const answer = await transport.send({ method: "GET", url: new URL(url) });
  return (await readBody(answer, 1000))!.toString();
}

for (const [variable, scheme, url, place] of [
  ["HTTPS_PROXY", "socks5", "https://registry.example/", "registry.example:443"],
  ["ALL_PROXY", "socks5h", "https://registry.example:5000/", "registry.example:5000"],
  ["all_proxy", "socks", "http://plain.example/", "plain.example:80"],
  ["HTTP_PROXY", "socks5", "http://10.1.2.3:5000/", "10.1.2.3:5000"],
  ["HTTP_PROXY", "socks5", "http://[fd00::1:2]:5000/", "fd000000000000000000000000010002:5000"],
] as const) {
  test(`${url} by ${scheme} in ${variable}: the proxy gets the name`, async (t) => {
    const socks = await socksServer(t, await target(t, url.startsWith("https:")), { pieces: 3 });
    assert.equal(await get(t, url, { [variable]: `${scheme}://127.0.0.1:${socks.port}` }), "inside");
    assert.deepEqual(socks.seen, [place]);
  });
}

test("a login for the proxy, right, wrong and missing", async (t) => {
  const login = { username: "corp", password: "p@ss:50%" };
  const socks = await socksServer(t, await target(t, true), { login });
  const by = (user: string) =>
    get(t, "https://registry.example/", { ALL_PROXY: `socks5://${user}127.0.0.1:${socks.port}` });
  assert.equal(await by("corp:p@ss:50%@"), "inside");
  assert.deepEqual(socks.seen, ["corp:p@ss:50%@registry.example:443"]);
  await assert.rejects(by("corp:wrong@"), { code: "registry-proxy-login", hint: /refused .* ALL_PROXY: correct/ });
  await assert.rejects(by(""), { code: "registry-proxy-login", hint: /into ALL_PROXY as socks5:\/\/USER:PASSWORD@/ });
});

test("what a proxy says that does not connect, and one that is none", async (t) => {
  const port = await target(t, false);
  const cases: readonly (readonly [options: Parameters<typeof socksServer>[2], message: RegExp])[] = [
    [{ reply: 2 }, /rules do not allow/],
    [{ reply: 4 }, /cannot reach the host/],
    [{ reply: 99 }, /failure of its own/],
    [{ greeting: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") }, /does not speak SOCKS 5/],
    [{ greeting: Buffer.alloc(0) }, /closed the connection/],
  ];
  for (const [options, message] of cases) {
    const socks = await socksServer(t, port, options);
    await assert.rejects(get(t, "http://registry.example/", { ALL_PROXY: `socks5://127.0.0.1:${socks.port}` }), {
      code: "registry-proxy",
      message,
    });
  }
  await assert.rejects(get(t, "http://registry.example/", { ALL_PROXY: "socks5://127.0.0.1:1" }), {
    code: "registry-proxy",
    message: /ECONNREFUSED/,
  });
});

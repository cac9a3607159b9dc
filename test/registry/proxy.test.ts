import assert from "node:assert/strict";
import { test } from "node:test";
import { isThisMachine, readProxies, proxyFor } from "../../lib/registry/proxy.ts";

const proxies = (none: string) =>
  readProxies({
    HTTPS_PROXY: "http://user:word@proxy.example:3128",
    http_proxy: "plain.example:8080",
    NO_PROXY: none,
  });

test("the variables every tool reads", () => {
  const { http, https, none } = proxies("a.example, .b.example");
  assert.deepEqual(
    [https?.variable, https?.protocol, https?.host, https?.login?.username, https?.login?.password.reveal()],
    ["HTTPS_PROXY", "http", "proxy.example:3128", "user", "word"],
  );
  assert.deepEqual([http?.variable, http?.host, http?.login], ["http_proxy", "plain.example:8080", undefined]);
  assert.deepEqual(none, ["a.example", ".b.example"]);
  assert.deepEqual(readProxies({}), { none: [] });
  assert.equal(readProxies({ HTTPS_PROXY: "" }).https, undefined);
  assert.equal(readProxies({ ALL_PROXY: "http://all.example" }).https?.hostname, "all.example");
  assert.equal(
    readProxies({ https_proxy: "http://lower.example", HTTPS_PROXY: "http://upper.example" }).https?.hostname,
    "lower.example",
  );
});

const CASES: readonly (readonly [target: string, none: string, host: string | undefined])[] = [
  ["https://registry.example/v2/", "", "proxy.example:3128"],
  ["http://registry.example/v2/", "", "plain.example:8080"],
  ["https://localhost:5000/", "", undefined],
  ["https://127.0.0.1:5000/", "", undefined],
  ["https://[::1]:5000/", "", undefined],
  ["https://registry.example/", "*", undefined],
  ["https://registry.example/", "registry.example", undefined],
  ["https://REGISTRY.example/", "Registry.Example", undefined],
  ["https://sub.registry.example/", "registry.example", undefined],
  ["https://sub.registry.example/", ".registry.example", undefined],
  ["https://sub.registry.example/", "*.registry.example", undefined],
  ["https://otherregistry.example/", "registry.example", "proxy.example:3128"],
  ["https://registry.example.org/", "registry.example", "proxy.example:3128"],
  ["https://registry.example:5000/", "registry.example:5000", undefined],
  ["https://registry.example:5001/", "registry.example:5000", "proxy.example:3128"],
  ["https://registry.example/", "registry.example:443", undefined],
  ["https://10.1.2.3/", "10.0.0.0/8", undefined],
  ["https://11.1.2.3/", "10.0.0.0/8", "proxy.example:3128"],
  ["https://10.1.2.3/", "10.0.0.0/zero", "proxy.example:3128"],
  ["https://[fd00::1]/", "fd00::/8", undefined],
  ["https://[fd00::1]/", "fd00::1", undefined],
  ["https://10.1.2.3/", "1.2.3", "proxy.example:3128"],
];

for (const [target, none, host] of CASES) {
  test(`${target} with NO_PROXY "${none}" goes ${host === undefined ? "directly" : `by ${host}`}`, () => {
    assert.equal(proxyFor(new URL(target), proxies(none))?.host, host);
  });
}

test("what names this machine", () => {
  for (const host of ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
    assert.ok(isThisMachine(host), host);
  for (const host of ["localhost.example", "128.0.0.1", "127.example", "::2"]) assert.ok(!isThisMachine(host), host);
});

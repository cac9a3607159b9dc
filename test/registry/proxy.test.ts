import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { MirrorError } from "../../lib/messages/errors.ts";
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

const PROXIES: readonly (readonly [value: string, proxy: string, login?: string])[] = [
  ["http://corp:pa%ss@proxy.example:3128", "http proxy.example:3128", "corp pa%ss"],
  ["http://corp:50%@proxy.example:3128", "http proxy.example:3128", "corp 50%"],
  ["http://corp:p%40ss@proxy.example", "http proxy.example:80", "corp p@ss"],
  ["http://corp:p@s#s/?@proxy.example:3128/", "http proxy.example:3128", "corp p@s#s/?"],
  ["http://corp:%E9%zz@proxy.example:3128", "http proxy.example:3128", "corp %E9%zz"],
  ["http://corp@proxy.example", "http proxy.example:80", "corp "],
  ["https://proxy.example", "https proxy.example:443"],
  ["  proxy.example:8080  ", "http proxy.example:8080"],
  ["SOCKS5://proxy.example", "socks5 proxy.example:1080"],
  ["socks5h://u:p@[fd00::1]:7891", "socks5 [fd00::1]:7891", "u p"],
  ["socks://127.0.0.1:7890/", "socks5 127.0.0.1:7890"],
];

for (const [value, expected, login] of PROXIES) {
  test(`the proxy ${value}`, () => {
    const { https } = readProxies({ ALL_PROXY: value });
    assert.equal(`${https?.protocol} ${https?.host}`, expected);
    assert.equal(https?.login && `${https.login.username} ${https.login.password.reveal()}`, login);
    assert.doesNotMatch(inspect(https), /pa%ss|p@ss/);
  });
}

test("a proxy that cannot be used is an error that names its variable, and shows no password", () => {
  const values = [
    "ftp://proxy.example",
    "socks4://proxy.example:1080",
    "http://",
    "http://u:topsecret@",
    "http://proxy.example:0",
    "http://proxy.example:port",
    "http://proxy.example:99999",
    "http://two words:3128",
    '"http://proxy.example:3128"',
    "http://[fd00::1",
    `socks5://u:${"x".repeat(256)}@proxy.example`,
  ];
  for (const value of values) {
    for (const variable of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"]) {
      assert.throws(
        () => readProxies({ [variable]: value }),
        (error: MirrorError) => {
          assert.deepEqual([error.code, error.exit], ["proxy-invalid", 2], value);
          assert.match(error.message, new RegExp(variable), value);
          assert.doesNotMatch(`${error.message} ${error.hint}`, /topsecret|xxxx/);
          return true;
        },
        value,
      );
    }
  }
});

const WILDCARDS: readonly (readonly [pattern: string, host: string, fits: boolean])[] = [
  ["a*b*c", "abc", true],
  ["a*b*c", "a.b.b.c", true],
  ["a*b*c", "a.c.b", false],
  ["ab*ba", "aba", false],
  ["a*bc*c", "abc", false],
  ["*x*", "axb", true],
  // as an expression this one takes longer than anybody waits
  [`*a${"*b".repeat(30)}*c`, "ab".repeat(60), false],
];

for (const [pattern, host, fits] of WILDCARDS) {
  test(`NO_PROXY "${pattern}" ${fits ? "fits" : "does not fit"} ${host}`, () => {
    assert.equal(proxyFor(new URL(`https://${host}/`), proxies(pattern)) === undefined, fits);
  });
}

const pastLan = (target: string) => proxyFor(new URL(target), proxies("10.*;192.168.*, *.corp.example"))?.host;

test("NO_PROXY with wildcards, as people write them", () => {
  assert.equal(pastLan("https://10.1.2.3/"), undefined);
  assert.equal(pastLan("https://192.168.7.1:5000/"), undefined);
  assert.equal(pastLan("https://r.corp.example/"), undefined);
  assert.equal(pastLan("https://110.1.2.3/"), "proxy.example:3128");
  assert.equal(pastLan("https://10.example/"), undefined);
});

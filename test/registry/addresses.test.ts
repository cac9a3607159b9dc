import assert from "node:assert/strict";
import { test } from "node:test";
import { type AddressKind, atPortOf, readAddress } from "../../lib/registry/addresses.ts";

const KINDS: readonly AddressKind[] = ["redirect", "location", "realm", "link"];
const at = (kind: AddressKind, from: string, text: string, plain: readonly string[] = []): string =>
  readAddress({ kind, text, from: new URL(from), host: "r.example", mayBePlain: ({ host }) => plain.includes(host) })
    .href;

const GOOD: readonly (readonly [what: string, from: string, text: string, to: string])[] = [
  ["a path", "https://r.example/v2/a", "/v2/b?x=1", "https://r.example/v2/b?x=1"],
  ["the same host by http after https", "https://r.example/v2/", "http://r.example/v2/b", "https://r.example/v2/b"],
  ["the same, at another port", "https://r.example:8443/v2/", "http://r.example/v2/b", "https://r.example:8443/v2/b"],
  ["the same, whatever port it says", "https://r.example/v2/", "http://r.example:80/b", "https://r.example/b"],
  ["a lost port", "https://r.example:8443/v2/", "https://r.example/v2/b", "https://r.example:8443/v2/b"],
  ["a lost port without TLS", "http://r.example:5000/v2/", "http://r.example/v2/b", "http://r.example:5000/v2/b"],
  [
    "another service of the host",
    "https://r.example:5050/v2/",
    "https://r.example/jwt/auth",
    "https://r.example/jwt/auth",
  ],
  ["another host by TLS", "https://r.example/v2/", "https://cdn.example/v2/b", "https://cdn.example/v2/b"],
  ["from http to https", "http://r.example:5000/v2/", "https://r.example/v2/b", "https://r.example/v2/b"],
  ["another host without TLS, from there", "http://r.example/v2/", "http://cdn.example/b", "http://cdn.example/b"],
];

for (const [what, from, text, to] of GOOD) {
  test(`${what}: the same for redirect, Location, realm and Link`, () => {
    for (const kind of KINDS) assert.equal(at(kind, from, text), to, kind);
  });
}

test("another host by http after https is refused, but where no TLS is allowed", () => {
  for (const kind of KINDS) {
    for (const text of ["http://other.example/b", "http://r.example@evil.example/", "http://r.example.evil.example/"])
      assert.throws(() => at(kind, "https://r.example/v2/", text), { code: "registry-answer" }, `${kind} ${text}`);
    assert.equal(at(kind, "https://r.example/v2/", "http://lan.example/b", ["lan.example"]), "http://lan.example/b");
  }
});

test("what is no address is refused", () => {
  for (const kind of KINDS) {
    for (const text of ["http://[", "ftp://r.example/", "javascript:alert(1)", "file:///etc/passwd"])
      assert.throws(() => at(kind, "https://r.example/v2/", text), { code: "registry-answer" }, `${kind} ${text}`);
  }
});

test("the port of the request, where only that may be lost", () => {
  const cases: readonly (readonly [from: string, url: string, moved: string | undefined])[] = [
    ["https://r.example:8443/", "https://r.example/token", "https://r.example:8443/token"],
    ["https://r.example/", "https://r.example/token", undefined],
    ["https://r.example:8443/", "https://r.example:9443/token", undefined],
    ["https://r.example:8443/", "https://auth.example/token", undefined],
    ["http://r.example:5000/", "https://r.example/token", undefined],
  ];
  for (const [from, url, moved] of cases) assert.equal(atPortOf(new URL(from), new URL(url))?.href, moved, url);
});

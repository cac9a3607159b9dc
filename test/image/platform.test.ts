import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPlatform, parsePlatform, wantedPlatform } from "../../lib/image/platform.ts";

const cases: readonly [text: string, normal: string][] = [
  ["linux/amd64", "linux/amd64"],
  ["amd64", "linux/amd64"],
  ["Linux/x86_64", "linux/amd64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/v6", "linux/arm/v6"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/i386", "linux/386"],
  ["windows/amd64", "windows/amd64"],
];

for (const [text, normal] of cases) {
  test(`${text} is ${normal}`, () => assert.equal(formatPlatform(parsePlatform(text)), normal));
}

for (const text of ["", "/", "linux/", "a/b/c/d", "linux/am d64", "linux/$(id)", "-o"]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parsePlatform(text), { code: "platform-invalid", exit: 2 });
  });
}

for (const text of ["linux/foo", "constructor", "all", "linux", "foo/amd64", "linux/__proto__", "unknown/unknown"]) {
  test(`nobody can want ${text}`, () => {
    assert.throws(() => wantedPlatform(text), { code: "platform-invalid", exit: 2 });
  });
}

test("what a registry says may have names that are not known here", () => {
  assert.deepEqual(parsePlatform("unknown/unknown"), { os: "unknown", architecture: "unknown" });
  assert.deepEqual(parsePlatform("constructor"), { os: "linux", architecture: "constructor" });
  assert.equal(wantedPlatform("linux/loong64"), "linux/loong64");
});

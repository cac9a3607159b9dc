import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, formatDigest, hashFor, matchesDigest, parseDigest } from "../../lib/image/digest.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("digests of the registered algorithms are read", () => {
  assert.deepEqual(parseDigest(`sha256:${EMPTY}`), { algorithm: "sha256", hex: EMPTY });
  assert.deepEqual(parseDigest(`sha512:${"0f".repeat(64)}`), { algorithm: "sha512", hex: "0f".repeat(64) });
  assert.equal(formatDigest(parseDigest(`sha256:${EMPTY}`)), `sha256:${EMPTY}`);
});

test("everything else is refused, above all what could become a path", () => {
  const bad = [
    "",
    EMPTY,
    "sha256:",
    `sha256:${EMPTY}0`,
    `sha256:${EMPTY.slice(1)}`,
    `sha256:${EMPTY.toUpperCase()}`,
    `SHA256:${EMPTY}`,
    `sha256:${EMPTY}\n`,
    ` sha256:${EMPTY}`,
    `sha512:${EMPTY}`,
    `md5:${EMPTY.slice(32)}`,
    `sha256:../../../../../../../../../../../../../../etc/passwd/../../../../abcd`,
    `sha256:${"a/".repeat(32)}`,
    `sha256:${"x".repeat(10_000)}`,
  ];
  for (const text of bad) assert.throws(() => parseDigest(text), { code: "digest-invalid" }, JSON.stringify(text));
  assert.throws(
    () => parseDigest("x".repeat(10_000)),
    (error: Error) => error.message.length < 300,
  );
});

test("content is matched by the digest's own algorithm", () => {
  assert.equal(digestOf(""), `sha256:${EMPTY}`);
  assert.equal(matchesDigest(Buffer.from(""), digestOf("")), true);
  assert.equal(matchesDigest(Buffer.from("a"), digestOf("")), false);
  const long = `sha512:${hashFor(`sha512:${"0".repeat(128)}`)
    .update("a")
    .digest("hex")}`;
  assert.equal(matchesDigest(Buffer.from("a"), long), true);
});

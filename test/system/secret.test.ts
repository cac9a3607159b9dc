import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { Secret } from "../../lib/system/secret.ts";

const VALUE = `p"'$\\ %ü/+&x`;
const SECRET = new Secret(VALUE);

test("a secret prints as redacted", () => {
  assert.deepEqual(
    [String(SECRET), JSON.stringify({ SECRET }), inspect(SECRET)],
    ["[REDACTED]", '{"SECRET":"[REDACTED]"}', "[REDACTED]"],
  );
  assert.equal(SECRET.reveal(), VALUE);
});

const FORMS: readonly (readonly [name: string, form: string])[] = [
  ["as it is", VALUE],
  ["in a URL", encodeURIComponent(VALUE)],
  ["in a form", new URLSearchParams([["", VALUE]]).toString().slice(1)],
  ["in JSON", JSON.stringify(VALUE).slice(1, -1)],
  ["in base64", Buffer.from(VALUE).toString("base64")],
  ["in base64 with the user's name", Buffer.from(`me:${VALUE}`).toString("base64")],
  ["in base64 without padding", Buffer.from(`me:${VALUE}`).toString("base64").replace(/=+$/, "")],
];

for (const [name, form] of FORMS) {
  test(`a secret is hidden ${name}`, () => {
    assert.equal(SECRET.hideIn(`said: ${form}, and ${form}`, "me"), "said: [REDACTED], and [REDACTED]");
  });
}

test("an empty secret hides nothing", () => {
  assert.equal(new Secret("").hideIn("said"), "said");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { storeError } from "../../lib/store/files.ts";

const CODES: readonly (readonly [errno: string, code: string, hint: RegExp])[] = [
  ["ENOSPC", "store-full", /free some space/],
  ["EDQUOT", "store-full", /free some space/],
  ["EMFILE", "store-open-files", /ulimit -n/],
  ["ENFILE", "store-open-files", /ulimit -n/],
  ["EACCES", "store-write", /permissions/],
];

for (const [errno, code, hint] of CODES) {
  test(`${errno} in the store is ${code}`, () => {
    const error = storeError("/store", "store-write", Object.assign(new Error(errno), { code: errno }));
    assert.equal(error.code, code);
    assert.match(error.hint, hint);
  });
}

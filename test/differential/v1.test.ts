/** The list of what docker-compose v1 refuses, held to the real v1 and v2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFolder } from "../_helpers/compose-folder.ts";
import { V1_READS, V1_REFUSES, v1File } from "../_helpers/v1-cases.ts";
import { configV1, configV2 } from "./real-compose.ts";

function ask(yaml: string) {
  return inFolder({ "docker-compose.yml": v1File(yaml) }, async (folder) => {
    const call = { cwd: folder, files: [], envFiles: [], profiles: [], environment: { HOME: folder } };
    const [v1, v2] = [await configV1(call), await configV2(call)];
    return { v1: "refusal" in v1 ? v1.refusal : undefined, v2: "refusal" in v2 ? v2.refusal : undefined };
  });
}

for (const { what, yaml } of V1_REFUSES) {
  test(`v1 refuses and v2 reads: ${what}`, async () => {
    const { v1, v2 } = await ask(yaml);
    assert.notEqual(v1, undefined, yaml);
    assert.equal(v2, undefined, yaml);
  });
}

for (const yaml of V1_READS) {
  test(`v1 and v2 read: ${yaml.trim()}`, async () => {
    assert.deepEqual(await ask(yaml), { v1: undefined, v2: undefined });
  });
}

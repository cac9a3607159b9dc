import assert from "node:assert/strict";
import { test } from "node:test";
import { readRegistryAnswer } from "../../lib/config/registry-answer.ts";

for (const [pasted, registry, namespace, username] of [
  ["registry.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com", undefined, undefined],
  [" https://Registry.example:5000/ ", "registry.example:5000", undefined, undefined],
  [
    "crpi-ab12cd.cn-hangzhou.personal.cr.aliyuncs.com/team/app:[tag]",
    "crpi-ab12cd.cn-hangzhou.personal.cr.aliyuncs.com",
    "team",
    undefined,
  ],
  [
    "docker login --username=me@corp registry-vpc.cn-beijing.aliyuncs.com",
    "registry-vpc.cn-beijing.aliyuncs.com",
    undefined,
    "me@corp",
  ],
  ["$ docker login -u me r.example", "r.example", undefined, "me"],
  ["docker push r.example/team/app:1", "r.example", "team", undefined],
] as const) {
  test(`pasted: ${pasted}`, () => {
    const answer = readRegistryAnswer(pasted);
    assert.deepEqual([answer.registry, answer.namespace, answer.username], [registry, namespace, username]);
  });
}

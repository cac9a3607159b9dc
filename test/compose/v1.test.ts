import assert from "node:assert/strict";
import { test } from "node:test";
import { v1Problems } from "../../lib/compose/v1.ts";
import { render } from "../../lib/messages/message.ts";
import { V1_READS, V1_REFUSES, v1File } from "../_helpers/v1-cases.ts";
import { type Files, inFolder, loadFrom } from "../_helpers/compose-folder.ts";

const cases: readonly [what: string, files: Files, problems: readonly string[]][] = [
  [
    "what v1 reads",
    {
      "docker-compose.yml":
        "version: '3.8'\nx-a: &a {A: '${B:-c}'}\nservices:\n  a: {image: x, environment: {<<: *a, D: '$$${E}'}, depends_on: {b: {condition: service_healthy}}, env_file: [.e]}\n  b: {image: y, profiles: [p]}\nvolumes: {v: {}}\n",
      ".e": "",
    },
    [],
  ],
  ["a top-level name", { "compose.yml": "name: n\nservices: {a: {image: x}}" }, ['compose.yml:1:7: top-level "name"']],
  [
    "include, in the included file too",
    { "compose.yml": "include: [b.yml]\n", "b.yml": "name: n\nservices: {a: {image: x}}" },
    ['compose.yml:1:10: top-level "include"', 'b.yml:1:7: top-level "name"'],
  ],
  [
    "a mapping in env_file",
    { "compose.yml": "services:\n  a:\n    image: x\n    env_file:\n      - path: .e\n        required: false\n" },
    ["compose.yml:5:15: services.a.env_file.0.path"],
  ],
  [
    "depends_on.required",
    {
      "compose.yml":
        "services:\n  b: {image: x}\n  a:\n    image: x\n    depends_on:\n      b: {condition: service_started, required: true}\n",
    },
    ["compose.yml:6:49: services.a.depends_on.b.required"],
  ],
  ["develop", { "compose.yml": "services: {a: {image: x, develop: {}}}" }, ["compose.yml:1:35: services.a.develop"]],
  [
    "tags",
    { "compose.yml": "services: {a: {image: x, command: !reset null}}" },
    ["compose.yml:1:1: the tag on services.a.command"],
  ],
  [
    "several documents",
    { "compose.yml": "services: {a: {image: x}}\n---\nservices: {}\n" },
    ["compose.yml:3:1: a second YAML document in one file"],
  ],
  [
    "variable forms",
    { "compose.yml": "services: {a: {image: 'x${A:+b}', command: '${A:-${B:-c}}'}}" },
    ['compose.yml:1:23: a variable form with "+"', "compose.yml:1:44: a variable within another's default"],
  ],
  [
    "a lone dollar",
    { "compose.yml": "services: {a: {image: x, command: 'a$ $$b'}}" },
    ['compose.yml:1:35: a "$" that begins no variable'],
  ],
  [
    "an image without a value",
    { "compose.yml": "services: {a: {image: x}}", "compose.override.yml": "services: {a: {image: }}" },
    ["compose.override.yml:1:23: an image without a value"],
  ],
  [
    "an anchor's name given again",
    { "compose.yml": "x-1: &i one\nservices:\n  a: {image: &i two}\n" },
    ["compose.yml:3:17: an anchor of a name that is taken"],
  ],
  [
    "words and numbers of YAML 1.1",
    {
      "compose.yml":
        "services:\n  no:\n    image: x\n    restart: no\n    tty: yes\n    ports: [22:22, '22:22', 8080:80]\n    labels: {on: 'off', 'off': \"yes\"}\n",
    },
    [
      "compose.yml:3:5: the key no without quotes",
      "compose.yml:4:14: no without quotes",
      "compose.yml:6:13: 22:22 without quotes",
      "compose.yml:7:18: the key on without quotes",
    ],
  ],
];

for (const [what, files, problems] of cases) {
  test(`docker-compose v1: ${what}`, async () => {
    await inFolder(files, async (folder) => {
      const project = await loadFrom(folder);
      assert.deepEqual(
        v1Problems(project).map((each) => render(each, "en")),
        problems.map((each) => `${folder}/${each}`),
      );
    });
  });
}

for (const { what, yaml, told } of V1_REFUSES) {
  test(`reported for docker-compose v1: ${what}`, async () => {
    await inFolder({ "docker-compose.yml": v1File(yaml) }, async (folder) => {
      const problems = v1Problems(await loadFrom(folder));
      assert.deepEqual(
        problems.map((each) => render(each, "en").replace(/^.*?:\d+:\d+: /, "")),
        [told],
      );
    });
  });
}

for (const yaml of V1_READS) {
  test(`nothing is reported for docker-compose v1: ${yaml.trim()}`, async () => {
    await inFolder({ "docker-compose.yml": v1File(yaml) }, async (folder) => {
      assert.deepEqual(v1Problems(await loadFrom(folder)), []);
    });
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../lib/compose/document.ts";
import { loadFiles } from "../_helpers/compose-folder.ts";

/** A value as JSON. */
function plain(value: Value | undefined): unknown {
  if (value === undefined) return undefined;
  if (value.kind === "mapping") {
    return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry)]));
  }
  if (value.kind === "sequence") return value.items.map(plain);
  return value.type === "null" ? null : value.text;
}

/** An attribute in a file, in the file over it, and merged. */
const ATTRIBUTES: readonly (readonly [what: string, key: string, earlier: string, later: string, merged: unknown])[] = [
  ["the later scalar wins", "hostname", "a", "b", "b"],
  ["null leaves what is there", "hostname", "a", "null", "a"],
  ["mappings merge by key", "x-m", "{ a: 1, b: { c: 2 } }", "{ b: { d: 3 } }", { a: "1", b: { c: "2", d: "3" } }],
  ["lists grow without repeating", "security_opt", "[a, b]", "[b, c]", ["a", "b", "c"]],
  ["entries that are mappings are compared too", "x-l", "[{ a: 1 }]", "[{ a: 1 }, { a: 2 }]", [{ a: "1" }, { a: "2" }]],
  ["command is replaced", "command", "[a, b]", "c d", "c d"],
  ["entrypoint is replaced", "entrypoint", "[a]", "[b]", ["b"]],
  ["a test is replaced", "healthcheck", "{ test: [a], interval: 1s }", "{ test: b }", { test: "b", interval: "1s" }],
  ["environment by key, in both forms", "environment", "[A=1, B]", "{ B: x, C: null }", { A: "1", B: "x", C: null }],
  ["labels by key", "labels", "{ a: 1 }", "[a=2]", { a: "2" }],
  [
    "labels of a deployment by key",
    "deploy",
    "{ labels: [a=1] }",
    "{ labels: { b: 2 } }",
    { labels: { a: "1", b: "2" } },
  ],
  ["env files are added", "env_file", "a.env", "[b.env, a.env]", ["a.env", "b.env"]],
  ["an env file counts once", "env_file", "[a]", "[{ path: a, required: false }]", [{ path: "a", required: "false" }]],
  ["dns, one or several", "dns", "1.1.1.1", "[8.8.8.8]", ["1.1.1.1", "8.8.8.8"]],
  ["extra hosts, in both forms", "extra_hosts", "{ a: 1.1.1.1 }", "['b:1.1.1.2']", ["a=1.1.1.1", "b:1.1.1.2"]],
  ["volumes by target", "volumes", "['./a:/x', './b:/y/']", "['./c:/y', 'z:/z']", ["./a:/x", "./c:/y", "z:/z"]],
  [
    "volumes by target, in both forms",
    "volumes",
    "['./a:/x:ro']",
    "[{ type: bind, source: ./b, target: /x }]",
    [{ type: "bind", source: "./b", target: "/x" }],
  ],
  ["devices by target", "devices", "['/dev/a:/dev/x']", "['/dev/b:/dev/x']", ["/dev/b:/dev/x"]],
  [
    "secrets by target",
    "secrets",
    "[a]",
    "[{ source: b, target: /run/secrets/a }]",
    [{ source: "b", target: "/run/secrets/a" }],
  ],
  ["configs by name", "configs", "[a]", "[a, b]", ["a", "b"]],
  [
    "networks as names and as mapping",
    "networks",
    "[a, b]",
    "{ b: { aliases: [c] } }",
    { a: null, b: { aliases: ["c"] } },
  ],
  ["names do not drop settings", "networks", "{ a: { aliases: [c] } }", "[a]", { a: { aliases: ["c"] } }],
  [
    "options of one driver",
    "logging",
    "{ driver: a, options: { x: 1 } }",
    "{ options: { y: 2 } }",
    { driver: "a", options: { x: "1", y: "2" } },
  ],
  ["options of another driver", "logging", "{ driver: a, options: { x: 1 } }", "{ driver: b }", { driver: "b" }],
];
for (const [what, key, earlier, later, merged] of ATTRIBUTES) {
  test(`compose's rules: ${what}`, async () => {
    const files = {
      "compose.yaml": `services:\n  a:\n    image: x\n    ${key}: ${earlier}\n`,
      "compose.override.yaml": `services:\n  a:\n    ${key}: ${later}\n`,
    };
    const { definitions } = await loadFiles(files);
    assert.deepEqual(plain(definitions.services.get("a")!.attributes.get(key)), merged);
  });
}

test("networks, volumes, configs and secrets are merged and reset", async () => {
  const { definitions } = await loadFiles({
    "compose.yaml": `services: { a: { image: x } }
networks: { n: { labels: [a=1], ipam: { config: [{ subnet: 10.0.0.0/24 }] } }, gone: {} }
volumes: { v: { driver: local, driver_opts: { type: none, o: bind, device: ./d } } }
secrets: { s: { file: a.txt } }
`,
    "compose.override.yaml": `networks:
  n: { labels: { b: 2 }, ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.1 }] } }
  gone: !reset null
volumes: { v: { driver_opts: !override { type: tmpfs } } }
secrets: { s: { file: b.txt } }
`,
  });
  const { networks, volumes, secrets } = definitions;
  assert.deepEqual([...networks.keys()], ["n"]);
  assert.deepEqual(plain(networks.get("n")), {
    labels: { a: "1", b: "2" },
    ipam: { config: [{ subnet: "10.0.0.0/24", gateway: "10.0.0.1" }] },
  });
  assert.deepEqual(plain(volumes.get("v")), { driver: "local", driver_opts: { type: "tmpfs" } });
  assert.deepEqual(plain(secrets.get("s")), { file: "b.txt" });
});

test("kinds that do not fit are refused with both places", async () => {
  const files = {
    "compose.yaml": "services: { a: { image: x, security_opt: [y] } }",
    "compose.override.yaml": "services: { a: { security_opt: { y: z } } }",
  };
  await assert.rejects(loadFiles(files), {
    code: "compose-invalid",
    message: /compose\.override\.yaml:1:.*sequence at .*compose\.yaml:1:/,
  });
});

test("kinds of extension fields must fit too, but not those of an included file", async () => {
  const compose = "x-a: { b: [c] }\nservices: { a: { image: x } }";
  await assert.rejects(loadFiles({ "compose.yaml": compose, "compose.override.yaml": "x-a: { b: c }" }), {
    code: "compose-invalid",
  });
  await loadFiles({ "compose.yaml": compose, "compose.override.yaml": "x-a: !override { b: c }" });
  await loadFiles({ "compose.yaml": `include: [other.yaml]\n${compose}`, "other.yaml": "x-a: d" });
});

test("what one file repeats is dropped before the next file comes", async () => {
  const image = '{ type: image, source: "data:1", target: /a }';
  const project = await loadFiles({
    "compose.yaml": `services: { a: { image: x, volumes: [${image}, "./b:/a"] } }`,
    "compose.override.yaml": `services: { a: { volumes: [${image}] } }`,
  });
  assert.deepEqual(
    project.uses.map((use) => use.image),
    ["x", "data:1"],
  );
});

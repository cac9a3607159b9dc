import assert from "node:assert/strict";
import { test } from "node:test";
import { neededServices } from "../../lib/compose/needed-services.ts";
import { loadFiles } from "../_helpers/compose-folder.ts";

const FILE = `services:
  web:
    image: web
    depends_on: [api]
  api:
    build: { context: ., additional_contexts: { tools: "service:tools" } }
    depends_on: { db: { condition: service_started, required: false } }
    links: ["cache:c"]
    network_mode: "service:vpn"
  db: { image: db }
  cache: { image: cache }
  vpn: { image: vpn }
  tools: { build: ./tools }
  lone: { image: lone, depends_on: { gone: { condition: service_started, required: false } } }
  gone: { image: gone, profiles: [extra] }
`;

const cases: readonly [names: readonly string[], needed: readonly string[], profiles?: readonly string[]][] = [
  [["db"], ["db"]],
  [["api"], ["api", "cache", "db", "tools", "vpn"]],
  [["web"], ["api", "cache", "db", "tools", "vpn", "web"]],
  [
    ["lone", "db"],
    ["db", "gone", "lone"],
  ],
  [["lone"], ["lone"], ["other"]],
];

for (const [names, needed, profiles = []] of cases) {
  test(`${names.join(", ")} need ${needed.join(", ")}, with profiles ${profiles.join(", ") || "as they are"}`, async () => {
    const project = await loadFiles({ "compose.yaml": FILE }, { profiles });
    assert.deepEqual(neededServices(project, names), needed);
  });
}

test("an unknown service is refused with the names that there are", async () => {
  const project = await loadFiles({ "compose.yaml": "services:\n  a: { image: a }\n  b: { image: b }\n" });
  assert.throws(() => neededServices(project, ["a", "c"]), {
    code: "service-unknown",
    message: 'the compose project has no service "c"; its services are a, b',
  });
});

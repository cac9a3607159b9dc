import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsOf } from "../../../lib/deploy/plan/settings.ts";
import { inFolder, loadFrom } from "../../_helpers/compose-folder.ts";

const HEAD = "networks: { back: {}, front: {} }\nvolumes: { data: {} }\nconfigs: { c: { content: one } }\n";
const WEB = 'image: "nginx:1", ports: ["80:80"], environment: { A: "1", B: "2" }, networks: [back], configs: [c]';
const DB = 'image: "redis:6", volumes: ["data:/data"]';

function project(web = WEB, db = DB, head = HEAD): string {
  return `services:\n  web: { ${web} }\n  db: { ${db} }\n${head}`;
}

function digests(text: string): Promise<Readonly<Record<string, string>>> {
  return inFolder({ "compose.yaml": text }, async (folder) =>
    settingsOf(await loadFrom(folder, { profiles: ["*"] }), new Set(["web", "db"])),
  );
}

/** The services of `after` whose digest differs from that in `before`. */
async function changed(before: string, after: string): Promise<readonly string[]> {
  const [old, now] = [await digests(before), await digests(after)];
  assert.deepEqual(Object.keys(old), ["db", "web"]);
  return Object.keys(now).filter((name) => now[name] !== old[name]);
}

test("a service's digest changes with what compose is told of it, and with nothing else", async () => {
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["the same", project(), []],
    ["port", project(WEB.replace("80:80", "81:80")), ["web"]],
    ["environment", project(WEB.replace('"1"', '"3"')), ["web"]],
    ["order of the environment", project(WEB.replace('A: "1", B: "2"', 'B: "2", A: "1"')), []],
    ["network", project(WEB.replace("[back]", "[front]")), ["web"]],
    ["definition of a network", project(WEB, DB, HEAD.replace("back: {}", "back: { driver: bridge }")), ["web"]],
    ["network that nobody uses", project(WEB, DB, HEAD.replace("front: {}", "front: { driver: bridge }")), []],
    ["default network", project(WEB, DB, HEAD.replace("front: {}", "default: { driver: bridge }")), ["db"]],
    ["definition of a volume", project(WEB, DB, HEAD.replace("data: {}", "data: { name: x }")), ["db"]],
    ["config", project(WEB, DB, HEAD.replace("one", "two")), ["web"]],
    ["profile", project(WEB, `${DB}, profiles: [p]`), ["db"]],
    ["command", project(WEB, `${DB}, command: ["x"]`), ["db"]],
    ["labels", project(WEB, `${DB}, labels: { a: b }`), ["db"]],
    ["where it is built", project(WEB, `${DB}, build: ./x`), []],
    ["a comment", `# a comment\n${project()}`, []],
  ];
  for (const [name, after, expected] of rows) assert.deepEqual(await changed(project(), after), expected, name);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFoldersOf, requireBuildFolders } from "../../../lib/deploy/files/build-folders.ts";
import { loadFiles } from "../../_helpers/compose-folder.ts";

const COMPOSE = `services:
  web: { image: nginx }
  own: { build: ./own }
  here: { build: { context: . } }
  far: { build: https://example.com/app.git }
`;

test("the folders that services are built from, by their place in the project", async () => {
  assert.deepEqual(buildFoldersOf(await loadFiles({ "compose.yaml": COMPOSE })), [
    { service: "here", name: "." },
    { service: "own", name: "own" },
  ]);
});

test("a folder that a wanted service lacks is refused by name, another's is not missed", () => {
  const folders = [
    { service: "own", name: "own" },
    { service: "tool", name: "tools/x" },
  ];
  const found = new Map([["own", { kind: "other" } as const]]);
  const place = { host: "server", dir: "/srv/app", found };
  assert.doesNotThrow(() => requireBuildFolders(folders, { ...place, wanted: (service) => service === "own" }));
  assert.throws(() => requireBuildFolders(folders, { ...place, wanted: () => true }), {
    code: "host-build-folder",
    exit: 2,
    message: /"tool" is built on "server", and its folder "tools\/x" is not in "\/srv\/app"/,
  });
});

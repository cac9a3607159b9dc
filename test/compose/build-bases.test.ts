import assert from "node:assert/strict";
import { test } from "node:test";
import { buildBases, imagesOfDockerfile } from "../../lib/compose/build-bases.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { inFolder, loadFrom } from "../_helpers/compose-folder.ts";

const cases: readonly [
  what: string,
  dockerfile: string,
  images: readonly string[],
  build?: {
    readonly args?: Record<string, string>;
    readonly contexts?: Record<string, string>;
    readonly target?: string;
  },
][] = [
  ["one stage", "FROM node:20\nRUN x\n", ["node:20"]],
  [
    "comments, case, a platform, CRLF",
    "# FROM a\r\n\r\nfrom --platform=$BUILDPLATFORM node:20 as base\r\n",
    ["node:20"],
  ],
  ["scratch is no image", "FROM golang AS b\nFROM scratch\nCOPY --from=b /x /x\n", ["golang"]],
  ["stages are no images", "FROM a AS One\nFROM one\nFROM c AS two\nFROM ONE AS three\n", ["a"]],
  ["a stage by its number", "FROM a\nFROM b\nCOPY --from=0 /x /x\n", ["b", "a"]],
  [
    "stages that nobody needs are not built",
    "FROM a AS one\nFROM b AS two\nFROM c\nCOPY --chown=1 --from=two /x /x\n",
    ["c", "b"],
  ],
  ["a target", "FROM a AS one\nFROM b AS two\n", ["a"], { target: "one" }],
  [
    "files from images",
    "FROM a\nCOPY --from=b:1 /x /x\nRUN --mount=type=bind,from=c,target=/c y\nRUN echo --from=d\n",
    ["a", "b:1", "c"],
  ],
  ["arguments and their defaults", 'ARG V=20\nARG I="node:${V}"\nFROM $I\nFROM ${I}-x\n', ["node:20-x"]],
  ["build arguments beat defaults", "ARG V=20\nFROM node:${V}\n", ["node:22"], { args: { V: "22" } }],
  ["defaults where they are used", "ARG V\nFROM node:${V:-18}${V:+x}\n", ["node:18"]],
  ["continued lines", "FROM \\\n  # why\n  node:20 \\\n  AS x\n", ["node:20"]],
  ["another escape", "# escape=`\nFROM `\n  node:20\n", ["node:20"]],
  ["here-documents", "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'X' /f\nFROM c\nX\nCOPY --from=d / /\n", ["a", "d"]],
  ["a context takes a name's place", "FROM base\nCOPY --from=other / /\n", ["other"], { contexts: { base: "./b" } }],
];

for (const [what, dockerfile, images, build = {}] of cases) {
  test(`Dockerfile: ${what}`, () => {
    const { args = {}, contexts = {}, target } = build;
    const given = { args: new Map(Object.entries(args)), contexts: new Map(Object.entries(contexts)) };
    assert.deepEqual(imagesOfDockerfile(dockerfile, target === undefined ? given : { ...given, target }), images);
  });
}

test("the builds of a project: contexts, arguments, inline files, extended services", async () => {
  const files = {
    "compose.yml": `services:
  a: {build: ./a}
  b: {build: {context: a, dockerfile: Other, args: {V: 2}, additional_contexts: [x=docker-image://img:1, y=./d]}}
  c: {build: {dockerfile_inline: "FROM inline:1"}}
  d: {extends: {file: p/base.yml, service: e}, build: {args: [V=3]}}
  u: {build: https://example.com/x.git}
  i: {image: plain}
`,
    "p/base.yml": "services: {e: {build: {context: .}}}",
    "p/Dockerfile": "ARG V\nFROM base:$V\n",
    "a/Dockerfile": "FROM a:1\n",
    "a/Other": "ARG V=1\nFROM a:$V\n",
  };
  await inFolder(files, async (folder) => {
    assert.deepEqual(await buildBases(await loadFrom(folder)), [
      { image: "a:1", services: ["a"] },
      { image: "a:2", services: ["b"] },
      { image: "base:3", services: ["d"] },
      { image: "img:1", services: ["b"] },
      { image: "inline:1", services: ["c"] },
    ]);
  });
});

test("a build is put together key by key, lists and mappings alike", async () => {
  const files = {
    "1.yml": "services: {a: {build: {context: a, args: {V: 1, W: 1}}}}",
    "2.yml": "services: {a: {build: {args: [V=2, X], labels: [l], target: t}}}",
    "3.yml": "services: {a: {build: b}}",
  };
  await inFolder(files, async (folder) => {
    const { services } = await loadFrom(folder, { files: Object.keys(files) });
    assert.deepEqual(services[0]!.build, {
      context: `${folder}/b`,
      dockerfile: "Dockerfile",
      target: "t",
      args: new Map([
        ["V", "2"],
        ["W", "1"],
      ]),
      contexts: new Map(),
    });
  });
});

test("a missing Dockerfile is reported", async () => {
  await inFolder({ "compose.yml": "services: {a: {build: ./a}}" }, async (folder) => {
    const project = await loadFrom(folder);
    await assert.rejects(
      buildBases(project),
      (thrown) => thrown instanceof MirrorError && /a\/Dockerfile/.test(thrown.message),
    );
  });
});

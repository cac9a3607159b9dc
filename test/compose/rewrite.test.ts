import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { isImagesDocument, type Rewrite, rewrite } from "../../lib/compose/rewrite.ts";
import type { LoadOptions, Project } from "../../lib/compose/project.ts";
import type { Value } from "../../lib/compose/document.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { type Files, inFolder, loadFrom } from "../_helpers/compose-folder.ts";
import { Choices } from "../differential/choices.ts";
import { generate } from "../differential/generate.ts";

const MIRROR = "registry.example.com/team";

/** Every image that somebody can pull, but those that begin with `keep`. */
function targetsOf(project: Project): ReadonlyMap<string, string> {
  const built = new Set(project.services.filter((service) => service.built).map(({ image }) => image));
  const images = project.services.flatMap(({ image }) => image ?? []);
  const mirrored = images.filter((image) => !built.has(image) && !image.startsWith("keep"));
  return new Map(mirrored.map((image) => [image, mirrorOf(image)]));
}

function mirrorOf(image: string): string {
  return `${MIRROR}/${image.replaceAll("/", "-")}`;
}

interface Outcome {
  readonly project: Project;
  readonly result: Rewrite;
  /** The first file's text. */
  readonly text: string;
}

/**
 * Rewrites the project of `files` and checks what must always hold: loading what was written gives the same services
 * with the mirrored images changed and nothing else, by `v2` and by `v1` run files.
 */
function rewriteFiles(files: Files, options: Partial<LoadOptions> = {}): Promise<Outcome> {
  return inFolder(files, async (folder) => {
    const project = await loadFrom(folder, options);
    const targets = targetsOf(project);
    const result = rewrite(project, targets);
    for (const { path, text } of result.files) await writeFile(path, text);
    const { v1, v2 } = result.runFiles;
    for (const names of v1 ? [v2, v1] : [v2]) {
      const written = names.map((name) => join(dirname(result.files[0].path), name));
      const again = await loadFrom(folder, { ...options, files: written });
      const expected = project.services.map((service) => {
        const target = service.image === undefined ? undefined : targets.get(service.image);
        return target === undefined ? service : { ...service, image: target };
      });
      assert.deepEqual(again.services, expected, result.files.map(({ text }) => text).join("\n======\n"));
      assert.equal(again.name, project.name);
    }
    assert.deepEqual(rewrite(project, targets), result);
    return { project, result, text: result.files[0].text };
  });
}

const spliced: readonly [what: string, text: string, expected: string][] = [
  ["plain", "services:\n  a:\n    image: x:1\n", `services:\n  a:\n    image: ${MIRROR}/x:1\n`],
  [
    "comments, spacing and everything around it",
    "# top\nservices:\n  a:   # a\n    image:   x   # the image\n    command: [x]\n# end",
    `# top\nservices:\n  a:   # a\n    image:   ${MIRROR}/x   # the image\n    command: [x]\n# end`,
  ],
  ["single quotes", "services: {a: {image: 'x'}}", `services: {a: {image: '${MIRROR}/x'}}`],
  ["double quotes", 'services: {a: {image: "x"}}', `services: {a: {image: "${MIRROR}/x"}}`],
  [
    "plain in a flow collection",
    "services: {a: {image: x}, b: {image: y,}}",
    `services: {a: {image: ${MIRROR}/x}, b: {image: ${MIRROR}/y,}}`,
  ],
  ["JSON", '{"services":{"a":{"image":"x"}}}', `{"services":{"a":{"image":"${MIRROR}/x"}}}`],
  [
    "CRLF and a byte order mark",
    "\uFEFFservices:\r\n  a:\r\n    image: x\r\n",
    `\uFEFFservices:\r\n  a:\r\n    image: ${MIRROR}/x\r\n`,
  ],
  [
    "a block scalar",
    "services:\n  a:\n    image: >-\n      x\n\n    command: y\n",
    `services:\n  a:\n    image: ${MIRROR}/x\n\n    command: y\n`,
  ],
  [
    "a value on its own line",
    "services:\n  a:\n    image:\n      x\n",
    `services:\n  a:\n    image:\n      ${MIRROR}/x\n`,
  ],
  [
    "once at the definition of an anchor",
    "x-i: &i x\nservices: {a: {image: *i}, b: {image: *i}}",
    `x-i: &i ${MIRROR}/x\nservices: {a: {image: *i}, b: {image: *i}}`,
  ],
  [
    "once in what a merge key brings",
    "x-s: &s\n  image: &i 'x'\nservices: {a: {<<: *s}, b: {<<: [*s]}, c: {image: *i}}",
    `x-s: &s\n  image: &i '${MIRROR}/x'\nservices: {a: {<<: *s}, b: {<<: [*s]}, c: {image: *i}}`,
  ],
  [
    "at the alias where the anchor is an environment value",
    "services:\n  a: {image: keep, environment: {I: &i x}}\n  b: {image: *i}\n",
    `services:\n  a: {image: keep, environment: {I: &i x}}\n  b: {image: ${MIRROR}/x}\n`,
  ],
  [
    "ignored and built images stay",
    "services:\n  a: {image: keep/this:1}\n  b: {image: y, build: .}\n  c: {image: y}\n  d: {image: x}\n",
    `services:\n  a: {image: keep/this:1}\n  b: {image: y, build: .}\n  c: {image: y}\n  d: {image: ${MIRROR}/x}\n`,
  ],
  [
    "after lines indented less than YAML asks",
    "services:\n  a:\n    command: [\n  x ]\n    image: x\n",
    `services:\n  a:\n    command: [\n  x ]\n    image: ${MIRROR}/x\n`,
  ],
  ["a variable is frozen", "services: {a: {image: '${R:-x}:${T:-1}'}}", `services: {a: {image: '${MIRROR}/x:1'}}`],
  [
    "the same file's extends",
    "services: {a: {extends: b}, b: {image: x}}",
    `services: {a: {extends: b}, b: {image: ${MIRROR}/x}}`,
  ],
];

for (const [what, text, expected] of spliced) {
  test(`spliced: ${what}`, async () => {
    const { result } = await rewriteFiles({ "docker-compose.yml": text });
    assert.equal(result.files[0].text, expected);
    assert.equal(basename(result.files[0].path), "docker-compose-mirror.yaml");
    assert.equal(result.files.length, 1);
    assert.deepEqual(result.runFiles, { v2: ["docker-compose-mirror.yaml"], v1: ["docker-compose-mirror.yaml"] });
    assert.deepEqual(result.sourceFiles, []);
    assert.equal(result.oldestV2, "2.0.0");
  });
}

const A = "services:\n  a:\n    image: x # a\n";

const joined: readonly [what: string, files: Files, expected: string, options?: Partial<LoadOptions>][] = [
  [
    "the override file",
    { "compose.yml": A, "compose.override.yml": "services:\n  a: {command: y}\n  b: {image: z}\n" },
    `services:\n  a:\n    image: ${MIRROR}/x # a\n---\nservices:\n  a: {command: y}\n  b: {image: ${MIRROR}/z}\n`,
  ],
  [
    "only the image that counts",
    { "1.yml": A, "2.yml": "services: {a: {image: z}}" },
    `${A}---\nservices: {a: {image: ${MIRROR}/z}}`,
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "markers, directives, comments, a missing last line break, a byte order mark",
    {
      "1.yml": A.trimEnd(),
      "2.yml": "# c\n--- # two\nservices: {}\n",
      "3.yml": "%YAML 1.1\n---\nservices: {}\n",
      "4.yml": "# nothing\n",
      "5.yml": "\uFEFFservices: {}\r\n",
    },
    `services:\n  a:\n    image: ${MIRROR}/x # a\n# c\n--- # two\nservices: {}\n...\n%YAML 1.1\n---\nservices: {}\n---\nservices: {}\r\n`,
    { files: ["1.yml", "2.yml", "3.yml", "4.yml", "5.yml"] },
  ],
  [
    "one file twice",
    { "1.yml": A },
    `${A}---\nservices:\n  a:\n    image: ${MIRROR}/x # a\n`,
    { files: ["1.yml", "1.yml"] },
  ],
];

for (const [what, files, expected, options] of joined) {
  test(`several files become documents: ${what}`, async () => {
    const { result } = await rewriteFiles(files, options);
    assert.equal(result.files[0].text, expected);
    assert.deepEqual(result.runFiles.v2, ["docker-compose-mirror.yaml"]);
    assert.equal(result.oldestV2, "2.21.0");
    assert.equal(result.runFiles.v1?.at(-1), "docker-compose-mirror.images.yaml");
  });
}

const appended: readonly [what: string, files: Files, appended: string, sources: readonly string[], hasV1: boolean][] =
  [
    [
      "an included file",
      { "compose.yml": "include: [b.yml]\n", "b.yml": A },
      `services:\n  a:\n    image: ${MIRROR}/x\n`,
      ["b.yml"],
      false,
    ],
    [
      "an extended file of a service whose mapping another shares",
      {
        "compose.yml": "x-s: &s {extends: {file: p/b.yml, service: a}}\nservices:\n  a: *s\n  c: {image: keep}\n",
        "p/b.yml": A,
      },
      `services:\n  a:\n    image: ${MIRROR}/x\n`,
      ["p/b.yml"],
      true,
    ],
    [
      "a scalar that is an environment value too",
      { "compose.yml": "services:\n  a: {image: &i x, environment: {I: *i}}\n" },
      `services:\n  a:\n    image: ${MIRROR}/x\n`,
      [],
      true,
    ],
    [
      "a job",
      { "compose.yml": "include: [b.yml]\n", "b.yml": "services: {a: {image: keep}}\njobs: {j: {image: x}}\n" },
      `jobs:\n  j:\n    image: ${MIRROR}/x\n`,
      ["b.yml"],
      false,
    ],
    [
      "names that are not plain strings",
      {
        "compose.yml": "include: [b.yml]\n",
        "b.yml": "services: {'1': {image: x}, 'yes': {image: x}, '-': {image: x}, '1.5': {image: x}, s: {image: x}}",
      },
      `services:\n${['"-"', '"1"', '"1.5"', "s", '"yes"'].map((name) => `  ${name}:\n    image: ${MIRROR}/x\n`).join("")}`,
      ["b.yml"],
      false,
    ],
  ];

for (const [what, files, end, sources, hasV1] of appended) {
  test(`one document of images at the end: ${what}`, async () => {
    const { result, project } = await rewriteFiles(files);
    const [main] = result.files;
    assert.ok(main.text.endsWith(`---\n${end}`), main.text);
    assert.deepEqual(
      result.sourceFiles,
      sources.map((file) => join(project.folder, file)),
    );
    assert.equal(result.runFiles.v1 !== undefined, hasV1);
    assert.equal(result.files.length, hasV1 ? 2 : 1);
  });
}

const inserted: readonly [what: string, files: Files, text: string][] = [
  [
    "a flow mapping",
    { "compose.yml": "services:\n  a: {extends: {file: p/b.yml, service: a}}\n  c: {image: keep}\n", "p/b.yml": A },
    `services:\n  a: {image: ${MIRROR}/x, extends: {file: p/b.yml, service: a}}\n  c: {image: keep}\n`,
  ],
  [
    "a block mapping with Windows line breaks",
    {
      "compose.yml": "services:\r\n  a:\r\n    # why\r\n    extends:\r\n      file: p/b.yml\r\n      service: a\r\n",
      "p/b.yml": A,
    },
    `services:\r\n  a:\r\n    # why\r\n    image: ${MIRROR}/x\r\n    extends:\r\n      file: p/b.yml\r\n      service: a\r\n`,
  ],
  [
    "services that extend each other and the file itself",
    {
      "compose.yml":
        "services:\n  a: {extends: {file: compose.yml, service: b}}\n  b: {image: x}\n  c: {extends: a, restart: always}\n",
    },
    `services:\n  a: {image: ${MIRROR}/x, extends: {file: compose.yml, service: b}}\n  b: {image: ${MIRROR}/x}\n  c: {image: ${MIRROR}/x, extends: a, restart: always}\n`,
  ],
];

for (const [what, files, text] of inserted) {
  test(`the image of an extended file in the one document: ${what}`, async () => {
    const { result } = await rewriteFiles(files);
    assert.equal(result.files[0].text, text);
    assert.deepEqual(result.runFiles, { v2: ["docker-compose-mirror.yaml"], v1: ["docker-compose-mirror.yaml"] });
    assert.equal(result.oldestV2, "2.0.0");
  });
}

test("a file of several documents stays one, which v1 does not read", async () => {
  const text = "services: {a: {image: x}}\n---\nservices: {b: {image: y}}\n";
  const { result } = await rewriteFiles({ "docker-compose.yml": text });
  assert.equal(result.files[0].text, text.replace("x", `${MIRROR}/x`).replace("y}", `${MIRROR}/y}`));
  assert.equal(result.files.length, 1);
  assert.equal(result.oldestV2, "2.21.0");
  assert.equal(result.runFiles.v1, undefined);
});

test("the report: counts, frozen variables, unchanged services", async () => {
  const { result } = await rewriteFiles({
    "compose.yml":
      "services:\n  a: {image: 'x:${T:-1}'}\n  b: {build: .}\n  c: {image: keep}\n  d: {image: y, build: .}\n  e: {image: y}\n  f: {image: z}\n",
  });
  assert.equal(result.rewritten, 2);
  assert.deepEqual(result.frozen, [{ service: "a", variables: ["T"], image: "x:1" }]);
  assert.deepEqual(result.untouched, [
    { service: "b", reason: "built" },
    { service: "c", image: "keep", reason: "ignored" },
    { service: "d", image: "y", reason: "built" },
    { service: "e", image: "y", reason: "built" },
  ]);
});

test("an image volume that a later file repeats is changed where it counts", () =>
  inFolder(
    {
      "compose.yaml": 'services: {a: {image: "x:1", volumes: [{type: image, source: "data:2", target: /img}]}}\n',
      "compose.override.yaml": 'services: {a: {volumes: [{type: image, source: "data:2", target: /img}]}}\n',
    },
    async (folder) => {
      const { files } = rewrite(await loadFrom(folder), new Map([["data:2", mirrorOf("data:2")]]));
      const [, override = ""] = files[0].text.split("\n---\n");
      assert.ok(override.includes(`source: "${mirrorOf("data:2")}"`), files[0].text);
    },
  ));

test("services outside the chosen profiles stay as they are", async () => {
  const text = "services:\n  a: {image: x}\n  b: {image: y, profiles: [p]}\n";
  const { result } = await rewriteFiles({ "compose.yml": text }, { profiles: ["q"] });
  assert.equal(result.files[0].text, text.replace("image: x", `image: ${MIRROR}/x`));
});

const hostile = [
  "a b",
  "x: y",
  "x #y",
  "*x",
  "'x'",
  '"',
  "${X}",
  "$",
  "{x",
  "x\ny",
  "\u0085",
  "",
  "1.0",
  "null",
  "-",
  "\uFEFFx",
];

for (const first of ["x", "'x'", '"x"']) {
  for (const name of hostile) {
    test(`the mirror name ${JSON.stringify(name)} in place of ${first} is still one string`, async () => {
      await inFolder({ "compose.yml": `services: {a: {image: ${first}}}\n` }, async (folder) => {
        const project = await loadFrom(folder);
        const { files } = rewrite(project, new Map([["x", name]]));
        await writeFile(files[0].path, files[0].text);
        const [document] = parseAllDocuments(files[0].text);
        assert.deepEqual((document as { toJS(): unknown }).toJS(), {
          services: { a: { image: name.replaceAll("$", "$$$$") } },
        });
        if (name === "") return;
        const again = await loadFrom(folder, { files: [files[0].path] });
        assert.equal(again.services[0]!.image, name);
      });
    });
  }
}

test("the output path is the caller's choice, and names the run files relative to it", async () => {
  await inFolder({ "1.yml": A, "2.yml": "services: {}\n" }, async (folder) => {
    const project = await loadFrom(folder, { files: ["1.yml", "2.yml"] });
    const { files, runFiles } = rewrite(project, targetsOf(project), { output: join(folder, "out/m.yaml") });
    assert.deepEqual(
      files.map(({ path }) => path),
      [join(folder, "out/m.yaml"), join(folder, "out/docker-compose-mirror.images.yaml")],
    );
    assert.deepEqual(runFiles, { v2: ["m.yaml"], v1: ["../1.yml", "../2.yml", "docker-compose-mirror.images.yaml"] });
  });
});

/** A file with every image that was mirrored, however it is quoted, in place of `image`. */
function masked(text: string, places: readonly { readonly start: number; readonly end: number }[]): string {
  let out = "";
  let from = 0;
  for (const { start, end } of places.toSorted((a, b) => a.start - b.start)) {
    if (start < from) continue;
    out += `${text.slice(from, start)}\u0001`;
    from = end;
  }
  return out + text.slice(from);
}

/** Without mirrored images that are entries of their own, which a service that extends another file's is given. */
function withoutOwnLines(text: string): string {
  // oxlint-disable-next-line no-control-regex -- stands for a mirror name here
  return text.replaceAll(/image: \u0001(?:, |\r?\n +)/g, "");
}

/** Documents as plain values, without their images and extension fields. */
function documentsOf(text: string): readonly unknown[] {
  return parseAllDocuments(text, { merge: true, version: "1.1", logLevel: "silent" }).map((document) =>
    JSON.parse(
      JSON.stringify((document as { toJS(): unknown }).toJS() ?? null, (key, value: unknown) =>
        key === "image" ? undefined : key === "source" || key.startsWith("x-") ? key : value,
      ),
    ),
  );
}

test("random projects: bytes outside image scalars stay, and so do the documents but for images", async () => {
  let rewritten = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const { files, options } = generate(new Choices(seed), "");
    await inFolder(files, async (folder) => {
      const project = await loadFrom(folder, { ...options, cwd: folder, profiles: ["*"] }).catch((thrown: unknown) => {
        if (thrown instanceof MirrorError) return undefined;
        throw thrown;
      });
      if (project === undefined) return;
      const images = project.services.flatMap(({ image, otherImages }) => [image ?? "keep", ...otherImages]);
      const mirrored = images.filter((image) => !image.startsWith("keep"));
      const targets = new Map(mirrored.map((image) => [image, `${MIRROR}/${encodeURIComponent(image)}`]));
      const { files: written } = rewrite(project, targets);
      const [{ path: main, text }] = written;
      await writeFile(main, text);
      const again = await loadFrom(folder, { ...options, cwd: folder, profiles: ["*"], files: [main] });
      // Services with an image of a hook or volume that cannot be written; they are warned of.
      const kept = new Set(
        project.warnings.flatMap(({ code, values }) =>
          code === "warning-image-not-written" ? [values["service"]] : [],
        ),
      );
      for (const [at, { name, image, otherImages, mounts, ...rest }] of project.services.entries()) {
        const { image: newImage, otherImages: newOthers, mounts: newMounts, ...newRest } = again.services[at]!;
        assert.equal(newImage, image && (targets.get(image) ?? image), `seed ${seed}, ${name}:\n${text}`);
        const withoutImages = (list: typeof mounts) =>
          list.map((mount) => ({ ...mount, source: mount.type === "image" || mount.source }));
        assert.deepEqual(withoutImages(newMounts), withoutImages(mounts), `seed ${seed}, ${name}`);
        if (!kept.has(name)) {
          const others = otherImages.map((other) => targets.get(other) ?? other).toSorted();
          assert.deepEqual(newOthers, others, `seed ${seed}, ${name}:\n${text}`);
        }
        assert.deepEqual(newRest, { name, ...rest }, `seed ${seed}, ${name}`);
      }
      const out = withoutOwnLines(text.replaceAll(new RegExp(`(["']?)${MIRROR}/[^\\s"',}\\]]*\\1`, "g"), "\u0001"));
      const uses = project.uses.filter(({ image }) => targets.has(image));
      const documents = documentsOf(text);
      let [at, index] = [0, 0];
      for (const [layer, path] of project.composeFiles.entries()) {
        const source = project.files.get(path)!;
        const frame = masked(
          source,
          uses.filter((use) => use.layer === layer),
        );
        const part = withoutOwnLines(layer === 0 ? frame : frame.replace("\uFEFF", ""));
        const found = out.indexOf(part, at);
        assert.ok(found !== -1 && (layer > 0 || found === 0), `seed ${seed}, ${path}:\n${source}\n=>\n${text}`);
        at = found + part.length;
        const own = documentsOf(source);
        assert.deepEqual(documents.slice(index, index + own.length), own, `seed ${seed}, ${path}`);
        index += own.length;
        rewritten += own.length;
      }
    });
  }
  assert.ok(rewritten > 500, `${rewritten} documents`);
});

const HOOK = "{image: y, command: [z], volumes: [{type: image, source: v, target: /v}]}";
const VOLUME = "{type: image, source: y, target: /y}";

/** Equal items of lists that compose takes for one as long as they are equal. */
const repeated: readonly [what: string, files: Files, list: (project: Project) => unknown, written: number][] = [
  [
    "a hook of two files",
    {
      "compose.yml": `services: {a: {image: x, pre_start: [${HOOK}]}}`,
      "compose.override.yml": `services: {a: {pre_start: [${HOOK}]}}`,
    },
    hooksOfA,
    2,
  ],
  [
    "a hook of two files, the variable of one filled in",
    {
      "compose.yml": "services: {a: {image: x, pre_start: [{image: '${Y:-y}'}]}}",
      "compose.override.yml": "services: {a: {pre_start: [{image: y}]}}",
    },
    hooksOfA,
    2,
  ],
  [
    "a hook of three documents",
    {
      "compose.yml": `services: {a: {image: x, pre_start: [${HOOK}]}}\n---\nservices: {a: {pre_start: [${HOOK}]}}\n`,
      "compose.override.yml": `services: {a: {pre_start: [${HOOK}]}}`,
    },
    hooksOfA,
    3,
  ],
  [
    "a hook of a service and of the service that it extends, over a file that has it too",
    {
      "compose.yml": `services: {a: {image: x, pre_start: [${HOOK}]}}`,
      "compose.override.yml": `services: {a: {extends: b, pre_start: [${HOOK}]}, b: {image: x, pre_start: [${HOOK}]}}`,
    },
    hooksOfA,
    3,
  ],
  [
    "a hook of an extended file, where nothing can be written, stays in both",
    {
      "compose.yml": `services: {a: {extends: {file: b.yml, service: a}, pre_start: [${HOOK}]}}`,
      "b.yml": `services: {a: {image: x, pre_start: [${HOOK}]}}`,
    },
    hooksOfA,
    0,
  ],
  [
    "an image that is an environment value too stays in both",
    {
      "compose.yml": "services: {a: {image: x, pre_start: [{image: &y y}], environment: {Y: *y}}}",
      "compose.override.yml": "services: {a: {pre_start: [{image: y}]}}",
    },
    hooksOfA,
    0,
  ],
  [
    "a volume of a job",
    {
      "compose.yml": `services: {a: {image: x}}\njobs: {j: {image: x, volumes: [${VOLUME}]}}`,
      "compose.override.yml": `jobs: {j: {volumes: [${VOLUME}]}}`,
    },
    ({ definitions }) => plainOf(definitions.jobs.get("j")?.attributes.get("volumes")),
    2,
  ],
];

for (const [what, files, list, written] of repeated) {
  test(`equal items of lists stay equal: ${what}`, async () => {
    await inFolder(files, async (folder) => {
      const project = await loadFrom(folder);
      const targets = new Map(["v", "x", "y"].map((image) => [image, mirrorOf(image)]));
      const result = rewrite(project, targets);
      for (const { path, text } of result.files) await writeFile(path, text);
      assert.equal(result.files[0].text.split(mirrorOf("y")).length - 1, written, result.files[0].text);
      const again = await loadFrom(folder, { files: [basename(result.files[0].path)] });
      const expected = JSON.stringify(list(project));
      assert.equal(
        JSON.stringify(list(again)),
        written === 0
          ? expected
          : expected.replace(/"(image|source)":"(\w)"/g, (_, key: string, image: string) =>
              JSON.stringify({ [key]: mirrorOf(image) }).slice(1, -1),
            ),
      );
      assert.equal(
        project.warnings.some(({ code }) => code === "warning-image-not-written"),
        written === 0,
      );
    });
  });
}

function hooksOfA({ definitions }: Project): unknown {
  return plainOf(definitions.services.get("a")?.attributes.get("pre_start"));
}

function plainOf(value: Value | undefined): unknown {
  if (value?.kind === "sequence") return value.items.map(plainOf);
  if (value?.kind !== "mapping") return value?.text;
  return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plainOf(entry)]));
}

test("a file of images alone is told from a compose file", () => {
  assert.equal(isImagesDocument("services:\n  db:\n    image: r.example/team/postgres:17\n"), true);
  for (const text of [
    "",
    "services: {}\nnetworks: {}\n",
    "services:\n  db:\n    image: postgres\n    restart: always\n",
    "services:\n  db: {build: .}\n",
    "services:\n  db: {image: a}\n---\nservices: {}\n",
    "- db\n",
    "services: {",
  ]) {
    assert.equal(isImagesDocument(text), false, text);
  }
});

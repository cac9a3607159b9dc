import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type LoadOptions, type Project, requireName } from "../../lib/compose/project.ts";
import { entryAt } from "../../lib/compose/values.ts";
import { settingsOf } from "../../lib/deploy/plan/settings.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { message } from "../../lib/messages/texts.ts";
import { images, refused, service } from "../_helpers/compose-cases.ts";
import { type Files, imagesOf, inFolder, loadFiles, loadFrom } from "../_helpers/compose-folder.ts";

for (const [what, files, expected, options] of images) {
  test(`images: ${what}`, async () => {
    assert.deepEqual(imagesOf(await loadFiles(files, options)), expected);
  });
}

test("the file is looked for in parent folders, and is read with their .env", async () => {
  await inFolder(
    { "compose.yml": service("a", "x:${V}${W}"), ".env": "V=1\nW=outer\n", "p/q/.env": "W=2\n" },
    async (folder) => {
      const project = await loadFrom(join(folder, "p/q"));
      assert.deepEqual(imagesOf(project), ["a=x:12"]);
      assert.equal(project.folder, folder);
    },
  );
});

for (const [what, files, code, says, options] of refused) {
  test(`refused: ${what}`, async () => {
    await assert.rejects(loadFiles(files, options), (thrown) => {
      assert.ok(thrown instanceof MirrorError, String(thrown));
      assert.equal(thrown.code, code, thrown.message);
      assert.equal(thrown.exit, 2);
      assert.match(thrown.message, says);
      return true;
    });
  });
}

const names: readonly [what: string, files: Files, name: string, options?: Partial<LoadOptions>][] = [
  [
    "the folder's name",
    { "p/My Project.v1/compose.yml": service("a", "x") },
    "myprojectv1",
    { files: ["p/My Project.v1/compose.yml"] },
  ],
  [
    "top-level name, the last one",
    { "1.yml": `name: one\n${service("a", "x")}`, "2.yml": "name: ${N:-Two}\n" },
    "two",
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "COMPOSE_PROJECT_NAME",
    { "compose.yml": `name: one\n${service("a", "x")}`, ".env": "COMPOSE_PROJECT_NAME=three\n" },
    "three",
  ],
];

for (const [what, files, name, options] of names) {
  test(`project name: ${what}`, async () => {
    const project = await loadFiles(files, options);
    assert.equal(project.name, name);
    assert.equal(project.services[0]!.defaultImage, `${name}-a`);
  });
}

test("attributes of a service: platform, profiles, pull policy", async () => {
  const { services } = await loadFiles({
    "compose.yml": "services: {a: {image: x, platform: linux/arm64, profiles: [p, q], pull_policy: always}}",
  });
  assert.deepEqual(services, [
    {
      name: "a",
      image: "x",
      otherImages: [],
      defaultImage: services[0]!.defaultImage,
      built: false,
      profiles: ["p", "q"],
      platform: "linux/arm64",
      pullPolicy: "always",
      section: "services",
      dependsOn: [],
      envFiles: [],
      labelFiles: [],
      mounts: [],
      configs: [],
      secrets: [],
    },
  ]);
});

test("services come in code-point order", async () => {
  const project = await loadFiles({
    "compose.yml": "services: {b: {image: x}, a1: {image: x}, B: {image: x}, a: {image: x}, a-1: {image: x}}",
  });
  assert.deepEqual(
    project.services.map(({ name }) => name),
    ["B", "a", "a-1", "a1", "b"],
  );
});

test("the profiles that compose would activate are reported", async () => {
  const files = { ".env": "V=q\nCOMPOSE_PROFILES=${V:-w},p\n", "compose.yml": service("a", "x") };
  assert.deepEqual((await loadFiles(files)).activeProfiles, ["q", "p"]);
  assert.deepEqual((await loadFiles(files, { profiles: ["z"] })).activeProfiles, ["z"]);
});

function warned({ warnings }: Project): readonly string[] {
  return warnings.map(({ code, values }) => `${code} ${(values["variable"] as string | undefined) ?? "file"}`);
}

test("warnings: unset variables once each, of chosen services only; obsolete version", async () => {
  const files = {
    "compose.yml":
      "version: '3'\nx-all: $TOP\nservices:\n  a: {image: 'x:$ONE$ONE', command: [$TWO, $ONE]}\n  b: {image: 'y:$THREE', profiles: [p]}\n  c: {extends: {file: base.yml, service: d}}\n",
    "base.yml": "services: {d: {image: 'z:$FOUR'}, e: {image: 'z:$FIVE'}}",
  };
  assert.deepEqual(warned(await loadFiles(files, { profiles: ["q"] })), [
    "warning-variable-unset TOP",
    "warning-version-obsolete file",
    "warning-variable-unset ONE",
    "warning-variable-unset TWO",
    "warning-variable-unset FOUR",
  ]);
  assert.ok(warned(await loadFiles(files)).includes("warning-variable-unset THREE"));
});

const others: readonly [what: string, files: Files, images: readonly string[]][] = [
  [
    "hooks and image volumes, each once and not the service's own",
    {
      "compose.yml":
        "services: {a: {image: x, pre_start: [{image: y}, {image: x}, {command: [z]}, {image: y}], volumes: ['v:/v', {type: image, source: 'w:${T:-1}', target: /w}]}}",
    },
    ["w:1", "y"],
  ],
  [
    "of two volumes with one target the later counts",
    {
      "compose.yml": "services: {a: {image: x, volumes: [{type: image, source: v, target: /t}]}}",
      "compose.override.yml":
        "services: {a: {pre_start: [{image: y, volumes: [{type: image, source: u, target: /t}]}], volumes: [{type: image, source: w, target: /t}]}}",
    },
    ["u", "w", "y"],
  ],
  [
    "a volume that names a service without an image",
    {
      "compose.yml":
        "services: {a: {image: x, volumes: [{type: image, source: b, target: /t}]}, b: {build: .}, c: {image: z}}",
    },
    [],
  ],
];

for (const [what, files, expected] of others) {
  test(`other images of a service: ${what}`, async () => {
    const { services, warnings } = await loadFiles(files);
    assert.deepEqual(services[0]!.otherImages, expected);
    assert.deepEqual(warnings, []);
  });
}

test("warnings: other images that cannot be written", async () => {
  const { warnings } = await loadFiles({
    "compose.yml": "include: [in.yml]",
    "in.yml": "services: {a: {image: x, pre_start: [{image: y}], volumes: [{type: image, source: w, target: /w}]}}",
  });
  assert.deepEqual(warnings, [
    message("warning-image-not-written", { service: "a", attribute: "pre_start", image: "y" }),
    message("warning-image-not-written", { service: "a", attribute: "volumes", image: "w" }),
  ]);
});

test("a choice between two files is reported", async () => {
  const { warnings } = await loadFiles({ "compose.yaml": service("a", "x"), "docker-compose.yml": service("b", "y") });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["warning-several-files"],
  );
});

const written: readonly [what: string, text: string, places: Record<string, string>][] = [
  ["plain with a comment", "services:\n  a:\n    image: x:1 # one\n", { a: "x:1" }],
  ["quotes", "services: {a: {image: 'x'}, b: {image: \"y\"}}", { a: "'x'", b: '"y"' }],
  ["a byte order mark counts", "\uFEFFservices: {a: {image: x}}", { a: "x" }],
  [
    "a block scalar without its blank lines",
    "services:\n  a:\n    image: >-\n      x\n\n  b: {image: y}\n",
    { a: ">-\n      x", b: "y" },
  ],
  ["an anchor is not part", "services:\n  a: {image: &i x}\n  b: {image: *i}\n", { a: "x", b: "x" }],
  ["a tag is not part", "services:\n  a: {image: !!str x}\n", { a: "x" }],
  ["through a merge key", "x-a: &a {image: x}\nservices: {a: {<<: *a}}", { a: "x" }],
  ["a variable", "services: {a: {image: 'x:${T:-1}'}}", { a: "'x:${T:-1}'" }],
  [
    "hooks and image volumes, after the service's own",
    "services: {a: {image: x, volumes: [{type: image, source: v, target: /v}], pre_start: [{image: y}]}}",
    { a: "x", "a pre_start": "y", "a volumes": "v" },
  ],
  [
    "an alias whose anchor is an environment value",
    "services:\n  a: {image: q, environment: {I: &i x}}\n  b: {image: *i}\n",
    { a: "q", b: "*i" },
  ],
];

for (const [what, text, places] of written) {
  test(`where an image is written: ${what}`, async () => {
    const { uses } = await loadFiles({ "compose.yml": text });
    assert.deepEqual(
      Object.fromEntries(
        uses.map(({ service: name, attribute, start, end }) => [
          attribute === "image" ? name : `${name} ${attribute}`,
          text.slice(start, end),
        ]),
      ),
      places,
    );
    assert.ok(uses.every(({ layer }) => layer === 0));
  });
}

const unspliceable: readonly [what: string, files: Files][] = [
  [
    "an extended file",
    { "compose.yml": "services: {a: {extends: {file: b.yml, service: b}}}", "b.yml": service("b", "x") },
  ],
  ["an included file", { "compose.yml": "include: [b.yml]", "b.yml": service("a", "x") }],
  [
    "the file itself, extended by its name",
    { "compose.yml": "services: {a: {extends: {file: compose.yml, service: b}}, b: {profiles: [q], image: x}}" },
  ],
  [
    "an image that an environment value repeats",
    { "compose.yml": "services: {a: {image: &i x, environment: {I: *i}}}" },
  ],
  [
    "a mapping that is an environment too",
    { "compose.yml": "x-e: &e {image: x}\nservices: {a: {<<: *e, environment: *e}}" },
  ],
];

for (const [what, files] of unspliceable) {
  test(`an image that cannot be spliced: ${what}`, async () => {
    const { uses } = await loadFiles(files);
    assert.deepEqual(
      uses.filter(({ service: name }) => name === "a").map(({ layer }) => layer),
      [undefined],
    );
  });
}

test("1,000 services in 20 files load", async () => {
  const files: Record<string, string> = {};
  for (let file = 0; file < 20; file++) {
    const services = Array.from({ length: 50 }, (_, index) => {
      const name = `s${file}-${index}`;
      const rest = `    environment:\n      A: "\${A:-1}"\n      B: b\n    depends_on: [s${file}-0]\n    volumes: ["./${name}:/data"]\n`;
      return index === 0
        ? `  ${name}:\n    image: base:1\n`
        : `  ${name}:\n    image: registry.example/${name}:\${TAG:-1}\n${rest}`;
    });
    files[`${file}.yml`] = `services:\n${services.join("")}`;
  }
  await inFolder(files, async (folder) => {
    const project = await loadFrom(folder, { files: Object.keys(files) });
    assert.equal(project.services.length, 1000);
  });
});

const bombs: readonly [what: string, text: () => string, code: string][] = [
  [
    "aliases of aliases",
    () =>
      `x-0: &a0 [${"x,".repeat(9)}x]\n${Array.from({ length: 12 }, (_, n) => `x-${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}*a${n}]\n`).join("")}services: {a: {image: x}}\n`,
    "compose-limit",
  ],
  [
    "merge keys",
    () =>
      `x-m: &m {${Array.from({ length: 5000 }, (_, n) => `k${n}: v`).join(", ")}}\nservices:\n${Array.from({ length: 5000 }, (_, n) => `  s${n}: {<<: *m}\n`).join("")}`,
    "compose-limit",
  ],
  ["deep flow", () => `services: ${"[".repeat(1_000_000)}`, "compose-limit"],
  ["deep blocks", () => Array.from({ length: 1000 }, (_, n) => `${" ".repeat(n)}a:\n`).join(""), "compose-limit"],
  ["deep lists", () => `services:\n  ${"- ".repeat(100_000)}a\n`, "compose-limit"],
  ["50 MB", () => `services:\n${"  # filling\n".repeat(5_000_000)}`, "compose-limit"],
  [
    "a long line without meaning",
    () => `services: {a: {image: "${"${A:-".repeat(100_000)}"}}`,
    "interpolation-invalid",
  ],
  ["4 MB of list", () => `x-a: [${"x,".repeat(2_000_000)}x]\n`, "compose-limit"],
  ["4 MB of empty lines and items", () => `x-a:\n${"-\n".repeat(1_000_000)}${"\n".repeat(1_000_000)}`, "compose-limit"],
  [
    "a chain of extends",
    () =>
      `services:\n${Array.from({ length: 5000 }, (_, n) => `  s${n}: {extends: s${n + 1}}\n`).join("")}  s5000: {image: x}\n`,
    "compose-limit",
  ],
];

for (const [what, text, code] of bombs) {
  test(`refused by a limit: ${what}`, async () => {
    await assert.rejects(loadFiles({ "compose.yml": text() }), (thrown) => {
      assert.ok(thrown instanceof MirrorError, String(thrown));
      assert.equal(thrown.code, code);
      return true;
    });
  });
}

test("a project directory has the .env and the paths, not the folder of the first file", () =>
  inFolder(
    { "files/compose.yml": "services: {a: {image: 'x:${T}'}}\n", ".env": "T=1\n", "files/.env": "T=2\n" },
    async (folder) => {
      const project = await loadFrom(folder, { files: ["files/compose.yml"], projectDirectory: "." });
      assert.equal(project.folder, folder);
      assert.equal(project.services[0]!.image, "x:1");
    },
  ));

const PROFILES = {
  "compose.yml":
    "services:\n  a: {image: x}\n  b: {image: y, profiles: [p]}\n  c: {image: '${GPU_IMAGE}', profiles: [gpu]}\n",
  ".env": "COMPOSE_PROFILES=p\n",
};

test("active profiles only are those of the project's own env file", async () => {
  const { services } = await loadFiles(PROFILES, { onlyActiveProfiles: true });
  assert.deepEqual(
    services.map(({ name }) => name),
    ["a", "b"],
  );
});

test("an empty image names its variable, the file and the profile", async () => {
  const error = await loadFiles(PROFILES).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof MirrorError && error.code === "compose-image-empty");
  assert.match(error.message, /"\$\{GPU_IMAGE\}" of service "c" is empty: GPU_IMAGE .*compose\.yml:4\)/);
  assert.match(error.hint, /leave profile gpu out: --active-profiles/);
});

test("a service with an empty image is left out for who wants to hear of it; others may still wait for it", async () => {
  const heard: MirrorError[] = [];
  const text =
    "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: '${GPU_IMAGE}', depends_on: [a2]}\n  a2: {image: y}\n";
  const onEmptyImage = (error: MirrorError): void => void heard.push(error);
  const { services } = await loadFiles({ "compose.yml": text }, { onEmptyImage });
  assert.deepEqual(
    services.map(({ name }) => name),
    ["a", "a2"],
  );
  assert.deepEqual(
    heard.map(({ code, values }) => [code, values["service"]]),
    [["compose-image-empty", "b"]],
  );
  await assert.rejects(
    loadFiles({ "compose.yml": `${text}  c: {image: ""}\n` }, { onEmptyImage }),
    (error) => error instanceof MirrorError && error.code === "compose-no-image",
  );
});

test("a folder without a character of a project name has no name, until one is needed", () =>
  inFolder({ "项目/compose.yml": "services: {a: {build: .}, b: {image: x}}\n" }, async (folder) => {
    const project = await loadFrom(folder, { cwd: join(folder, "项目") });
    assert.equal(project.name, "");
    assert.deepEqual(imagesOf(project), ["a=!", "b=x"]);
    assert.throws(() => requireName(project), { code: "project-name-invalid", message: /"项目"/, exit: 2 });
    const named = await loadFrom(folder, {
      cwd: join(folder, "项目"),
      environment: { COMPOSE_PROJECT_NAME: "demo" },
    });
    assert.equal(requireName(named), "demo");
  }));

test("bytes of another encoding in the comments of an env file are passed over", async () => {
  const env = Buffer.concat([Buffer.from("# "), Buffer.from([0xb0, 0xe6, 0xb1, 0xbe]), Buffer.from("\nTAG=1.25\n")]);
  const project = await loadFiles({ "compose.yml": "services: {a: {image: 'nginx:${TAG}'}}\n", ".env": env });
  assert.equal(project.services[0]!.image, "nginx:1.25");
});

test("values in another encoding pass, as docker compose lets them, and those that differ stay different", async () => {
  const [one, two] = [await withByte(0xd0), await withByte(0xd1)];
  assert.equal(one.services[0]!.image, "x:1");
  const environment = entryAt(one.definitions.services.get("a")!.attributes.get("environment"), "W");
  assert.ok(environment?.kind === "scalar");
  assert.equal(environment.text, "\uDCD6\uDCD0");
  assert.deepEqual(environment.notText, ["W"]);
  const services = new Set(["a"]);
  assert.notDeepEqual(settingsOf(one, services), settingsOf(two, services));
});

function withByte(byte: number): Promise<Project> {
  return loadFiles({
    "compose.yml": "services: {a: {image: 'x:${T}', environment: {V: '${V}', W: '${W}'}}}\n",
    ".env": Buffer.concat([Buffer.from("T=1\nV="), Buffer.from([0xd6, byte]), Buffer.from("\nW=$V\n")]),
  });
}

function hintOf(thrown: unknown): string {
  return (thrown as MirrorError).hint;
}

test("a file in another encoding is to be saved as UTF-8; a missing one has another hint", async () => {
  const gbk = Uint8Array.of(...Buffer.from("services: {a: {image: x}} # "), 0xd6, 0xd0);
  assert.match(await loadFiles({ "compose.yaml": gbk }).then(String, hintOf), /iconv/);
  assert.doesNotMatch(await loadFiles({ "a.yaml": "" }, { files: ["b.yaml"] }).then(String, hintOf), /iconv/);
});

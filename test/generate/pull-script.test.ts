import assert from "node:assert/strict";
import { test } from "node:test";
import { pullScriptName, renderPullScript } from "../../lib/generate/pull-script.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { type DockerWorld, runWithDocker, type ScriptRun } from "../_helpers/scripts-docker.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [A, B, C] = [digest("a"), digest("b"), digest("c")];

function render(images: readonly string[], platform = "linux/amd64"): string {
  return renderPullScript(images.map((image) => ({ source: parseReference(image), platform })));
}

function pull(images: readonly string[], world: DockerWorld, platform?: string): Promise<ScriptRun> {
  return runWithDocker(render(images, platform), world);
}

/** A manifest list as docker prints it: entries of digest and platform. */
function list(...entries: readonly (readonly [digest: string, platform: string])[]): string {
  const manifests = entries.map(([value, platform]) => {
    const [os, architecture, variant] = platform.split("/");
    return { mediaType: "m", size: 1, digest: value, platform: { architecture, os, variant } };
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: "list", manifests }, null, 3);
}

const SINGLE = JSON.stringify({
  schemaVersion: 2,
  config: { digest: A },
  layers: [{ digest: B, platform: { os: "linux", architecture: "amd64" } }],
});

for (const [platform, name] of [
  ["linux/amd64", "pull-all-images-linux-amd64.sh"],
  ["linux/arm64", "pull-all-images-linux-arm64.sh"],
  ["linux/arm/v7", "pull-all-images-linux-arm-v7.sh"],
] as const) {
  test(`the file for ${platform} is ${name}`, () => assert.equal(pullScriptName(platform), name));
}

test("the same images give the same bytes, whatever their order and however often they come", () => {
  assert.equal(
    render(["nginx", "ghcr.io/a/b:1", "redis:6"]),
    render(["redis:6", "nginx:latest", "ghcr.io/a/b:1", "nginx"]),
  );
});

test("every image is pulled once, in order, for its platform", async () => {
  const { code, calls, stdout, stderr } = await pull(["redis:6", "nginx", "docker.io/library/nginx:latest"], {
    pulls: { "nginx:latest": "linux/amd64", "redis:6": "linux/amd64" },
  });
  assert.deepEqual(calls, ["pull --platform linux/amd64 nginx:latest", "pull --platform linux/amd64 redis:6"]);
  assert.match(stdout, /\[1\/2\] nginx:latest \(linux\/amd64\)\n\[2\/2\] redis:6/);
  assert.match(stdout, /2 images: 2 pulled, 0 failed\n$/);
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("another architecture than wanted: the platform's digest is pulled, tagged and checked", async () => {
  const { code, calls, local } = await pull(["r.example:5000/team/app:1"], {
    pulls: { "r.example:5000/team/app:1": "linux/arm64", [`r.example:5000/team/app@${B}`]: "linux/amd64" },
    manifests: { "r.example:5000/team/app:1": list([A, "linux/arm64"], [B, "linux/amd64"], [C, "unknown/unknown"]) },
  });
  assert.deepEqual(calls, [
    "pull --platform linux/amd64 r.example:5000/team/app:1",
    "manifest inspect r.example:5000/team/app:1",
    `pull --platform linux/amd64 r.example:5000/team/app@${B}`,
    `tag r.example:5000/team/app@${B} r.example:5000/team/app:1`,
  ]);
  assert.equal(local["r.example:5000/team/app:1"], "linux/amd64");
  assert.equal(code, 0);
});

test("a digest is pulled as it is, its tag left out", async () => {
  const { code, calls } = await pull([`nginx:1.25@${A}`, `redis@${B}`], {
    pulls: { [`nginx@${A}`]: "linux/amd64", [`redis@${B}`]: "linux/amd64" },
  });
  assert.deepEqual(calls, [`pull --platform linux/amd64 nginx@${A}`, `pull --platform linux/amd64 redis@${B}`]);
  assert.equal(code, 0);
});

test("the platform's image of a digest is kept under a tag made of that digest", async () => {
  const { code, calls } = await pull([`nginx@${A}`], {
    pulls: { [`nginx@${A}`]: "linux/arm64", [`nginx@${B}`]: "linux/amd64" },
    manifests: { [`nginx@${A}`]: list([B, "linux/amd64"]) },
  });
  assert.equal(calls.at(-1), `tag nginx@${B} nginx:sha256-${"a".repeat(64)}`);
  assert.equal(code, 0);
});

for (const [what, world, reason] of [
  [
    "an image for arm64 alone, in a list",
    { pulls: { "app:1": "linux/arm64" }, manifests: { "app:1": list([A, "linux/arm64"]) } },
    "it exists for linux/arm64 and not for linux/amd64",
  ],
  [
    "an image for arm64 alone, as a single manifest",
    { pulls: { "app:1": "linux/arm64" }, manifests: { "app:1": SINGLE } },
    "it exists for linux/arm64 and not for linux/amd64",
  ],
  ["a pull that fails", {}, "docker pull failed, see above"],
  [
    "a manifest list that cannot be had",
    { pulls: { "app:1": "linux/arm64" } },
    "docker manifest inspect failed, see above",
  ],
  [
    "a pull by digest that fails",
    { pulls: { "app:1": "linux/arm64" }, manifests: { "app:1": list([B, "linux/amd64"]) } },
    `docker pull of app@${B} failed, see above`,
  ],
  [
    "a list that lies about a platform",
    {
      pulls: { "app:1": "linux/arm64", [`app@${B}`]: "linux/arm64" },
      manifests: { "app:1": list([B, "linux/amd64"]) },
    },
    `app@${B} should be linux/amd64 and is linux/arm64`,
  ],
] as const satisfies readonly (readonly [string, DockerWorld, string])[]) {
  test(`${what} is a failure that is named at the end, and the rest is still pulled`, async () => {
    const { code, stdout, stderr, local } = await pull(["app:1", "nginx:1"], {
      ...world,
      pulls: { ...("pulls" in world ? world.pulls : {}), "nginx:1": "linux/amd64" },
    });
    assert.equal(code, 1);
    assert.match(stdout, /2 images: 1 pulled, 1 failed\n$/);
    assert.ok(stderr.includes(`failed: app:1: ${reason}\n`), stderr);
    assert.ok(stderr.includes(`\n  app:1: ${reason}\nrun it again`), stderr);
    assert.equal(local["nginx:1"], "linux/amd64");
  });
}

for (const [wanted, found, fits] of [
  ["linux/arm64", "linux/arm64/v8", true],
  ["linux/amd64", "linux/amd64/v1", true],
  ["linux/amd64", "linux/amd64/v3", false],
  ["linux/amd64", "windows/amd64", false],
  ["linux/arm/v7", "linux/arm", true],
  ["linux/arm/v7", "linux/arm/v6", true],
  ["linux/arm/v6", "linux/arm/v7", false],
  ["linux/arm/v7", "linux/arm64", false],
  ["linux/arm64", "linux/arm/v7", false],
] as const) {
  test(`${found} ${fits ? "does" : "does not do"} for ${wanted}`, async () => {
    const { code } = await pull(["app:1"], { pulls: { "app:1": found }, manifests: { "app:1": SINGLE } }, wanted);
    assert.equal(code, fits ? 0 : 1);
  });
}

const INDEX = {
  annotations: { digest: A, "a/b": { manifests: [{ digest: A, platform: { os: "linux", architecture: "amd64" } }] } },
  manifests: [
    {
      annotations: { "vnd.docker.reference.digest": A, note: `"digest": "${A}", {[,:\\ \n` },
      platform: { os: "linux", "os.features": ["digest", "amd64"], architecture: "arm64", variant: "v8" },
      digest: A,
    },
    { platform: { "os.version": "10", architecture: "amd64", os: "windows" }, digest: A, size: -1.5e3, urls: [] },
    { digest: A },
    { artifactType: "x", platform: { os: "linux", architecture: "amd64" }, digest: B, annotations: { digest: A } },
    { platform: { architecture: "unknown", os: "unknown" }, digest: A, data: null, config: { digest: A } },
  ],
  subject: { digest: A, platform: { os: "linux", architecture: "amd64" } },
};

for (const [format, text] of [
  ["on one line", JSON.stringify(INDEX)],
  ["indented by tabs", JSON.stringify(INDEX, null, "\t")],
  ["with spaces and line ends of Windows everywhere", JSON.stringify(INDEX, null, 1).replaceAll(/[:,]\s/g, " $&\r\n")],
] as const) {
  test(`the digest is found in a list ${format}`, async () => {
    const { code, calls } = await pull(["app:1"], {
      pulls: { "app:1": "linux/arm64", [`app@${B}`]: "linux/amd64" },
      manifests: { "app:1": text },
    });
    assert.deepEqual(calls.slice(-1), [`tag app@${B} app:1`]);
    assert.equal(code, 0);
  });
}

test("of several variants the highest that runs is taken", async () => {
  const { calls } = await pull(
    ["app:1"],
    {
      pulls: { "app:1": "linux/amd64", [`app@${B}`]: "linux/arm/v6" },
      manifests: { "app:1": list([A, "linux/arm/v5"], [B, "linux/arm/v6"], [C, "linux/arm/v7"]) },
    },
    "linux/arm/v6",
  );
  assert.ok(calls.includes(`pull --platform linux/arm/v6 app@${B}`), calls.join("\n"));
});

for (const broken of ["", "not JSON", '{"manifests": [', '"', "[[[[", "\\"]) {
  test(`${JSON.stringify(broken)} in place of a list is a failure, not a hang`, async () => {
    const { code } = await pull(["app:1"], { pulls: { "app:1": "linux/arm64" }, manifests: { "app:1": broken } });
    assert.equal(code, 1);
  });
}

test("without a variant in inspect the rest decides", async () => {
  const { code } = await pull(["app:1"], { pulls: { "app:1": "linux/amd64/v3" }, withoutVariant: true });
  assert.equal(code, 0);
});

test("a docker that does not respond is reported once, before anything else", async () => {
  const { code, calls, stderr } = await pull(["app:1", "nginx:1"], { down: true });
  assert.equal(code, 1);
  assert.deepEqual(calls, []);
  assert.match(stderr, /^Cannot connect to the Docker daemon\nerror: docker does not answer/);
});

test("an interrupted script ends with 130 and does not go on", async () => {
  const { code, calls, stderr } = await pull(["app:1", "nginx:1"], { interrupted: true });
  assert.equal(code, 130);
  assert.deepEqual(calls, ["pull --platform linux/amd64 app:1"]);
  assert.match(stderr, /^interrupted; run it again/);
});

test("a project without images is no failure", async () => {
  const { code, stdout } = await pull([], {});
  assert.equal(code, 0);
  assert.match(stdout, /0 images: 0 pulled, 0 failed/);
});

const HOSTILE = [
  "a'b",
  "'; touch hacked; '",
  "$(touch hacked)",
  "`touch hacked`",
  "a b",
  "*",
  "~",
  'a"b',
  "a\\nb",
  "$&$`$'$1",
  "-n",
  "IMAGES=()",
  "x\nIMAGES=()\nsource local-images.sh\n#",
  "x[$(touch hacked)]",
  "镜像",
] as const;

test("names reach docker as they are, and no shell reads them", async () => {
  const script = renderPullScript(
    HOSTILE.map((repository) => ({ source: { registry: "r.example", repository }, platform: "linux/amd64" })),
  );
  const names = HOSTILE.map((name) => `r.example/${name}:latest`);
  const { code, calls, files } = await runWithDocker(script, {
    pulls: Object.fromEntries(names.map((name) => [name, "linux/amd64"])),
  });
  assert.equal(code, 0);
  assert.deepEqual(calls.toSorted(), names.map((name) => `pull --platform linux/amd64 ${name}`).toSorted());
  assert.deepEqual(files, []);
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { formatLock, type LockedImage, mergeLock, parseLock, readLock, writeLock } from "../../lib/mirror/lock-file.ts";
import { formatReference, parseReference } from "../../lib/image/reference.ts";

function image(source: string, mirror = `registry.example/team/${source.replaceAll("/", "-")}`): LockedImage {
  return {
    source: parseReference(source),
    platform: "linux/amd64",
    sourceDigest: digestOf(`index of ${source}`),
    platformDigest: digestOf(source),
    mirror: parseReference(mirror),
    mirrorDigest: digestOf(source),
    size: source.length,
  };
}

const NGINX = image("nginx:1.27");
const CHROMA = image("ghcr.io/chroma-core/chroma:0.5.20", "registry.example/team/chroma-core-chroma:0.5.20");

function names(images: readonly LockedImage[]): readonly string[] {
  return images.map(({ source }) => formatReference(source)).toSorted();
}

test("equal contents are equal bytes, in a stable order", () => {
  const text = formatLock([NGINX, CHROMA, { ...NGINX, platform: "linux/arm64" }]);
  assert.equal(formatLock([{ ...NGINX, platform: "linux/arm64" }, CHROMA, NGINX]), text);
  assert.equal(formatLock(parseLock(text, "mirror.lock.json")), text);
  assert.equal(
    formatLock([NGINX]),
    `{
  "version": 1,
  "images": [
    {
      "source": "docker.io/library/nginx:1.27",
      "platform": "linux/amd64",
      "sourceDigest": "${NGINX.sourceDigest}",
      "platformDigest": "${NGINX.platformDigest}",
      "mirror": "registry.example/team/nginx:1.27",
      "mirrorDigest": "${NGINX.mirrorDigest}",
      "size": 10
    }
  ]
}
`,
  );
});

test("a damaged lock file is refused with the place", () => {
  const row = (JSON.parse(formatLock([NGINX])) as { images: [Record<string, unknown>] }).images[0];
  const lock = (change: Record<string, unknown>): string =>
    JSON.stringify({ version: 1, images: [{ ...row, ...change }] });
  const cases: readonly (readonly [text: string, detail: RegExp])[] = [
    ["", /not JSON/],
    ["<<<<<<< HEAD", /not JSON/],
    ["null", /version is missing/],
    ["[]", /version is missing/],
    ['{"version":2,"images":[]}', /version is 2, and 1 is known/],
    ['{"version":1}', /no list "images"/],
    ['{"version":1,"images":[3]}', /images\[0\] is not an object/],
    [lock({ source: 1 }), /images\[0\]\.source is not a string/],
    [lock({ source: "NGINX" }), /images\[0\]\.source: .*upper-case/],
    [lock({ mirror: "" }), /images\[0\]\.mirror: /],
    [lock({ platform: "linux//" }), /images\[0\]\.platform: /],
    [lock({ sourceDigest: "sha256:../../etc" }), /images\[0\]\.sourceDigest: /],
    [lock({ platformDigest: 5 }), /images\[0\]\.platformDigest is not a string/],
    [lock({ sourceDigest: undefined }), /images\[0\]\.sourceDigest is not a string/],
    [lock({ mirrorDigest: "latest" }), /images\[0\]\.mirrorDigest: /],
    [lock({ size: -1 }), /images\[0\]\.size/],
    [lock({ size: "10" }), /images\[0\]\.size/],
    [JSON.stringify({ version: 1, images: [row, row] }), /images\[1\] is there twice: docker.io\/library\/nginx:1.27/],
  ];
  for (const [text, detail] of cases) {
    assert.throws(
      () => parseLock(text, "some.json"),
      (error: { code?: string; message: string }) => error.code === "lock-invalid" && detail.test(error.message),
      text,
    );
  }
});

test("what a run did not reach is kept, what is no longer wanted goes", () => {
  const redis = image("redis:7");
  const changed = { ...NGINX, sourceDigest: digestOf("newer") };
  assert.deepEqual(names(mergeLock([NGINX, CHROMA, redis], [changed], [NGINX, CHROMA])), names([NGINX, CHROMA]));
  assert.equal(mergeLock([NGINX], [changed], [NGINX])[0]?.sourceDigest, changed.sourceDigest);
  // under another mirror name it was not mirrored
  const elsewhere = { ...CHROMA, mirror: parseReference("other.example/team/chroma:0.5.20") };
  assert.deepEqual(mergeLock([CHROMA], [], [elsewhere]), []);
  assert.deepEqual(mergeLock([CHROMA], [], [{ ...CHROMA, platform: "linux/arm64" }]), []);
});

test("the file is written whole, and a missing one is no error", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lock-"));
  try {
    const file = join(folder, "mirror.lock.json");
    assert.equal(await readLock(file), undefined);
    await writeLock(file, [NGINX, CHROMA]);
    assert.deepEqual(
      await readLock(file),
      [NGINX, CHROMA].toSorted((a) => (a === CHROMA ? 1 : -1)),
    );
    assert.deepEqual(await readdir(folder), ["mirror.lock.json"]);
    await writeFile(file, "{");
    await assert.rejects(readLock(file), { code: "lock-invalid" });
    await mkdir(join(folder, "other"));
    await assert.rejects(readLock(join(folder, "other")), { code: "file-read" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("an engine that does not tell the platform's digest leaves it out", () => {
  const { platformDigest: _, ...untold } = NGINX;
  const text = formatLock([untold]);
  assert.doesNotMatch(text, /platformDigest/);
  assert.deepEqual(parseLock(text, "mirror.lock.json"), [untold]);
});

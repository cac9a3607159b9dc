import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type LockedImage, writeLock } from "../../lib/mirror/lock-file.ts";
import type { Transfer } from "../../lib/mirror/transfers.ts";
import { run } from "../../lib/system/process.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { openRegistries } from "../../lib/registry/registries.ts";
import { serve } from "../../lib/store/registry-server.ts";
import type { Store } from "../../lib/store/store.ts";
import { verify } from "../../lib/mirror/verify.ts";
import { runScript } from "../_helpers/run-script.ts";
import { addImage, withStore } from "../_helpers/store-folder.ts";

interface Ends {
  readonly source: Store;
  readonly mirror: Store;
  readonly sourceHost: string;
  readonly mirrorHost: string;
}

/** Two registries: the public one and the mirror. */
function withEnds(use: (ends: Ends) => Promise<void>): Promise<void> {
  return withStore((source) =>
    withStore(async (mirror) => {
      const registries = [await serve(source), await serve(mirror)] as const;
      try {
        await use({ source, mirror, sourceHost: registries[0].host, mirrorHost: registries[1].host });
      } finally {
        for (const each of registries) await each.close();
      }
    }),
  );
}

/** An image that is the same at both ends, and as the lock file has it. */
async function mirrored({ source, mirror, sourceHost, mirrorHost }: Ends, name: string): Promise<LockedImage> {
  const digest = await addImage(source, `public/${name}:1`, []);
  const sameLayers = await source.readBytes(digest);
  await mirror.writeBytes(digest, sameLayers);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  await mirror.setReference(`team/public-${name}:1`, { mediaType, digest, size: sameLayers.length });
  return {
    source: parseReference(`${sourceHost}/public/${name}:1`),
    platform: "linux/amd64",
    sourceDigest: digest,
    platformDigest: digest,
    mirror: parseReference(`${mirrorHost}/team/public-${name}:1`),
    mirrorDigest: digest,
    size: 10,
  };
}

function transferOf({ source, mirror, platform }: LockedImage): Transfer {
  return { source, target: mirror, platform, uses: [{ image: "x", services: ["x"] }] };
}

test("every way in which an image can differ from its lock", () =>
  withEnds(async (ends) => {
    const registries = await openRegistries({
      environment: {},
      home: ends.source.folder,
      run,
      retryPolicy: { attempts: 1 },
    });
    const same = await mirrored(ends, "same");
    const moved = await mirrored(ends, "moved");
    const newSource = await addImage(ends.source, "public/moved:1", ["newer"]);
    const newMirror = await addImage(ends.mirror, "team/public-moved:1", ["pushed by somebody else"]);
    const gone = { ...same, source: { ...same.source, tag: "no" }, mirror: { ...same.mirror, tag: "no" } };
    const silent = {
      ...same,
      source: { ...same.source, registry: "localhost:1" },
      mirror: { ...same.mirror, registry: "localhost:1" },
    };
    const unused = await mirrored(ends, "unused");
    const fresh = await mirrored(ends, "fresh");
    const byDigest = { ...same, source: { ...same.source, tag: "gone", digest: same.sourceDigest } };
    const locked = [same, moved, gone, silent, unused, byDigest];
    const found = await verify(locked, [same, moved, gone, silent, byDigest, fresh].map(transferOf), { registries });
    registries.close();
    const driftsOf = (image: LockedImage) =>
      found.find(({ source, mirror }) => source === image.source && mirror === image.mirror)?.drifts;
    assert.equal(found.length, 7);
    assert.deepEqual(driftsOf(same), []);
    assert.deepEqual(driftsOf(byDigest), []);
    assert.deepEqual(driftsOf(moved), [
      { kind: "source-moved", locked: moved.sourceDigest, actual: newSource },
      { kind: "mirror-moved", locked: moved.mirrorDigest, actual: newMirror },
    ]);
    assert.deepEqual(driftsOf(gone), [
      { kind: "source-gone", locked: same.sourceDigest },
      { kind: "mirror-gone", locked: same.mirrorDigest },
    ]);
    assert.deepEqual(
      driftsOf(silent)?.map((drift) => [drift.kind, "error" in drift ? drift.error.code : undefined]),
      [
        ["source-unknown", "registry-unreachable"],
        ["mirror-unknown", "registry-unreachable"],
      ],
    );
    assert.deepEqual(driftsOf(unused), [{ kind: "not-used" }]);
    assert.deepEqual(driftsOf(fresh), [{ kind: "not-locked" }]);
  }));

test("another place of the source answers for it", () =>
  withEnds(async (ends) => {
    const registries = await openRegistries({
      environment: {},
      home: ends.source.folder,
      run,
      retryPolicy: { attempts: 1 },
    });
    const image = await mirrored(ends, "same");
    const away = { ...image, source: { ...image.source, registry: "localhost:1" } };
    const sourceMirrors = [
      { registry: "localhost:1", host: "localhost:2" },
      { registry: "localhost:1", host: ends.sourceHost },
    ];
    const [found] = await verify([away], [transferOf(away)], { registries, sourceMirrors });
    registries.close();
    assert.deepEqual(found?.drifts, []);
  }));

test("where no registry is configured, the store itself is asked", () =>
  withEnds(async (ends) => {
    const folder = join(ends.source.folder, "..");
    const file = join(folder, "compose.yaml");
    const image = { ...(await mirrored(ends, "web")), mirror: parseReference("localhost:7777/mirror/public-web:1") };
    const bytes = await ends.source.readBytes(image.mirrorDigest);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = { mediaType, digest: image.mirrorDigest, size: bytes.length };
    await ends.mirror.setReference("mirror/public-web:1", manifest);
    await writeFile(file, `services:\n  web:\n    image: ${ends.sourceHost}/public/web:1\n`);
    await writeLock(join(folder, "mirror.lock.json"), [image]);
    const args = ["-f", file, "--store", ends.mirror.folder, "--port", "7777"];
    const same = await runScript("verify", args);
    assert.equal(same.code, 0, same.stderr);
    await addImage(ends.mirror, "mirror/public-web:1", ["other"]);
    assert.equal((await runScript("verify", args)).code, 1);
  }));

test("the command reports what differs, also by its exit code", () =>
  withEnds(async (ends) => {
    const folder = join(ends.source.folder, "..");
    const file = join(folder, "compose.yaml");
    const image = await mirrored(ends, "web");
    await writeFile(file, `services:\n  web:\n    image: ${ends.sourceHost}/public/web:1\n`);
    const args = ["-f", file, "--registry", ends.mirrorHost, "--namespace", "team"];

    const without = await runScript("verify", args);
    assert.equal(without.code, 2);
    assert.match(without.stderr, /no lock file ".*mirror\.lock\.json"/);

    await writeLock(join(folder, "mirror.lock.json"), [image]);
    const same = await runScript("verify", [...args, "--json"]);
    assert.equal(same.code, 0, same.stderr);
    const row = {
      source: `${ends.sourceHost}/public/web:1`,
      platform: "linux/amd64",
      mirror: `${ends.mirrorHost}/team/public-web:1`,
    };
    assert.deepEqual(JSON.parse(same.stdout), [{ ...row, drifts: [] }]);

    const actual = await addImage(ends.source, "public/web:1", ["newer"]);
    const drifted = await runScript("verify", [...args, "--json"]);
    assert.equal(drifted.code, 1);
    const drift = { kind: "source-moved", locked: image.sourceDigest, actual };
    assert.deepEqual(JSON.parse(drifted.stdout), [{ ...row, drifts: [drift] }]);
    const shown = await runScript("verify", args);
    assert.match(shown.stdout, new RegExp(`public/web:1 -> .*team/public-web:1\\n  .*${actual}`));

    await writeFile(join(folder, "mirror.lock.json"), '{"version":1,"images":[{}]}');
    assert.equal((await runScript("verify", args)).code, 2);
  }));

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { run } from "../../lib/system/process.ts";
import { openStore } from "../../lib/store/open.ts";
import type { StoreWait } from "../../lib/store/store.ts";
import {
  addBlob,
  addImage,
  chunkOf,
  collect,
  content,
  inStoreFolder,
  startChild,
  withStore,
} from "../_helpers/store-folder.ts";

const DIGEST = digestOf(content(40));

test("the folder is an OCI image layout", () =>
  withStore(async (store) => {
    const digest = await addImage(store, "team/nginx:1.27", ["layer"]);
    const json = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(store.folder, name), "utf8")) as unknown;
    assert.deepEqual(await json("oci-layout"), { imageLayoutVersion: "1.0.0" });
    const size = await store.sizeOf(digest);
    assert.deepEqual(await json("index.json"), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest,
          size,
          annotations: { "org.opencontainers.image.ref.name": "team/nginx:1.27" },
        },
      ],
    });
    assert.equal(existsSync(join(store.folder, "blobs", "sha256", digest.slice(7))), true);
  }));

const skopeo = await run(["skopeo", "--version"]).catch(() => undefined);

test("skopeo reads an image out of it", { skip: skopeo === undefined }, () =>
  withStore(async (store) => {
    const digest = await addImage(store, "team/nginx:1.27", ["layer"]);
    const place = join(store.folder, "..", "copy");
    const copied = await run([
      "skopeo",
      "copy",
      "--insecure-policy",
      `oci:${store.folder}:team/nginx:1.27`,
      `dir:${place}`,
    ]);
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal(digestOf(await readFile(join(place, "manifest.json"))), digest);
  }),
);

test("a folder of something else is left alone", () =>
  inStoreFolder(async (folder) => {
    await mkdir(folder);
    await writeFile(join(folder, "thesis.txt"), "");
    await assert.rejects(openStore(folder), { code: "store-foreign" });
    assert.deepEqual(await readdir(folder), ["thesis.txt"]);
    await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    await assert.rejects(openStore(folder), { code: "store-foreign" });
    await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
    await (await openStore(folder)).close();
    for (const index of ["{", "[]", '{"manifests":[{"digest":"sha256:../x","mediaType":"a","size":1}]}']) {
      await writeFile(join(folder, "index.json"), index);
      const store = await openStore(folder);
      assert.equal((await store.references()).size, 0, index);
      await store.close();
    }
    await assert.rejects(openStore(join(folder, "thesis.txt")), { code: "store-write" });
  }));

test("entries of index.json whose name is no text are kept and name nothing", () =>
  inStoreFolder(async (folder) => {
    const digest = await addBlob(await openStore(folder), "{}");
    for (const annotations of [null, { "org.opencontainers.image.ref.name": [] }]) {
      const foreign = { mediaType: "m", digest, size: 2, annotations };
      await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [foreign] }));
      const store = await openStore(folder);
      assert.equal((await store.references()).size, 0);
      await store.setReference("own:1", { mediaType: "m", digest, size: 2 });
      const { manifests } = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as { manifests: unknown[] };
      assert.deepEqual(manifests[0], foreign);
      await store.close();
    }
  }));

test("what can be read of a damaged index.json is kept, and the store stays usable", () =>
  inStoreFolder(async (folder) => {
    const store = await openStore(folder);
    await addImage(store, "team/app:1", ["one"]);
    await addImage(store, "team/web:1", ["two"]);
    await addImage(store, "team/db:1", ["three"]);
    await store.close();
    const file = join(folder, "index.json");
    const text = await readFile(file, "utf8");
    const ways: readonly (readonly [damaged: string, kept: readonly string[]])[] = [
      [text.slice(0, -60), ["team/app:1", "team/web:1"]],
      [text.replace('"size":', '"size":x'), ["team/db:1", "team/web:1"]],
      [text.replaceAll(/"manifests":.*/g, ""), []],
      ["\0".repeat(text.length), []],
      [text.replace(/"digest":"sha256:/, '"digest":"../../'), ["team/db:1", "team/web:1"]],
    ];
    for (const [damaged, kept] of ways) {
      await writeFile(file, damaged);
      const later = await openStore(folder);
      assert.deepEqual([...(await later.references()).keys()], kept);
      await addImage(later, "team/new:1", ["one"]);
      await later.close();
      const { manifests } = JSON.parse(await readFile(file, "utf8")) as { manifests: readonly unknown[] };
      assert.equal(manifests.length, kept.length + 1);
    }
  }));

test("a blob whose file changed is hashed again, whole or in part", () =>
  withStore(async (store) => {
    const bytes = content(40);
    const digest = await addBlob(store, bytes);
    const file = join(store.folder, "blobs", "sha256", digest.slice(7));
    for (const range of [{}, { start: 1 }]) {
      await store.writeBytes(digest, bytes);
      assert.equal(await store.verify(digest), true);
      await writeFile(file, Buffer.alloc(bytes.length));
      await assert.rejects(async () => collect(await store.read(digest, range)), { code: /blob-(corrupt|missing)/ });
      assert.equal(await store.has(digest), false);
    }
  }));

test("a store is for its user alone, also one that was made open to all", { skip: process.platform === "win32" }, () =>
  inStoreFolder(async (folder) => {
    const modeOf = async (...path: readonly string[]) => (await stat(join(folder, ...path))).mode & 0o777;
    await mkdir(folder, { mode: 0o755 });
    const store = await openStore(folder);
    await addImage(store, "team/app:1", ["one"]);
    const partial = (await store.partial(DIGEST))!;
    await partial.close();
    assert.deepEqual(
      await Promise.all([modeOf(), modeOf("blobs"), modeOf("uploads"), modeOf("index.json")]),
      [0o700, 0o700, 0o700, 0o600],
    );
    assert.equal(await modeOf("partial", `sha256-${DIGEST.slice(7)}`), 0o600);
    await store.close();
  }),
);

test("several may make one store at once", () =>
  inStoreFolder(async (folder) => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(folder)));
    await Promise.all(stores.map((store) => store.close()));
    assert.deepEqual((await readdir(join(folder, "sessions"))).length, 0);
  }));

test("small blobs are verified both ways", () =>
  withStore(async (store) => {
    const digest = await addBlob(store, "hello");
    assert.equal(Buffer.from(await store.readBytes(digest)).toString(), "hello");
    assert.equal(await store.sizeOf(digest), 5);
    await assert.rejects(store.writeBytes(digest, Buffer.from("other")), { code: "blob-corrupt" });
    await assert.rejects(store.readBytes(DIGEST), { code: "blob-missing" });
    await assert.rejects(store.read(DIGEST), { code: "blob-missing" });
    assert.equal(await store.sizeOf(DIGEST), undefined);
    assert.equal(await store.verify(DIGEST), false);
  }));

test("ranges are read as asked", () =>
  withStore(async (store) => {
    const digest = await addBlob(store, "0123456789");
    const read = async (start?: number, end?: number): Promise<string> =>
      (
        await collect(
          await store.read(digest, {
            ...(start === undefined ? {} : { start }),
            ...(end === undefined ? {} : { end }),
          }),
        )
      ).toString();
    assert.equal(await read(), "0123456789");
    assert.equal(await read(4), "456789");
    assert.equal(await read(4, 6), "45");
    assert.equal(await read(0, 3), "012");
    assert.equal(await read(8, 99), "89");
    assert.equal(await read(10), "");
  }));

test("a damaged blob is noticed when it is used, and taken out", () =>
  inStoreFolder(async (folder) => {
    const bytes = content(20);
    const digest = digestOf(bytes);
    const file = join(folder, "blobs", "sha256", digest.slice(7));
    const ways: readonly (readonly [
      what: string,
      damage: () => Promise<void>,
      notice: (store: Awaited<ReturnType<typeof openStore>>) => Promise<void>,
    ])[] = [
      [
        "too short",
        () => truncate(file, 100),
        async (store) => assert.equal(await store.has(digest, bytes.length), false),
      ],
      [
        "changed, read as a stream",
        () => writeFile(file, chunkOf(1)),
        async (store) => assert.rejects(collect(await store.read(digest)), { code: "blob-corrupt" }),
      ],
      [
        "changed, read at once",
        () => writeFile(file, "x"),
        (store) => assert.rejects(store.readBytes(digest), { code: "blob-corrupt" }),
      ],
      [
        "changed, verified",
        () => writeFile(file, "x"),
        async (store) => assert.equal(await store.verify(digest), false),
      ],
    ];
    for (const [what, damage, notice] of ways) {
      const store = await openStore(folder);
      await store.writeBytes(digest, bytes);
      await store.close();
      await damage();
      // as a later run, which has not seen the blob before
      const later = await openStore(folder);
      await notice(later);
      assert.equal(await later.has(digest), false, what);
      assert.notEqual(
        await later.partial(digest).then((partial) => partial?.close().then(() => true)),
        undefined,
        what,
      );
      await later.close();
    }
  }));

test("a digest that could be a path is refused everywhere", () =>
  withStore(async (store) => {
    const bad = `sha256:${"../".repeat(21)}x`;
    const calls: readonly (() => Promise<unknown>)[] = [
      () => store.has(bad),
      () => store.sizeOf(bad),
      () => store.read(bad),
      () => store.readBytes(bad),
      () => store.writeBytes(bad, Buffer.from("x")),
      () => store.verify(bad),
      () => store.partial(bad),
      () => store.setReference("a:b", { mediaType: "m", digest: bad, size: 1 }),
      () => store.upload({ registry: "r", repository: "a", digest: bad }),
    ];
    for (const call of calls) await assert.rejects(async () => call(), { code: "digest-invalid" }, String(call));
  }));

test("names are set, changed, and never dangle", () =>
  withStore(async (store) => {
    const first = await addImage(store, "b:1", ["one"]);
    await addImage(store, "a:1", ["two"]);
    const again = await addImage(store, "b:1", ["three"]);
    assert.notEqual(first, again);
    assert.deepEqual([...(await store.references()).keys()], ["a:1", "b:1"]);
    assert.equal((await store.reference("b:1"))?.digest, again);
    assert.equal(await store.reference("c:1"), undefined);
    const missing = { mediaType: "m", digest: DIGEST, size: 1 };
    await assert.rejects(store.setReference("c:1", missing), { code: "blob-missing" });
  }));

test("processes do not lose each other's names", () =>
  inStoreFolder(async (folder) => {
    const store = await openStore(folder);
    const digest = await addBlob(store, "{}");
    // entries of other tools, without a name, stay as they are
    const foreign = { mediaType: "m", digest, size: 2, platform: { os: "linux", architecture: "amd64" } };
    await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [foreign] }));
    const children = ["a", "b", "c"].map((name) => startChild(["name", folder, name, digest, "25"]));
    for (let index = 0; index < 25; index += 1) {
      await store.setReference(`own:${index}`, { mediaType: "m", digest, size: 2 });
      assert.ok((await store.reference(`own:${index}`)) !== undefined);
    }
    assert.deepEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 0, 0]);
    assert.equal((await store.references()).size, 100);
    const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as { manifests: readonly unknown[] };
    assert.deepEqual(index.manifests[0], foreign);
    await store.close();
  }));

test("upload records are kept for later runs, for this user alone", () =>
  inStoreFolder(async (folder) => {
    const target = { registry: "registry.example:5000", repository: "team/nginx", digest: DIGEST };
    const record = { location: "https://registry.example:5000/v2/x?state=abc", offset: 1024 };
    const store = await openStore(folder);
    assert.equal(await store.upload(target), undefined);
    await store.setUpload(target, record);
    await store.setUpload({ ...target, repository: "team/other" }, { location: "/b", offset: 0 });
    await store.close();

    const later = await openStore(folder);
    assert.deepEqual(await later.upload(target), record);
    const [file] = await readdir(join(folder, "uploads"));
    assert.equal((await stat(join(folder, "uploads", file!))).mode & 0o077, 0);
    for (const damaged of [
      "",
      "{",
      "null",
      '{"location":"/x","offset":-1}',
      JSON.stringify({ ...target, location: 1, offset: 1 }),
    ]) {
      for (const name of await readdir(join(folder, "uploads")))
        await writeFile(join(folder, "uploads", name), damaged);
      assert.equal(await later.upload(target), undefined, damaged);
    }
    await later.setUpload(target, record);
    await later.setUpload(target, undefined);
    assert.equal(await later.upload(target), undefined);
    await later.close();
  }));

test("prune removes the least recently used first", () =>
  withStore(async (store) => {
    const old = await addImage(store, "team/old:1", ["shared", "of old alone"]);
    const used = await addImage(store, "team/used:1", ["shared", "of used alone"]);
    const loose = await addBlob(store, "x".repeat(500));
    const partial = (await store.partial(DIGEST))!;
    await partial.append(chunkOf(0));
    await partial.close();
    // the images' own times count, not those of their blobs; what nobody names is older here
    const files = { [join("partial", `sha256-${DIGEST.slice(7)}`)]: 3, [join("blobs", "sha256", loose.slice(7))]: 3 };
    for (const digest of [old, used]) files[join("blobs", "sha256", digest.slice(7))] = 1;
    for (const [path, hours] of Object.entries(files)) {
      const then = new Date(Date.now() - hours * 3_600_000);
      await utimes(join(store.folder, path), then, then);
    }
    await store.reference("team/used:1");

    const { bytes } = await store.size();
    assert.deepEqual(await store.size(), { bytes, blobs: 8, partials: 1, references: 2 });
    assert.deepEqual((await store.prune({ limit: bytes })).blobs, 0);
    const first = await store.prune({ limit: bytes - 65_536 - 500 });
    assert.deepEqual([first.references, first.blobs, first.bytes], [[], 2, 65_536 + 500]);
    assert.equal(await store.has(loose), false);

    const second = await store.prune({ limit: first.left.bytes - 1 });
    assert.deepEqual([second.references, second.blobs], [["team/old:1"], 3]);
    assert.deepEqual([...(await store.references()).keys()], ["team/used:1"]);
    assert.equal(await store.has(digestOf("shared")), true);
    assert.equal(await store.has(digestOf("of old alone")), false);

    const third = await store.prune({ limit: 0 });
    assert.deepEqual(third.left, { bytes: 0, blobs: 0, partials: 0, references: 0 });
  }));

test("prune waits for no one and harms no one who writes", () =>
  inStoreFolder(async (folder) => {
    const child = startChild(["append", folder, DIGEST, "4"]);
    assert.equal(await child.line(), "at 0");
    const store = await openStore(folder);
    await assert.rejects(store.prune({ limit: 0 }), {
      code: "store-busy",
      values: { folder, process: child.process.pid },
    });
    // nor one that has just begun and not yet said who it is
    await child.kill();
    await writeFile(join(folder, "sessions", "session-new"), "");
    await assert.rejects(store.prune({ limit: 0 }), { code: "store-busy" });
    assert.ok((await readdir(join(folder, "sessions"))).includes("session-new"));
    await rm(join(folder, "sessions", "session-new"));

    // a reader does not count
    const reader = await openStore(folder, { access: "read" });
    await writeFile(join(folder, ".index.json.1234.tmp"), "left by a killed process");
    const { left } = await store.prune({ limit: 0 });
    assert.equal(left.bytes, 0);
    assert.equal(existsSync(join(folder, ".index.json.1234.tmp")), false);
    assert.deepEqual(await readdir(join(folder, "locks")), []);
    await reader.close();
    await store.close();
  }));

test("a wait for another run's blob or prune is told, and an interrupt ends it", () =>
  inStoreFolder(async (folder) => {
    const first = await openStore(folder);
    const held = (await first.partial(DIGEST))!;
    const told: StoreWait[] = [];
    const abort = new AbortController();
    const onWait = (wait: StoreWait): void => {
      told.push(wait);
      if (wait.reason === "prune") abort.abort();
      else void held.close();
    };
    const second = await openStore(folder, { onWait });
    await (await second.partial(DIGEST))!.close();
    await Promise.all([first.close(), second.close()]);

    const child = startChild(["lock", join(folder, "locks", "prune")]);
    assert.equal(await child.line(), "locked");
    await assert.rejects(openStore(folder, { onWait, signal: abort.signal }), { code: "interrupted" });
    assert.deepEqual(told, [
      { reason: "blob", process: process.pid },
      { reason: "prune", process: child.process.pid },
    ]);
    // who gives up leaves nothing that would keep the prune away
    assert.deepEqual(await readdir(join(folder, "sessions")), []);
    await child.kill();
  }));

test("a store that cannot be written is reported", () =>
  inStoreFolder(async (folder) => {
    await (await openStore(folder)).close();
    await rm(join(folder, "sessions"), { recursive: true });
    await writeFile(join(folder, "sessions"), "in the way");
    await assert.rejects(openStore(folder), { code: "store-write" });
  }));

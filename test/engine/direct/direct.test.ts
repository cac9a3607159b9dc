import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { digestOf } from "../../../lib/image/digest.ts";
import { createDirectEngine, type DirectEngineOptions } from "../../../lib/engine/direct/direct.ts";
import { storeName } from "../../../lib/store/store-name.ts";
import type { Engine, Outcome, Progress } from "../../../lib/engine/engine.ts";
import { mapConcurrent } from "../../../lib/async/map-concurrent.ts";
import type { MirrorError } from "../../../lib/messages/errors.ts";
import { renderCause } from "../../../lib/messages/message.ts";
import type { Transfer } from "../../../lib/mirror/transfers.ts";
import { run } from "../../../lib/system/process.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import { MEDIA_TYPES } from "../../../lib/image/manifest.ts";
import { openRegistries } from "../../../lib/registry/registries.ts";
import { Secret } from "../../../lib/system/secret.ts";
import { openStore } from "../../../lib/store/open.ts";
import type { Store } from "../../../lib/store/store.ts";
import { json, noise, putImage } from "../../_helpers/registry-images.ts";
import {
  type RegistryServer,
  registryServer,
  type RegistryServerOptions,
  type Seen,
} from "../../_helpers/registry-server.ts";

const USER = { username: "user", password: "secret" };
const RETRIES = { attempts: 3, firstDelay: 1, longestDelay: 1 };
const MIB = 1024 * 1024;

interface Bench {
  readonly source: RegistryServer;
  readonly target: RegistryServer;
  readonly store: Store;
  readonly folder: string;
  readonly engine: Engine;
  /** All that was told of retries. */
  readonly retries: string[];
  readonly onProgress: (progress: Progress) => void;
  /** An engine of its own for one more run on the same store. */
  readonly again: (options?: Partial<DirectEngineOptions>) => Promise<Engine>;
  readonly transfer: (name: string, platform?: string) => Transfer;
  readonly mirror: (...names: readonly string[]) => Promise<readonly Outcome[]>;
}

interface BenchOptions {
  readonly source?: RegistryServerOptions;
  readonly target?: RegistryServerOptions;
  readonly engine?: Partial<DirectEngineOptions>;
  readonly password?: string;
}

async function bench(t: TestContext, options: BenchOptions = {}): Promise<Bench> {
  const source = await registryServer(options.source);
  const target = await registryServer(options.target);
  const folder = mkdtempSync(join(tmpdir(), "direct-"));
  const store = await openStore(join(folder, "store"));
  const given = { [target.host]: { username: USER.username, password: new Secret(options.password ?? USER.password) } };
  const closing: (() => void)[] = [];
  const again = async (more: Partial<DirectEngineOptions> = {}): Promise<Engine> => {
    const policy = { attempts: 3, firstDelay: 1, longestDelay: 1 };
    const registries = await openRegistries({ environment: {}, home: folder, run, given, retryPolicy: policy });
    closing.push(() => registries.close());
    return createDirectEngine({ registries, store, retries: RETRIES, ...options.engine, ...more });
  };
  t.after(async () => {
    for (const close of closing) close();
    await Promise.all([source.close(), target.close()]);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const engine = await again();
  const retries: string[] = [];
  const onProgress = (progress: Progress): void => {
    if (progress.kind === "retry") retries.push(renderCause(progress.reason, "en"));
  };
  const transfer = (name: string, platform = "linux/amd64"): Transfer => {
    const image = parseReference(`${source.host}/${name}`);
    const tag = image.tag ?? "latest";
    const flat = name.split(/[:@]/)[0]!.replaceAll("/", "-");
    return {
      source: image,
      target: { registry: target.host, repository: `team/${flat}`, tag },
      platform,
      uses: [{ image: name, services: ["web"] }],
    };
  };
  const mirror = (...names: readonly string[]): Promise<readonly Outcome[]> => {
    const transfers = names.map((name) => transfer(name));
    engine.begin?.(transfers, "mirror");
    return mapConcurrent(transfers, (each) => engine.mirror(each, { onProgress }), {
      concurrency: engine.concurrency ?? 1,
    });
  };
  return { source, target, store, folder, engine, retries, onProgress, again, transfer, mirror };
}

function statuses(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map(({ status, error }) => (error === undefined ? status : `${status} ${error.code}`));
}

function errorOf({ error }: Outcome): MirrorError {
  assert.ok(error, "the transfer was to fail");
  return error;
}

/** Every blob in the store is what its name says. */
function assertClean(folder: string): void {
  const blobs = join(folder, "store", "blobs", "sha256");
  for (const name of readdirSync(blobs)) assert.equal(digestOf(readFileSync(join(blobs, name))), `sha256:${name}`);
}

/** Every blob and manifest of the target is what its name says. */
function assertWhole(target: RegistryServer, repository: string, tag: string, layers: readonly Uint8Array[]): void {
  const manifest = target.manifests.get(repository)?.get(tag);
  assert.ok(manifest, `${repository}:${tag} is missing`);
  const { layers: listed } = JSON.parse(Buffer.from(manifest.bytes).toString()) as { layers: { digest: string }[] };
  assert.deepEqual(
    listed.map(({ digest }) => digest),
    layers.map((layer) => digestOf(layer)),
  );
  for (const layer of layers) assert.deepEqual(target.blobs.get(repository)?.get(digestOf(layer)), Buffer.from(layer));
}

/** Something that is waited for until it is opened. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

const isBlob = ({ url, method }: Seen): boolean => method === "GET" && /\/blobs\/sha256/.test(url);
const sentTo = (server: RegistryServer): number => server.seen.reduce((sum, { received }) => sum + received, 0);
const readFrom = (server: RegistryServer): number =>
  server.seen.filter(isBlob).reduce((sum, { sent }) => sum + sent, 0);

test("a first run makes the fewest requests, a second one a HEAD at each end", async (t) => {
  const tokens = { auth: "token", ...USER } as const;
  const { source, target, mirror, transfer, again } = await bench(t, {
    source: tokens,
    target: { ...tokens, publicPull: false },
  });
  const shared = noise("shared", 100_000);
  const names = ["a/one:1", "a/two:1", "b/three:1"];
  for (const name of names) {
    const [repository, tag] = name.split(":") as [string, string];
    const layers = [shared, noise(name, 50_000)];
    putImage(source, { repository, tag, layers, platforms: ["linux/arm64", "linux/amd64"], attested: true });
  }
  assert.deepEqual(statuses(await mirror(...names)), ["pushed", "pushed", "pushed"]);
  const distinct = 3 + 1 + 3;
  assert.equal(
    source.count("GET", /manifests/),
    2 * 3 + 1,
    "two manifests an image, and the request that asked for a login",
  );
  assert.equal(source.count("GET", /blobs/), distinct);
  assert.equal(source.count("GET", /token/), 1);
  assert.equal(target.count("GET", /token/), 1);
  assert.equal(target.count("HEAD", /manifests/), 3 + 1);
  assert.equal(target.count("HEAD", /blobs/), 0);
  assert.equal(target.count("POST"), distinct + 2, "an upload for each blob, a mount for each further repository");
  assert.equal(target.count("PUT", /blobs/), distinct);
  assert.equal(target.count("PATCH"), 0);
  assert.equal(target.count("PUT", /manifests/), 3);

  source.clear();
  target.clear();
  const engine = await again();
  const transfers = names.map((name) => transfer(name));
  engine.begin?.(transfers, "mirror");
  const second = await mapConcurrent(transfers, (each) => engine.mirror(each), { concurrency: 3 });
  assert.deepEqual(statuses(second), ["present", "present", "present"]);
  for (const server of [source, target]) {
    assert.equal(server.count("HEAD", /manifests/), 3 + 1);
    assert.equal(server.seen.length, 3 + 2, "nothing but the login besides");
  }
});

test("the child's exact bytes arrive under the tag, and attestations stay behind", async (t) => {
  for (const docker of [false, true]) {
    const { source, target, mirror, transfer } = await bench(t);
    const layers = [noise("layer", 10_000)];
    const spec = { repository: "app", tag: "1", layers, docker, attested: true };
    const { digest, children } = putImage(source, { ...spec, platforms: ["linux/arm64", "linux/amd64"] });
    const [outcome] = await mirror("app:1");
    assert.equal(outcome!.digest, children.get("linux/amd64"));
    assert.equal(outcome!.sourceDigest, digest);
    const child = source.manifests.get("app")!.get(outcome!.digest!)!;
    assert.deepEqual(target.manifests.get("team/app")!.get("1"), child);
    assert.deepEqual([...target.manifests.get("team/app")!.keys()].toSorted(), ["1", outcome!.digest!].toSorted());
    assertWhole(target, "team/app", "1", layers);
    const config = (JSON.parse(Buffer.from(child.bytes).toString()) as { config: { size: number } }).config.size;
    assert.equal(outcome!.bytes, 10_000 + config);
    assert.equal(storeName(transfer("app:1").target), "team/app:1");
  }
});

test("an image without the platform fails with what is offered, the others go on", async (t) => {
  const { source, target, mirror } = await bench(t);
  const layers = [noise("layer", 1000)];
  putImage(source, {
    repository: "index",
    tag: "1",
    layers,
    platforms: ["linux/arm64", "linux/arm/v7"],
    attested: true,
  });
  putImage(source, { repository: "single", tag: "1", layers, single: "linux/arm64" });
  putImage(source, { repository: "good", tag: "1", layers });
  const outcomes = await mirror("index:1", "single:1", "good:1", "none:1");
  assert.deepEqual(statuses(outcomes), [
    "failed image-platform",
    "failed image-platform",
    "pushed",
    "failed registry-not-found",
  ]);
  assert.match(errorOf(outcomes[0]!).message, /linux\/arm\/v7, linux\/arm64$/);
  assert.match(errorOf(outcomes[1]!).message, /offered for linux\/arm64$/);
  assert.equal(target.manifests.get("team/single"), undefined);
});

test("variants: the exact one, else an older one that the machine runs", async (t) => {
  const { source, engine, transfer } = await bench(t);
  const layers = [noise("layer", 100)];
  const { children } = putImage(source, {
    repository: "app",
    tag: "1",
    layers,
    platforms: ["linux/arm/v5", "linux/arm/v7", "linux/arm64/v8", "linux/amd64"],
  });
  const cases = [
    ["linux/arm/v7", "linux/arm/v7"],
    ["linux/arm/v6", "linux/arm/v5"],
    ["linux/arm64", "linux/arm64/v8"],
    ["linux/amd64/v3", "linux/amd64"],
  ] as const;
  for (const [wanted, found] of cases) {
    assert.equal((await engine.mirror(transfer("app:1", wanted))).digest, children.get(found), wanted);
  }
});

test("a digest decides over the tag; one of an index becomes the child's", async (t) => {
  const { source, target, mirror } = await bench(t);
  const old = putImage(source, {
    repository: "app",
    tag: "1",
    layers: [noise("old", 100)],
    platforms: ["linux/amd64"],
  });
  putImage(source, { repository: "app", tag: "1", layers: [noise("new", 100)] });
  const [outcome] = await mirror(`app:1@${old.digest}`);
  assert.equal(outcome!.digest, old.children.get("linux/amd64"));
  assertWhole(target, "team/app", "1", [noise("old", 100)]);
});

for (const mount of ["yes", "ignored", "denied"] as const) {
  test(`shared blobs with mounts ${mount}`, async (t) => {
    const { source, target, mirror } = await bench(t, { target: { mount } });
    const layers = [noise("shared", 200_000)];
    const names = ["one:1", "two:1", "three:1", "four:1"];
    for (const name of names) putImage(source, { repository: name.slice(0, -2), tag: "1", layers });
    assert.deepEqual(statuses(await mirror(...names)), ["pushed", "pushed", "pushed", "pushed"]);
    for (const name of names) assertWhole(target, `team/${name.slice(0, -2)}`, "1", layers);
    assert.equal(readFrom(source) < 201_000, true, "it came down once");
    const posts = target.count("POST");
    if (mount === "yes") assert.equal(posts, 4 + 1 + 3);
    if (mount === "ignored") assert.equal(posts, 4 + 1 + 3, "the upload that was opened in the mount's place is used");
    if (mount === "denied") assert.ok(posts >= 4 + 4 + 1 && posts <= 4 + 4 + 3);
  });
}

test("two tags of one repository share their blobs without a request", async (t) => {
  const { source, target, engine, mirror } = await bench(t);
  const layers = [noise("shared", 2 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  putImage(source, { repository: "app", tag: "2", layers });
  await mirror("app:1", "app:2");
  assert.equal(target.count("POST"), 3);
  const { done, total, had } = engine.bytes!.of("up");
  assert.ok(total > 2 * MIB && total < 2.1 * MIB, `the shared layer counts once, and ${total} bytes were counted`);
  assert.deepEqual([done, had, engine.bytes!.known.size], [total, 0, 2]);
  for (const way of ["up", "down"] as const) assert.equal(engine.bytes!.of(way).moved, total, way);
});

test("an image that changed sends only what is new", async (t) => {
  const { source, target, mirror, again, transfer } = await bench(t);
  const base = noise("base", 300_000);
  putImage(source, { repository: "app", tag: "1", layers: [base, noise("old", 1000)] });
  await mirror("app:1");
  putImage(source, { repository: "app", tag: "1", layers: [base, noise("new", 1000)] });
  for (const server of [source, target]) server.clear();
  const second = await again();
  const outcome = await second.mirror(transfer("app:1"));
  assert.equal(outcome.status, "pushed");
  const { done, total, had, moved } = second.bytes!.of("up");
  assert.equal(done, total);
  assert.ok(had >= base.length && had < base.length + 1000, `${had} bytes were there, the config among them`);
  assert.equal(moved, total - had);
  assertWhole(target, "team/app", "1", [base, noise("new", 1000)]);
  assert.ok(sentTo(target) < 3000 && readFrom(source) < 3000);
});

test("pull and push as steps of their own, with nothing from the source in the second", async (t) => {
  const { source, target, engine, transfer, store } = await bench(t, { engine: { chunkSize: MIB } });
  const layers = [noise("large", 3 * MIB), noise("small", 100)];
  putImage(source, { repository: "app", tag: "1", layers, platforms: ["linux/amd64"] });
  const work = transfer("app:1");
  assert.equal(errorOf(await engine.push(work)).code, "image-not-pulled");
  const pulled = await engine.pull(work);
  assert.equal(pulled.status, "pulled");
  assert.equal((await store.reference("team/app:1"))?.digest, pulled.digest);
  assert.equal(target.count("POST"), 0);
  assert.equal((await engine.pull(work)).status, "present");
  source.clear();
  assert.deepEqual(statuses([await engine.push(work), await engine.push(work)]), ["pushed", "present"]);
  assert.equal(source.seen.length, 0);
  assertWhole(target, "team/app", "1", layers);
});

test("a download that drops resumes at the byte where it stopped", async (t) => {
  const { source, target, mirror, retries } = await bench(t);
  const layers = [noise("large", 5 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  source.setFault((seen, nth) => (isBlob(seen) && nth <= 4 ? { cutAfter: MIB } : undefined));
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
  const ranges = source.seen.filter(isBlob).map(({ range }) => range);
  assert.equal(ranges.filter((range) => range !== undefined).length, 4, ranges.join());
  assert.ok(readFrom(source) <= 5.5 * MIB, "what was under way when the line was cut may come again");
  assert.ok(retries.length >= 4);
});

test("a source without range support sends from the start, and the known bytes are skipped", async (t) => {
  const { source, target, mirror } = await bench(t);
  const layers = [noise("large", 2 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  source.setFault((seen, nth) => {
    if (!isBlob(seen)) return undefined;
    if (nth === 1) return { cutAfter: MIB };
    return seen.range === undefined ? undefined : { status: 200, body: layers[0]! };
  });
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
});

test("a download that stalls is closed and resumed", async (t) => {
  const { source, target, mirror, retries } = await bench(t, { engine: { least: { bytes: 1, within: 60 } } });
  const layers = [noise("large", 2 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  source.setFault((seen, nth) => (isBlob(seen) && nth === 1 ? { stallAfter: 1000 } : undefined));
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
  assert.match(retries.join(), /stalled:/);
});

test("wrong bytes never stay: a blob is asked for once more, then the image fails", async (t) => {
  const { source, target, mirror, folder } = await bench(t);
  putImage(source, { repository: "once", tag: "1", layers: [noise("once", 2 * MIB)] });
  putImage(source, { repository: "always", tag: "1", layers: [noise("always", 2 * MIB)] });
  const bad = digestOf(noise("always", 2 * MIB));
  source.setFault((seen, nth) =>
    isBlob(seen) && (seen.url.includes(bad) || nth === 1) ? { corrupt: true } : undefined,
  );
  const outcomes = await mirror("once:1", "always:1");
  assert.deepEqual(statuses(outcomes), ["pushed", "failed registry-digest"]);
  assert.match(errorOf(outcomes[1]!).message, new RegExp(bad));
  assertWhole(target, "team/once", "1", [noise("once", 2 * MIB)]);
  assert.equal(target.blobs.get("team/always")?.has(bad) ?? false, false);
  assert.equal(target.manifests.get("team/always"), undefined);
  assertClean(folder);
  assert.equal(readdirSync(join(folder, "store", "partial")).length, 0);
});

test("what a source can get wrong with a manifest", async (t) => {
  const { source, target, mirror, folder } = await bench(t);
  const image = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest };
  const config = {
    mediaType: "x",
    digest: source.putBlob("bad", json({ os: "linux", architecture: "amd64" })),
    size: 37,
  };
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", size: 3, digest: digestOf("abc") };
  const cases: readonly (readonly [name: string, manifest: Buffer, code: string, mediaType?: string])[] = [
    [
      "path",
      json({ ...image, config, layers: [{ ...layer, digest: "sha256:../../../../etc/passwd" }] }),
      "manifest-invalid",
    ],
    [
      "url",
      json({ ...image, config, layers: [{ ...layer, urls: ["https://elsewhere.example/x"] }] }),
      "manifest-invalid",
    ],
    ["size", json({ ...image, config, layers: [{ ...layer, size: -1 }] }), "manifest-invalid"],
    ["huge", Buffer.alloc(5 * MIB, 32), "manifest-too-large"],
    ["text", Buffer.from("no JSON"), "manifest-invalid"],
    ["null", Buffer.from("null"), "manifest-invalid"],
    [
      "schema1",
      json({ schemaVersion: 1 }),
      "manifest-invalid",
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ],
    ["missing", json({ ...image, config, layers: [layer] }), "registry-not-found"],
  ];
  for (const [tag, bytes, , mediaType] of cases)
    source.putManifest("bad", tag, mediaType ?? MEDIA_TYPES.ociManifest, bytes);
  source.setFault((seen) => (seen.url.endsWith("manifests/changed") ? { corrupt: true } : undefined));
  putImage(source, { repository: "bad", tag: "changed", layers: [] });
  putImage(source, { repository: "good", tag: "1", layers: [noise("good", 100)] });
  const outcomes = await mirror(...cases.map(([tag]) => `bad:${tag}`), "bad:changed", "good:1");
  assert.deepEqual(statuses(outcomes), [
    ...cases.map(([, , code]) => `failed ${code}`),
    "failed registry-digest",
    "pushed",
  ]);
  assert.deepEqual([...target.manifests.keys()], ["team/good"]);
  assertClean(folder);
});

test("a blob that is announced with another length, or redirected without an end", async (t) => {
  const { source, mirror } = await bench(t);
  putImage(source, { repository: "lie", tag: "1", layers: [noise("lie", 1000)] });
  putImage(source, { repository: "loop", tag: "1", layers: [noise("loop", 1000)] });
  const lie = digestOf(noise("lie", 1000));
  const loop = digestOf(noise("loop", 1000));
  source.setFault((seen) => {
    if (seen.url.includes(lie)) return { status: 200, body: "short" };
    if (seen.url.includes(loop)) return { status: 307, headers: { location: seen.url } };
    return undefined;
  });
  const outcomes = await mirror("lie:1", "loop:1");
  assert.deepEqual(statuses(outcomes), ["failed registry-digest", "failed registry-redirects"]);
  assert.ok(source.seen.length < 40);
});

test("logins: a token server that is down, wrong passwords at either end", async (t) => {
  const down = await bench(t, { source: { auth: "token", ...USER } });
  putImage(down.source, { repository: "app", tag: "1", layers: [] });
  down.source.setFault(({ url }) => (url.startsWith("/token") ? { status: 503, body: "down" } : undefined));
  assert.deepEqual(statuses(await down.mirror("app:1")), ["failed registry-server"]);

  for (const auth of ["token", "basic"] as const) {
    const wrong = await bench(t, { target: { auth, ...USER, publicPull: false }, password: "wrong" });
    putImage(wrong.source, { repository: "app", tag: "1", layers: [] });
    const [outcome] = await wrong.mirror("app:1");
    assert.equal(errorOf(outcome!).code, "registry-unauthorized", auth);
    assert.doesNotMatch(JSON.stringify([errorOf(outcome!).message, errorOf(outcome!).values]), /wrong/);
  }

  const closed = await bench(t, { source: { auth: "basic", ...USER } });
  putImage(closed.source, { repository: "app", tag: "1", layers: [] });
  assert.deepEqual(statuses(await closed.mirror("app:1")), ["failed registry-login-missing"]);
});

test("a token that runs out in mid-transfer is renewed", async (t) => {
  const tokens = { auth: "token", ...USER, tokenUses: 6 } as const;
  const { source, target, mirror } = await bench(t, { source: tokens, target: tokens, engine: { chunkSize: MIB } });
  const layers = [noise("large", 4 * MIB), noise("small", 100)];
  putImage(source, { repository: "app", tag: "1", layers });
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
  assert.ok(target.count("GET", /token/) >= 2);
});

test("a server that gives one scope a token is asked for each", async (t) => {
  const tokens = { auth: "token", ...USER, manyScopes: false } as const;
  const { source, target, mirror } = await bench(t, { source: tokens, target: tokens });
  const layers = [noise("shared", 1000)];
  for (const repository of ["one", "two", "three"]) putImage(source, { repository, tag: "1", layers });
  assert.deepEqual(statuses(await mirror("one:1", "two:1", "three:1")), ["pushed", "pushed", "pushed"]);
  for (const repository of ["one", "two", "three"]) assertWhole(target, `team/${repository}`, "1", layers);
});

test("a 429 is waited for and reported", async (t) => {
  const { source, mirror, retries } = await bench(t);
  putImage(source, { repository: "app", tag: "1", layers: [noise("layer", 100)] });
  source.setFault((_seen, nth) =>
    nth === 1
      ? {
          status: 429,
          headers: { "retry-after": "0" },
          body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow"}]}',
        }
      : undefined,
  );
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assert.match(retries[0]!, /limits requests.*toomanyrequests: slow/);
});

for (const onDisconnect of ["keep", "cancel"] as const) {
  test(`an upload that is cut: a registry that would ${onDisconnect} it`, async (t) => {
    const { source, target, mirror } = await bench(t, { target: { onDisconnect }, engine: { chunkSize: 2 * MIB } });
    const layers = [noise("large", 7 * MIB)];
    putImage(source, { repository: "app", tag: "1", layers });
    let cuts = 0;
    target.setFault(({ method }) => (method === "PATCH" && cuts++ === 1 ? { cutRequestAfter: MIB } : undefined));
    assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
    assertWhole(target, "team/app", "1", layers);
    assert.ok(readFrom(source) < 7 * MIB + 2000, "nothing came down twice");
    const sent = sentTo(target);
    if (onDisconnect === "keep") assert.ok(sent < 7 * MIB + 5000, `${sent} bytes`);
    else assert.ok(sent < 10 * MIB + 5000, `${sent} bytes`);
  });
}

test("a link that drops every upload after some bytes is learned once", async (t) => {
  const { source, target, mirror } = await bench(t, {
    target: { onDisconnect: "cancel" },
    engine: { chunkSize: 16 * MIB },
  });
  const layers = [noise("one", 24 * MIB), noise("two", 20 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  target.setFault(({ method }) => (method === "PATCH" || method === "PUT" ? { cutRequestAfter: 8 * MIB } : undefined));
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
  // what was under way at that moment begins anew, and no more than once
  assert.ok(sentTo(target) < 2 * 44 * MIB, `${sentTo(target) / MIB} MiB were sent`);
});

test("a lost response to an upload costs one more request at most", async (t) => {
  const { source, target, mirror } = await bench(t);
  const layers = [noise("layer", 100_000)];
  putImage(source, { repository: "app", tag: "1", layers });
  let lost = false;
  target.setFault(({ method, url }) => {
    if (lost || method !== "PUT" || !url.includes(digestOf(layers[0]!).slice(7))) return undefined;
    lost = true;
    return { cutRequestAfter: -1 };
  });
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
});

for (const chunks of ["single", "no"] as const) {
  test(`a registry that takes ${chunks === "no" ? "no chunks" : "one chunk"} gets blobs whole`, async (t) => {
    const { source, target, mirror } = await bench(t, { target: { chunks }, engine: { chunkSize: MIB } });
    const layers = [noise("one", 5 * MIB), noise("two", 3 * MIB)];
    putImage(source, { repository: "app", tag: "1", layers });
    assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
    assertWhole(target, "team/app", "1", layers);
  });
}

test("replicas that do not share their uploads: the same one is asked for again, and none is cancelled", async (t) => {
  const { source, target, mirror } = await bench(t);
  const layers = [noise("one", 3000), noise("two", 4000)];
  putImage(source, { repository: "app", tag: "1", layers });
  const closed = new Set<string>();
  target.setFault(({ method, url }) => {
    const [upload] = url.split("?");
    if (method !== "PUT" || !url.includes("/blobs/uploads/") || closed.has(upload!)) return undefined;
    closed.add(upload!);
    return { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' };
  });
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
  assert.deepEqual([target.count("POST"), target.count("DELETE")], [3, 0]);
});

test("a registry that caps what one request may carry gets smaller chunks", async (t) => {
  const { source, target, mirror } = await bench(t, { engine: { chunkSize: 4 * MIB } });
  const layers = [noise("one", 5 * MIB), noise("two", 3 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  target.setFault(({ length }) => (length > MIB ? { status: 413, body: "too large" } : undefined));
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assertWhole(target, "team/app", "1", layers);
});

test("a target that refuses the manifest's type or the push says so", async (t) => {
  const oci = await bench(t, { target: { refusesOci: true } });
  putImage(oci.source, { repository: "app", tag: "1", layers: [noise("layer", 100)] });
  putImage(oci.source, { repository: "old", tag: "1", layers: [noise("layer", 100)], docker: true });
  const outcomes = await oci.mirror("app:1", "old:1");
  assert.deepEqual(statuses(outcomes), ["failed registry-refused", "pushed"]);
  assert.match(errorOf(outcomes[0]!).message, /manifest_invalid: manifest invalid/);

  const denied = await bench(t);
  putImage(denied.source, { repository: "app", tag: "1", layers: [noise("layer", 100)] });
  const body = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}';
  denied.target.setFault(({ method }) => (method === "POST" ? { status: 403, body } : undefined));
  assert.deepEqual(statuses(await denied.mirror("app:1")), ["failed registry-push-denied"]);
});

test("a damaged blob in the store is fetched again", async (t) => {
  for (const size of [50_000, 3 * MIB]) {
    const { source, target, engine, transfer, folder } = await bench(t, { engine: { chunkSize: MIB } });
    const layer = noise("rotten", size);
    putImage(source, { repository: "app", tag: "1", layers: [layer] });
    await engine.pull(transfer("app:1"));
    const file = join(folder, "store", "blobs", "sha256", digestOf(layer).slice(7));
    writeFileSync(file, Buffer.from(layer).fill(0, 1000, 1001));
    assert.deepEqual(statuses([await engine.mirror(transfer("app:1"))]), ["pushed"], `${size} bytes`);
    assertWhole(target, "team/app", "1", [layer]);
    assertClean(folder);
  }
});

test("source mirrors come first, in order, and the registry itself last", async (t) => {
  const empty = await registryServer();
  const full = await registryServer();
  t.after(() => Promise.all([empty.close(), full.close()]));
  const { source, target, again, transfer } = await bench(t);
  const layers = [noise("layer", 2 * MIB)];
  const image = putImage(source, { repository: "lib/app", tag: "1", layers, platforms: ["linux/amd64"] });
  putImage(full, { repository: "proxy/lib/app", tag: "1", layers, platforms: ["linux/amd64"] });
  full.setFault((seen) => (isBlob(seen) && seen.url.includes(digestOf(layers[0]!)) ? { corrupt: true } : undefined));
  const engine = await again({
    sourceMirrors: [
      { registry: source.host, host: "localhost:1" },
      { registry: source.host, host: empty.host },
      { registry: source.host, host: full.host, prefix: "proxy" },
      { registry: "other.example", host: "localhost:2" },
    ],
  });
  const outcome = await engine.mirror(transfer("lib/app:1"));
  assert.deepEqual(statuses([outcome]), ["pushed"]);
  assert.equal(outcome.digest === image.children.get("linux/amd64"), false, "the tag is what the mirror says");
  assertWhole(target, "team/lib-app", "1", layers);
  assert.equal(empty.count("GET", /manifests/), 1);
  assert.equal(source.count("GET", /manifests/), 0);
  assert.ok(source.count("GET", /blobs/) >= 1, "the bytes that the mirror got wrong come from the registry itself");
});

test("an interrupted run resumes where it stopped, in both directions", async (t) => {
  const { source, target, engine, again, transfer } = await bench(t, {
    target: { onDisconnect: "keep" },
    engine: { chunkSize: MIB },
  });
  const layers = [noise("large", 8 * MIB)];
  putImage(source, { repository: "app", tag: "1", layers });
  const abort = new AbortController();
  let chunks = 0;
  target.setFault(({ method }) => {
    if (method === "PATCH" && ++chunks === 4) abort.abort();
    return undefined;
  });
  await assert.rejects(engine.mirror(transfer("app:1"), { signal: abort.signal }), { code: "interrupted" });
  // What the source has sent may still be on its way: what was stored counts.
  const stored = engine.bytes!.of("down").done;
  const up = sentTo(target);
  for (const server of [source, target]) server.clear();
  const second = await again();
  assert.deepEqual(statuses([await second.mirror(transfer("app:1"))]), ["pushed"]);
  const { done, total, had, moved } = second.bytes!.of("up");
  assert.equal(done, total);
  assert.ok(had >= 3 * MIB, `only ${had} bytes are known to be there from the first run`);
  assert.equal(moved, total - had);
  assertWhole(target, "team/app", "1", layers);
  const down = second.bytes!.of("down");
  assert.ok(
    stored >= 3 * MIB && down.had >= stored,
    `${stored} bytes were stored, and ${down.had} of them found again`,
  );
  assert.ok(down.moved <= 8 * MIB + 5000 - stored, `${down.moved} bytes came down after ${stored}`);
  assert.ok(up + sentTo(target) < 9 * MIB, `${up} and ${sentTo(target)} bytes went up`);
});

test("bytes that another run brought meanwhile were there, for the run that waited for them", async (t) => {
  const { source, store, engine, again, transfer } = await bench(t);
  putImage(source, { repository: "app", tag: "1", layers: [noise("shared", 50_000)] });
  const [asked, waiting, opened] = [gate(), gate(), gate()];
  source.setFault((seen) => {
    if (!isBlob(seen)) return undefined;
    asked.open();
    return { wait: opened.passed };
  });
  const first = engine.pull(transfer("app:1"));
  await asked.passed;
  // the store of the second says when it is asked for a blob that the first one is fetching
  const partial: Store["partial"] = (...given) => {
    waiting.open();
    return store.partial(...given);
  };
  const second = await again({ store: { ...store, partial } });
  const waited = second.pull(transfer("app:1"));
  await waiting.passed;
  opened.open();
  assert.deepEqual(statuses(await Promise.all([first, waited])), ["pulled", "pulled"]);
  const { total, ...bytes } = second.bytes!.of("down");
  assert.deepEqual(bytes, { done: total, had: total, moved: 0 });
});

test("with an empty store the target's facts are still reported, and the next run asks for digests only", async (t) => {
  const { source, target, folder, mirror, transfer, again } = await bench(t);
  putImage(source, { repository: "app", tag: "1", layers: [noise("layer", 1000)], platforms: ["linux/amd64"] });
  const [first] = await mirror("app:1");
  const store = await openStore(join(folder, "other"));
  t.after(() => store.close());
  const present = { ...first!, status: "present" } as const;
  assert.deepEqual(await (await again({ store })).mirror(transfer("app:1")), present);
  for (const server of [source, target]) server.clear();
  const engine = await again({ store, mirroredBefore: () => true });
  assert.deepEqual(await engine.mirror(transfer("app:1")), present);
  assert.deepEqual([source.count("HEAD", /manifests/), source.count("GET", /manifests/)], [1, 0]);
  assert.equal(target.count("HEAD", /manifests/), 1);
});

test("a manifest that is sent as text or bytes goes on under its own type", async (t) => {
  for (const header of ["text/plain", "application/json; charset=utf-8", "application/octet-stream"]) {
    const fault: RegistryServerOptions["fault"] = ({ url }) =>
      url.includes("/manifests/") ? { headers: { "content-type": header } } : {};
    const { source, target, mirror } = await bench(t, { source: { fault } });
    putImage(source, { repository: "app", tag: "1", layers: [noise("a", 100)], docker: true });
    putImage(source, { repository: "many", tag: "1", layers: [noise("b", 100)], platforms: ["linux/amd64"] });
    assert.deepEqual(statuses(await mirror("app:1", "many:1")), ["pushed", "pushed"]);
    assert.equal(target.manifests.get("team/app")?.get("1")?.mediaType, MEDIA_TYPES.dockerManifest);
    assert.equal(target.manifests.get("team/many")?.get("1")?.mediaType, MEDIA_TYPES.ociManifest);
  }
});

/** An image whose config, and an index whose only entry, do not say for which platform they are. */
function putSilent(source: RegistryServer, config: object): void {
  const blob = (bytes: Uint8Array) => ({ digest: source.putBlob("app", bytes), size: bytes.length, mediaType: "x" });
  const { ociManifest, ociIndex } = MEDIA_TYPES;
  const image = json({ schemaVersion: 2, config: blob(json(config)), layers: [blob(noise("layer", 100))] });
  const digest = source.putManifest("app", "1", ociManifest, image);
  const entry = { mediaType: ociManifest, digest, size: image.length };
  source.putManifest("app", "index", ociIndex, json({ schemaVersion: 2, manifests: [entry] }));
}

test("an image that names no platform is taken with a warning", async (t) => {
  const { source, target, mirror } = await bench(t);
  putSilent(source, { created: "then" });
  for (const tag of ["1", "index"]) {
    const [outcome] = await mirror(`app:${tag}`);
    assert.equal(outcome?.status, "pushed");
    assert.deepEqual(
      outcome.warnings?.map(({ code }) => code),
      ["platform-assumed"],
    );
    assert.ok(target.manifests.get("team/app")?.has(tag));
  }
});

test("an index entry without a platform is what its config says", async (t) => {
  const { source, mirror } = await bench(t);
  putSilent(source, { os: "linux", architecture: "amd64" });
  const [good] = await mirror("app:index");
  assert.deepEqual([good?.status, good?.warnings], ["pushed", undefined]);
  const other = await bench(t);
  putSilent(other.source, { os: "linux", architecture: "arm64" });
  assert.deepEqual(statuses(await other.mirror("app:index")), ["failed image-platform"]);
});

test("blobs that a registry turns out not to have are brought once more", async (t) => {
  const { source, target, mirror, retries } = await bench(t);
  const layers = [noise("one", 1000), noise("two", 2000)];
  putImage(source, { repository: "app", tag: "1", layers });
  const lost = { status: 404, body: JSON.stringify({ errors: [{ code: "MANIFEST_BLOB_UNKNOWN" }] }) };
  // a blob vanishes between its upload and the manifest, and the next HEAD still finds it
  target.setFault(({ method, url }, nth) => (method === "PUT" && url.includes("/manifests/") && nth <= 2 ? lost : {}));
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  assert.equal(retries.length, 2);
  assert.equal(target.count("PUT", /manifests/), 3);
  // asked for in the first round, sent in the second
  assert.equal(target.count("HEAD", /blobs\/sha256/), 3);
  assertWhole(target, "team/app", "1", layers);
});

test("a registry that loses blobs for ever ends the tries", async (t) => {
  const { source, target, mirror } = await bench(t);
  putImage(source, { repository: "app", tag: "1", layers: [noise("one", 1000)] });
  const lost = { status: 404, body: JSON.stringify({ errors: [{ code: "MANIFEST_BLOB_UNKNOWN" }] }) };
  target.setFault(({ method, url }) => (method === "PUT" && url.includes("/manifests/") ? lost : {}));
  assert.deepEqual(statuses(await mirror("app:1")), ["failed registry-push-unknown"]);
  assert.equal(target.count("PUT", /manifests/), 4);
});

test("several runs that push the same images at once all succeed", async (t) => {
  const { source, target, again, transfer } = await bench(t);
  const shared = noise("shared", 200_000);
  const names = ["one:1", "two:1", "three:1"];
  for (const name of names) {
    const repository = name.split(":")[0]!;
    putImage(source, { repository, tag: "1", layers: [shared, noise(name, 50_000)] });
  }
  // a registry that answers a HEAD for what another run is still sending
  const early = new Set<string>();
  target.setFault(({ method, url }) => {
    const key = url.split("?")[0]!;
    if (method !== "HEAD" || !key.includes("/blobs/") || early.has(key)) return {};
    early.add(key);
    return { status: 200 };
  });
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const engine = await again();
      return Promise.all(names.map((name) => engine.mirror(transfer(name))));
    }),
  );
  assert.deepEqual(
    outcomes.flat().filter(({ status }) => status === "failed"),
    [],
  );
  for (const name of names) {
    const repository = name.split(":")[0]!;
    assertWhole(target, `team/${repository}`, "1", [shared, noise(name, 50_000)]);
  }
});

interface Place {
  readonly fault: NonNullable<RegistryServerOptions["fault"]>;
}

/** A source registry with source mirrors before it, all with the same images. */
async function withPlaces(t: TestContext, own: RegistryServerOptions, ...others: readonly Place[]) {
  const mirrors = await Promise.all(others.map(({ fault }) => registryServer({ fault })));
  t.after(() => Promise.all(mirrors.map((each) => each.close())));
  const made = await bench(t, { source: own });
  const sourceMirrors = mirrors.map(({ host }) => ({ registry: made.source.host, host }));
  for (const server of [made.source, ...mirrors])
    for (const repository of ["app", "web"])
      putImage(server, { repository, tag: "1", layers: [noise(repository, 1000)] });
  const engine = await made.again({ sourceMirrors });
  const mirrorAll = (...names: readonly string[]) =>
    mapConcurrent(names, (name) => engine.mirror(made.transfer(name)), { concurrency: 1 });
  return { ...made, mirrors, mirrorAll };
}

const PAGE: Place = { fault: () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<p>log in</p>" }) };
const FORBIDDEN: Place = { fault: () => ({ status: 403, body: "not on the allow-list" }) };
const EMPTY: Place = { fault: ({ url }) => (url === "/v2/" ? {} : { status: 404 }) };
const GOOD: Place = { fault: () => ({}) };

test("a place that answers with something else than a manifest is passed over, and remembered", async (t) => {
  const { mirrorAll, mirrors, source } = await withPlaces(t, {}, PAGE, FORBIDDEN, EMPTY, GOOD);
  assert.deepEqual(statuses(await mirrorAll("app:1", "web:1")), ["pushed", "pushed"]);
  assert.equal(source.count("GET"), 0);
  assert.ok(mirrors[3]!.count("GET", /blobs/) > 0);
});

test("when no place has the image, every reason is told, first what a registry said", async (t) => {
  const { mirrorAll, mirrors, source } = await withPlaces(t, EMPTY, { fault: () => ({ status: 500 }) }, FORBIDDEN);
  const [outcome] = await mirrorAll("app:1");
  const { code, message } = errorOf(outcome!);
  assert.ok(code.startsWith("registry-"));
  for (const { host } of [source, ...mirrors]) assert.ok(message.includes(host), message);
  assert.match(message, /allow-list/);
});

test("a wrong answer to a HEAD is found out, and the tag itself is asked for", async (t) => {
  const { source, again, transfer, mirror } = await bench(t);
  putImage(source, { repository: "app", tag: "1", layers: [noise("a", 100)] });
  assert.deepEqual(statuses(await mirror("app:1")), ["pushed"]);
  const wrong = `sha256:${"0".repeat(64)}`;
  source.setFault(({ method }) => (method === "HEAD" ? { headers: { "docker-content-digest": wrong } } : {}));
  const engine = await again({ mirroredBefore: () => true });
  assert.deepEqual(statuses([await engine.mirror(transfer("app:1"))]), ["present"]);
});

test("in Docker's format an image has another digest at the mirror, and the same blobs", async (t) => {
  const { source, target, again, transfer } = await bench(t);
  const layers = [noise("layer", 1000)];
  const { children } = putImage(source, { repository: "app", tag: "1", layers, platforms: ["linux/amd64"] });
  const engine = await again({ format: "docker" });
  const outcome = await engine.mirror(transfer("app:1"));
  assert.equal(outcome.status, "pushed");
  assert.equal(outcome.platformDigest, children.get("linux/amd64"));
  assert.notEqual(outcome.digest, outcome.platformDigest);
  const there = target.manifests.get("team/app")?.get("1");
  assert.equal(there?.mediaType, MEDIA_TYPES.dockerManifest);
  assert.equal(digestOf(there.bytes), outcome.digest);
  assertWhole(target, "team/app", "1", layers);
  const next = await again({ format: "docker" });
  assert.deepEqual(statuses([await next.mirror(transfer("app:1"))]), ["present"]);
  assert.deepEqual(statuses([await next.pull(transfer("app:1"))]), ["present"]);
});

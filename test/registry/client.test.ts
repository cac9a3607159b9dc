import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../lib/image/digest.ts";
import { openRegistry, type Registry } from "../../lib/registry/client.ts";
import type { StoredOrGiven } from "../../lib/registry/credentials.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { Secret } from "../../lib/system/secret.ts";
import { json, noise, putImage } from "../_helpers/registry-images.ts";
import { type RegistryServer, registryServer, type RegistryServerOptions } from "../_helpers/registry-server.ts";

const USER = { username: "user", password: "secret" };

const LOGIN: StoredOrGiven = {
  credentials: { username: USER.username, password: new Secret(USER.password) },
  sent: { kind: "settings" },
};

async function open(
  t: TestContext,
  options: RegistryServerOptions = {},
  spell = (host: string): string => host,
): Promise<{ server: RegistryServer; registry: Registry }> {
  const server = await registryServer(options);
  const transport = openTransport();
  t.after(async () => {
    transport.close();
    await server.close();
  });
  return {
    server,
    registry: openRegistry(spell(server.host), {
      transport,
      login: async () => LOGIN,
      retryPolicy: { attempts: 3, firstDelay: 1, longestDelay: 1 },
    }),
  };
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

test("ping: a registry, a login, something else", async (t) => {
  assert.deepEqual(await (await open(t)).registry.ping(), { loggedIn: false });
  for (const auth of ["basic", "token"] as const) {
    assert.deepEqual(await (await open(t, { auth, ...USER })).registry.ping(), { loggedIn: true });
    await assert.rejects((await open(t, { auth, ...USER, password: "other" })).registry.ping(), {
      code: "registry-unauthorized",
    });
  }
  const { server, registry } = await open(t);
  server.setFault(() => ({ status: 404, body: "<html>a shop</html>" }));
  await assert.rejects(registry.ping(), { code: "registry-not-found" });
});

test("a login reaches a registry whose name is spelled in upper case", async (t) => {
  const { registry } = await open(t, { auth: "basic", ...USER }, (host) => host.toUpperCase());
  assert.deepEqual(await registry.ping(), { loggedIn: true });
});

test("head and manifest, by tag and digest", async (t) => {
  const { server, registry } = await open(t);
  const { digest } = putImage(server, { repository: "team/app", tag: "1", layers: [noise("x", 10)] });
  const { bytes } = server.manifests.get("team/app")!.get("1")!;
  const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest, size: bytes.length };
  assert.deepEqual(await registry.head("team/app", "1"), descriptor);
  assert.deepEqual(await registry.head("team/app", digest), descriptor);
  assert.equal(await registry.head("team/app", "2"), undefined);
  for (const reference of ["1", digest]) {
    const manifest = await registry.manifest("team/app", reference);
    assert.deepEqual(manifest.descriptor, descriptor);
    assert.deepEqual(Buffer.from(manifest.bytes), Buffer.from(bytes));
  }
  await assert.rejects(registry.manifest("team/app", "2"), { code: "registry-not-found", message: /team\/app:2/ });
});

test("a manifest that is not what its digest says, or endless", async (t) => {
  const { server, registry } = await open(t);
  const { digest } = putImage(server, { repository: "app", tag: "1", layers: [] });
  server.setFault(() => ({ corrupt: true }));
  for (const reference of ["1", digest])
    await assert.rejects(registry.manifest("app", reference), { code: "registry-digest" });
  server.setFault(() => ({ status: 200, headers: { "content-length": "100000000" }, body: "xx", stallAfter: 1 }));
  await assert.rejects(registry.manifest("app", "1"), { code: "manifest-too-large" });
});

test("small requests are tried again, and say so", async (t) => {
  const { server, registry } = await open(t);
  putImage(server, { repository: "app", tag: "1", layers: [] });
  server.setFault((_seen, nth) => (nth <= 2 ? { status: 503, body: "" } : undefined));
  const attempts: number[] = [];
  assert.ok(await registry.head("app", "1", { onRetry: ({ attempt }) => attempts.push(attempt) }));
  assert.deepEqual(attempts, [1, 2]);
  server.setFault(() => ({ status: 503, body: "" }));
  await assert.rejects(registry.head("app", "1"), { code: "registry-server" });
});

test("a tag list whose next page has no address is the registry's error", async (t) => {
  const { server, registry } = await open(t);
  server.setFault(() => ({ status: 200, headers: { link: '<http://[>; rel="next"' }, body: '{"tags":["1"]}' }));
  await assert.rejects(registry.tags("app"), { code: "registry-answer" });
});

test("tags come page by page", async (t) => {
  const { server, registry } = await open(t);
  const tags = ["1", "2", "3", "4", "5"];
  for (const tag of tags) putImage(server, { repository: "app", tag, layers: [] });
  assert.deepEqual(await registry.tags("app"), tags);
  for (const body of ["", "[]x", '{"tags": 5}']) {
    server.setFault(() => ({ status: 200, body }));
    await assert.rejects(registry.tags("app"), { code: "registry-answer" }, body);
  }
  server.setFault(() => ({ status: 200, body: '{"name": "app", "tags": null}' }));
  assert.deepEqual(await registry.tags("app"), []);
});

test("blobs from any byte on, and ranges that do not fit", async (t) => {
  const { server, registry } = await open(t);
  const bytes = noise("blob", 100_000);
  const blob = { mediaType: "x", digest: server.putBlob("app", bytes), size: bytes.length };
  assert.ok(await registry.hasBlob("app", blob.digest));
  assert.ok(!(await registry.hasBlob("app", digestOf("other"))));
  for (const from of [0, 1, 99_999]) {
    const { start, chunks } = await registry.blob("app", blob, from);
    assert.equal(start, from);
    assert.deepEqual(await bytesOf(chunks), bytes.subarray(from));
  }
  const cases: readonly (readonly [headers: Record<string, string>, code: string])[] = [
    [{ "content-range": "bytes 5-99999/100000" }, "registry-answer"],
    [{ "content-range": "bytes 10-99998/100000" }, "registry-answer"],
    [{ "content-range": "bytes 10-99999/100001" }, "registry-answer"],
    [{ "content-range": "all of it" }, "registry-answer"],
  ];
  for (const [headers, code] of cases) {
    server.setFault(() => ({ headers }));
    await assert.rejects(registry.blob("app", blob, 10), { code }, headers["content-range"]);
  }
  server.setFault(() => ({ cutAfter: 50_000 }));
  await assert.rejects(async () => bytesOf((await registry.blob("app", blob, 0)).chunks), { code: "registry-cut" });
});

test("a blob from another host, which must not see the login", async (t) => {
  const cdn = await registryServer();
  t.after(() => cdn.close());
  const { server, registry } = await open(t, { auth: "basic", ...USER, blobHost: cdn.host });
  const bytes = noise("blob", 1000);
  const blob = { mediaType: "x", digest: cdn.putBlob("app", bytes), size: bytes.length };
  server.putBlob("app", bytes);
  assert.deepEqual(await bytesOf((await registry.blob("app", blob, 0)).chunks), bytes);
  assert.deepEqual(
    cdn.seen.map(({ authorization }) => authorization),
    [undefined],
  );
});

test("uploads: at once, in chunks, continued, cancelled", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER });
  const bytes = noise("blob", 10_000);
  const digest = digestOf(bytes);
  await registry.finishUpload("whole", await registry.startUpload("whole"), digest, bytes);
  assert.deepEqual(server.blobs.get("whole")?.get(digest), bytes);

  let upload = await registry.startUpload("parts");
  assert.equal(upload.offset, 0);
  upload = await registry.uploadChunk("parts", upload, bytes.subarray(0, 4000));
  assert.equal(upload.offset, 4000);
  const found = await registry.resumeUpload("parts", upload.location);
  assert.equal(found?.offset, 4000);
  upload = await registry.uploadChunk("parts", found, bytes.subarray(4000, 7000));
  await registry.finishUpload("parts", upload, digest, bytes.subarray(7000));
  assert.deepEqual(server.blobs.get("parts")?.get(digest), bytes);

  const gone = await registry.startUpload("parts");
  await registry.cancelUpload("parts", gone);
  assert.equal(await registry.resumeUpload("parts", gone.location), undefined);
  const wrong = await registry.startUpload("parts");
  await assert.rejects(registry.finishUpload("parts", wrong, digestOf("other"), bytes), {
    code: "registry-refused",
    message: /digest_invalid/,
  });
});

test("an upload of one byte cannot be told from one of none", async (t) => {
  const { server, registry } = await open(t);
  const upload = await registry.uploadChunk("app", await registry.startUpload("app"), Buffer.from("x"));
  server.setFault(({ method }) => (method === "GET" ? { headers: { range: "0-0" } } : undefined));
  assert.equal((await registry.resumeUpload("app", upload.location))?.offset, 0);
});

test("an upload's address may lead to another host, and its parameters stay", async (t) => {
  const other = await registryServer();
  t.after(() => other.close());
  const { server, registry } = await open(t, { auth: "basic", ...USER });
  server.setFault(({ method }) =>
    method === "POST"
      ? {
          status: 202,
          headers: { location: `http://${other.host}/upload?key=a%2Fb&x=1`, "oci-chunk-min-length": "5000" },
          body: "",
        }
      : undefined,
  );
  other.setFault(() => ({ status: 201, body: "" }));
  await registry.ping();
  const upload = await registry.startUpload("app");
  assert.equal(upload.smallestChunk, 5000);
  await registry.finishUpload("app", upload, digestOf("abc"), Buffer.from("abc"));
  const [seen] = other.seen;
  assert.equal(seen!.authorization, undefined);
  assert.equal(new URL(seen!.url, "http://x").searchParams.get("key"), "a/b");
  assert.equal(new URL(seen!.url, "http://x").searchParams.get("digest"), digestOf("abc"));
});

test("mounts: taken over, or an upload in its place, with the right to read the other repository", async (t) => {
  const { server, registry } = await open(t, { auth: "token", ...USER, publicPull: false });
  const digest = server.putBlob("from", noise("blob", 100));
  assert.equal(await registry.mount("to", digest, "from"), undefined);
  assert.ok(server.blobs.get("to")?.has(digest));
  const upload = await registry.mount("to", digestOf("other"), "from");
  assert.equal(upload?.offset, 0);
  await registry.finishUpload("to", upload, digestOf("abc"), Buffer.from("abc"));
  assert.ok(server.blobs.get("to")?.has(digestOf("abc")));
});

test("manifests are stored under a tag or digest; what a registry says of them is passed on", async (t) => {
  const { server, registry } = await open(t);
  const config = { mediaType: "x", digest: server.putBlob("app", Buffer.from("{}")), size: 2 };
  const bytes = json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [] });
  const raw = {
    descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.length },
    bytes,
  };
  await registry.putManifest("app", "1", raw);
  await registry.putManifest("app", raw.descriptor.digest, raw);
  assert.deepEqual(server.manifests.get("app")?.get("1"), { mediaType: MEDIA_TYPES.ociManifest, bytes });
  await assert.rejects(registry.putManifest("empty", "1", raw), {
    code: "registry-push-unknown",
    message: /blob unknown/,
  });
});

test("a registry that leaves the digest out of a HEAD's answer is asked for the manifest itself", async (t) => {
  const manifest = json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] });
  const methods: string[] = [];
  const server = createServer(({ method = "" }, response) => {
    methods.push(method);
    response.writeHead(200, { "content-type": MEDIA_TYPES.ociIndex, "content-length": manifest.length });
    response.end(method === "HEAD" ? undefined : manifest);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = openTransport();
  t.after(() => {
    transport.close();
    server.close();
  });
  const registry = openRegistry(`localhost:${(server.address() as AddressInfo).port}`, { transport });
  assert.equal((await registry.head("app", "1"))?.digest, digestOf(manifest));
  assert.deepEqual(methods, ["HEAD", "GET"]);
});

test("a HEAD that a front does not let through is no answer: GET tells", async (t) => {
  for (const status of [400, 403, 405, 501]) {
    const { server, registry } = await open(t);
    const { digest } = putImage(server, { repository: "app", tag: "1", layers: [noise("x", 10)] });
    server.setFault(({ method }) => (method === "HEAD" ? { status, body: "" } : undefined));
    assert.equal((await registry.head("app", "1"))?.digest, digest, String(status));
    assert.equal(await registry.head("app", "2"), undefined);
    assert.equal(await registry.hasBlob("app", digestOf("x")), false, "not knowing is not refusing");
  }
  const { server, registry } = await open(t);
  server.setFault(({ method }) =>
    method === "HEAD"
      ? { status: 307, headers: { location: "http://localhost:1/signed-for-get" }, body: "" }
      : undefined,
  );
  assert.equal(await registry.hasBlob("app", digestOf("x")), false);
  server.setFault(() => ({ status: 503, body: "" }));
  await assert.rejects(registry.hasBlob("app", digestOf("x")), { code: "registry-server" });
});

test("manifests and blobs that a front compressed; a layer's own compression is none", async (t) => {
  const { server, registry } = await open(t);
  const bytes = gzipSync(noise("layer", 5000));
  const blob = { mediaType: "x", digest: server.putBlob("app", bytes), size: bytes.length };
  const read = async () => bytesOf((await registry.blob("app", blob, 0)).chunks);
  server.setFault(() => ({ headers: { "content-encoding": "gzip" } }));
  assert.deepEqual(await read(), bytes);
  server.setFault(() => ({ status: 200, headers: { "content-encoding": "gzip" }, body: gzipSync(bytes) }));
  assert.deepEqual(await read(), bytes);
  const { digest } = putImage(server, { repository: "app", tag: "1", layers: [] });
  const packed = gzipSync(server.manifests.get("app")!.get("1")!.bytes);
  server.setFault(() => ({
    status: 200,
    headers: { "content-encoding": "gzip", "content-type": MEDIA_TYPES.ociManifest, "docker-content-digest": digest },
    body: packed,
  }));
  assert.equal((await registry.manifest("app", "1")).descriptor.digest, digest);
  assert.ok((await registry.head("app", "1"))!.size > 0);
});

test("a list of tags that goes on elsewhere or without an end is not taken for a whole one", async (t) => {
  const { server, registry } = await open(t);
  server.setFault(() => ({
    status: 200,
    headers: { link: '<http://other.example/v2/x>; rel="next"' },
    body: '{"tags":["1"]}',
  }));
  await assert.rejects(registry.tags("app"), { code: "registry-answer", message: /other\.example/ });
  server.setFault(({ url }) =>
    url.includes("last")
      ? undefined
      : {
          status: 200,
          headers: { link: '<http://localhost/v2/app/tags/list?last=1>; rel="next"' },
          body: '{"tags":["1"]}',
        },
  );
  assert.deepEqual(await registry.tags("app"), ["1"]);
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { openRegistry, type Registry } from "../../lib/registry/client.ts";
import { openTransport } from "../../lib/registry/transport.ts";
import { type Fault, type RegistryServer, registryServer, type Seen } from "../_helpers/registry-server.ts";

const BYTES = Buffer.from("the blob");
const DIGEST = digestOf(BYTES);
const OTHER = digestOf("something else");
const MANIFEST = {
  descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: DIGEST, size: BYTES.length },
  bytes: BYTES,
};

async function open(
  t: TestContext,
  fault?: (seen: Seen) => Fault | undefined,
): Promise<{ server: RegistryServer; registry: Registry }> {
  const server = await registryServer(fault === undefined ? {} : { fault });
  const transport = openTransport();
  t.after(async () => {
    transport.close();
    await server.close();
  });
  const retryPolicy = { attempts: 1, firstDelay: 1, longestDelay: 1 };
  return { server, registry: openRegistry(server.host, { transport, retryPolicy }) };
}

/** Sends the blob in two parts. */
async function send(registry: Registry): Promise<void> {
  const upload = await registry.uploadChunk("app", await registry.startUpload("app"), BYTES.subarray(0, 3));
  await registry.finishUpload("app", upload, DIGEST, BYTES.subarray(3));
}

for (const status of [200, 201, 202, 204]) {
  test(`every step may be answered with ${status}`, async (t) => {
    const location = "/v2/app/blobs/uploads/1?state=2";
    const { server, registry } = await open(t, () => ({ status, headers: { location }, body: "" }));
    await send(registry);
    await registry.putManifest("app", "1", MANIFEST);
    assert.equal((await registry.resumeUpload("app", new URL(location, `http://${server.host}`)))?.offset, 0);
    const mounted = await registry.mount("app", DIGEST, "from");
    assert.equal(mounted === undefined, status === 201, "an upload's Location says that there is one, but for 201");
  });
}

test("an answer that names another digest is not believed, one without or by another hash is", async (t) => {
  for (const [stored, good] of [
    [OTHER, false],
    [DIGEST, true],
    [undefined, true],
    ["", true],
    ["nonsense", true],
    [`sha512:${"a".repeat(128)}`, true],
  ] as const) {
    const headers = { location: "/x", ...(stored === undefined ? {} : { "docker-content-digest": stored }) };
    const { registry } = await open(t, ({ method }) =>
      method === "POST"
        ? { status: 201, headers, body: "" }
        : method === "PUT"
          ? { status: 201, headers, body: "" }
          : undefined,
    );
    const upload = { location: new URL(`http://${registry.host}/v2/app/blobs/uploads/1`), offset: 0 };
    for (const action of [
      () => registry.putManifest("app", "1", MANIFEST),
      () => registry.finishUpload("app", upload, DIGEST, BYTES),
      () => registry.mount("app", DIGEST, "from"),
    ]) {
      if (good) await action();
      else await assert.rejects(action(), { code: "registry-stored-other", message: new RegExp(OTHER) });
    }
  }
});

test("a Location without the port goes back to ours, and one that is missing is made or an error", async (t) => {
  const { server, registry } = await open(t, ({ method }) =>
    method === "POST" ? { headers: { location: "http://localhost/v2/app/blobs/uploads/7?state=s" } } : undefined,
  );
  const { location } = await registry.startUpload("app");
  assert.equal(location.href, `http://${server.host}/v2/app/blobs/uploads/7?state=s`);
  const bare = await open(t, () => ({ status: 202, headers: { "docker-upload-uuid": "7" }, body: "" }));
  assert.equal((await bare.registry.startUpload("app")).location.pathname, "/v2/app/blobs/uploads/7");
  const none = await open(t, () => ({ status: 202, body: "" }));
  await assert.rejects(none.registry.startUpload("app"), { code: "registry-answer" });
});

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { serve, type Served } from "../../lib/store/registry-server.ts";
import { openStore } from "../../lib/store/open.ts";
import type { Store } from "../../lib/store/store.ts";
import { addBlob, addImage, content, inStoreFolder, withStore } from "../_helpers/store-folder.ts";

interface Bed {
  readonly store: Store;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
  readonly served: Served[];
}

function withRegistry(use: (bed: Bed) => Promise<void>): Promise<void> {
  return withStore(async (store) => {
    const served: Served[] = [];
    const registry = await serve(store, { onServed: (each) => void served.push(each) });
    try {
      await use({ store, served, get: (path, init) => fetch(`http://${registry.host}${path}`, init) });
    } finally {
      await registry.close();
    }
  });
}

async function codeOf(response: Response): Promise<readonly [status: number, code: string]> {
  const { errors } = (await response.json()) as { errors: readonly { code: string }[] };
  return [response.status, errors[0]!.code];
}

test("requests that name another host are refused: a web page may have its name point here", () =>
  withRegistry(async ({ get }) => {
    const own = new URL((await get("/v2/")).url);
    const ask = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { host: "127.0.0.1", port: own.port, path: "/v2/", headers: { host } };
        request(options, (answer) => resolve(answer.resume().statusCode))
          .on("error", reject)
          .end();
      });
    for (const host of [own.host, `LOCALHOST:${own.port}`, `[::1]:${own.port}`, "localhost", "127.0.0.1:5001"])
      assert.equal(await ask(host), 200, host);
    for (const host of [`evil.example:${own.port}`, `localhost.evil.example:${own.port}`, "127.0.0.1.evil.example"])
      assert.equal(await ask(host), 403, host);
  }));

test("an image is pulled by tag, then by digest, as docker does", () =>
  withRegistry(async ({ store, get, served }) => {
    const digest = await addImage(store, "team/nginx:1.27", ["layer"]);
    const version = await get("/v2/");
    assert.deepEqual([version.status, await version.text()], [200, "{}"]);
    assert.equal(version.headers.get("docker-distribution-api-version"), "registry/2.0");

    const head = await get("/v2/team/nginx/manifests/1.27", { method: "HEAD" });
    const manifest = await get("/v2/team/nginx/manifests/1.27");
    const byDigest = await get(`/v2/team/nginx/manifests/${digest}`);
    const bytes = await manifest.text();
    assert.equal(digestOf(bytes), digest);
    assert.equal(await byDigest.text(), bytes);
    assert.equal(await head.text(), "");
    for (const each of [head, manifest, byDigest]) {
      assert.equal(each.status, 200);
      assert.equal(each.headers.get("content-type"), "application/vnd.oci.image.manifest.v1+json");
      assert.equal(each.headers.get("docker-content-digest"), digest);
      assert.equal(each.headers.get("content-length"), String(bytes.length));
    }
    const layer = await get(`/v2/team/nginx/blobs/${encodeURIComponent(digestOf("layer"))}`);
    assert.deepEqual([layer.status, await layer.text()], [200, "layer"]);
    assert.equal(layer.headers.get("docker-content-digest"), digestOf("layer"));
    assert.deepEqual(served.at(-1), {
      method: "GET",
      path: `/v2/team/nginx/blobs/${encodeURIComponent(digestOf("layer"))}`,
      status: 200,
      bytes: 5,
    });
  }));

test("parts of a blob", () =>
  withRegistry(async ({ store, get }) => {
    const digest = await addBlob(store, "0123456789");
    const cases: readonly (readonly [range: string, status: number, body: string, contentRange: string | null])[] = [
      ["bytes=0-", 206, "0123456789", "bytes 0-9/10"],
      ["bytes=4-", 206, "456789", "bytes 4-9/10"],
      ["bytes=4-6", 206, "456", "bytes 4-6/10"],
      ["bytes=4-99", 206, "456789", "bytes 4-9/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
      ["bytes=6-4", 200, "0123456789", null],
      ["bytes=1-2,5-6", 200, "0123456789", null],
      ["lines=1-2", 200, "0123456789", null],
    ];
    for (const [range, status, body, contentRange] of cases) {
      const response = await get(`/v2/a/blobs/${digest}`, { headers: { range } });
      const actual = [response.status, await response.text(), response.headers.get("content-range")];
      assert.deepEqual(actual, [status, body, contentRange], range);
    }
    for (const range of ["bytes=10-", "bytes=-0"]) {
      const beyond = await get(`/v2/a/blobs/${digest}`, { headers: { range } });
      assert.equal(beyond.headers.get("content-range"), "bytes */10");
      assert.deepEqual(await codeOf(beyond), [416, "RANGE_INVALID"]);
    }
  }));

test("repositories and tags, page by page", () =>
  withRegistry(async ({ store, get }) => {
    for (const name of ["team/a:3", "team/a:1", "team/a:2", "team/ab:9", "localhost.example/x/y:latest"]) {
      await addImage(store, name, []);
    }
    assert.deepEqual(await (await get("/v2/_catalog")).json(), {
      repositories: ["localhost.example/x/y", "team/a", "team/ab"],
    });
    assert.deepEqual(await (await get("/v2/team/a/tags/list")).json(), { name: "team/a", tags: ["1", "2", "3"] });
    const page = await get("/v2/team/a/tags/list?n=2");
    assert.deepEqual(await page.json(), { name: "team/a", tags: ["1", "2"] });
    const [, next] = /^<(.*)>; rel="next"$/.exec(page.headers.get("link")!)!;
    const last = await get(next!);
    assert.deepEqual([await last.json(), last.headers.get("link")], [{ name: "team/a", tags: ["3"] }, null]);
    assert.equal((await get("/v2/localhost.example/x/y/manifests/latest")).status, 200);
  }));

test("what is not there, and what is not allowed, in the API's own words", () =>
  withRegistry(async ({ store, get }) => {
    const blob = await addBlob(store, "not a manifest");
    const large = await addBlob(store, content(70));
    const absent = digestOf("absent");
    const cases: readonly (readonly [path: string, method: string, status: number, code: string])[] = [
      ["/v2/team/a/manifests/1", "GET", 404, "MANIFEST_UNKNOWN"],
      [`/v2/team/a/manifests/${absent}`, "GET", 404, "MANIFEST_UNKNOWN"],
      [`/v2/team/a/manifests/${blob}`, "GET", 404, "MANIFEST_UNKNOWN"],
      [`/v2/team/a/manifests/${large}`, "GET", 404, "MANIFEST_UNKNOWN"],
      [`/v2/team/a/blobs/${absent}`, "GET", 404, "BLOB_UNKNOWN"],
      ["/v2/team/a/blobs/sha256:..%2f..%2fetc%2fpasswd", "GET", 400, "DIGEST_INVALID"],
      ["/v2/team/a/blobs/%", "GET", 400, "DIGEST_INVALID"],
      ["/v2/team/a/tags/list", "GET", 404, "NAME_UNKNOWN"],
      ["/v2/team/a/tags/other", "GET", 404, "UNSUPPORTED"],
      ["/", "GET", 404, "UNSUPPORTED"],
      ["/v2/team/a/blobs/uploads/", "POST", 405, "UNSUPPORTED"],
      ["/v2/team/a/manifests/1", "PUT", 405, "UNSUPPORTED"],
      [`/v2/team/a/blobs/${blob}`, "DELETE", 405, "UNSUPPORTED"],
    ];
    for (const [path, method, status, code] of cases) {
      assert.deepEqual(await codeOf(await get(path, { method })), [status, code], `${method} ${path}`);
    }
  }));

test("a damaged blob is never given out as whole", () =>
  inStoreFolder(async (folder) => {
    const bytes = content(70);
    const digest = digestOf(bytes);
    const first = await openStore(folder);
    await first.writeBytes(digest, bytes);
    await first.close();
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(folder, "blobs", "sha256", digest.slice(7)), bytes);

    const store = await openStore(folder, { access: "read" });
    const registry = await serve(store);
    try {
      const url = `http://${registry.host}/v2/a/blobs/${digest}`;
      await assert.rejects(fetch(url).then((response) => response.arrayBuffer()));
      assert.equal((await fetch(url)).status, 404);
    } finally {
      await registry.close();
      await store.close();
    }
  }));

test("names that another process adds are served at once", () =>
  withRegistry(async ({ store, get }) => {
    assert.equal((await get("/v2/team/late/manifests/1")).status, 404);
    const other = await openStore(store.folder);
    await addImage(other, "team/late:1", []);
    await other.close();
    assert.equal((await get("/v2/team/late/manifests/1")).status, 200);
  }));

test("a port in use is reported", () =>
  withStore(async (store) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = other.address() as AddressInfo;
      await assert.rejects(serve(store, { port }), { code: "serve-port", hint: /--port/ });
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  }));

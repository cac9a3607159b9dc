/** The bed itself: its registries behave as those that they stand for. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  cleanSlate,
  clearFaults,
  IMAGES,
  NAMESPACE,
  onServer,
  OWN_REGISTRY,
  PASSWORD,
  REGISTRY,
  setFaults,
  USERNAME,
} from "./bed.ts";

const BASIC = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString("base64")}`;
const INDEXES = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFESTS = `${INDEXES}, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json`;

/** A token for the scope that a 401 asks for. */
async function tokenFor(url: string, authorization?: string): Promise<string> {
  const refused = await fetch(url, { method: "HEAD" });
  assert.equal(refused.status, 401);
  const challenge = Object.fromEntries(
    [...(refused.headers.get("www-authenticate") ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
  const realm = new URL(challenge["realm"]!);
  for (const name of ["service", "scope"]) realm.searchParams.set(name, challenge[name]!);
  const answer = await fetch(realm, authorization === undefined ? {} : { headers: { authorization } });
  return ((await answer.json()) as { readonly token: string }).token;
}

async function read(url: string, init: { readonly token?: string; readonly signal?: AbortSignal } = {}) {
  const { token, signal } = init;
  return fetch(url, {
    headers: { accept: MANIFESTS, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    redirect: "manual",
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The platforms of an index; none for a single manifest. */
async function platformsOf(url: string): Promise<readonly string[]> {
  const index = await read(url, { token: await tokenFor(url) });
  const { manifests = [] } = (await index.json()) as {
    readonly manifests?: readonly { readonly platform: { readonly os: string; readonly architecture: string } }[];
  };
  return manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`);
}

async function openUpload(host: string, repository: string, authorization: string): Promise<Response> {
  return fetch(`https://${host}/v2/${repository}/blobs/uploads/`, { method: "POST", headers: { authorization } });
}

before(cleanSlate);

test("a token opens its own repository of the hub, and no other", async () => {
  const nginx = "https://registry-1.docker.io/v2/library/nginx/manifests/latest";
  const token = await tokenFor(nginx);
  const answer = await read(nginx, { token });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("docker-content-digest"), IMAGES["nginx:latest"]?.digest);
  const postgres = await read("https://registry-1.docker.io/v2/library/postgres/manifests/15-alpine", { token });
  assert.equal(postgres.status, 401);
  assert.match(postgres.headers.get("www-authenticate") ?? "", /error="insufficient_scope"/);
});

test("a repository that is not there is denied, not missing", async () => {
  const url = "https://registry-1.docker.io/v2/example/private/manifests/1.0";
  assert.equal((await read(url, { token: await tokenFor(url) })).status, 401);
});

test("Docker Hub's blobs come from a host that takes no authorization", async () => {
  const base = "https://registry-1.docker.io/v2/myscale/myscaledb";
  const token = await tokenFor(`${base}/manifests/1.6.4`);
  const manifest = (await (await read(`${base}/manifests/1.6.4`, { token })).json()) as {
    readonly config: { readonly digest: string; readonly size: number };
  };
  const blob = await read(`${base}/blobs/${manifest.config.digest}`, { token });
  assert.equal(blob.status, 307);
  const place = blob.headers.get("location")!;
  assert.equal(new URL(place).host, "production.cdn.docker.io");
  assert.equal((await read(place, { token })).status, 400);
  const content = await read(place);
  assert.equal(content.status, 200);
  assert.equal((await content.arrayBuffer()).byteLength, manifest.config.size);
});

test("every public registry has an image of every shape in its own name", async () => {
  assert.deepEqual(await platformsOf("https://ghcr.io/v2/chroma-core/chroma/manifests/0.5.20"), [
    "linux/amd64",
    "linux/arm64",
    "unknown/unknown",
    "unknown/unknown",
  ]);
  assert.deepEqual(await platformsOf("https://quay.io/v2/coreos/etcd/manifests/v3.5.5"), [
    "linux/amd64",
    "linux/arm64",
  ]);
  assert.deepEqual(await platformsOf("https://registry-1.docker.io/v2/example/jetson/manifests/1.0"), ["linux/arm64"]);
  assert.deepEqual(await platformsOf("https://ghcr.io/v2/berriai/litellm/manifests/main-stable"), []);
});

test("the server cannot reach the public registries", async () => {
  await assert.rejects(onServer("docker pull nginx:latest"), /registry-1\.docker\.io/);
});

test("the mirror registry accepts pushes to its namespace only, in one level", async () => {
  for (const [repository, basic, bearer] of [
    [`${NAMESPACE}/nginx`, 202, 202],
    ["nosuch/nginx", 403, 401],
    [`${NAMESPACE}/library/nginx`, 403, 401],
    [`${NAMESPACE}/${"x".repeat(65)}`, 403, 401],
  ] as const) {
    assert.equal((await openUpload(OWN_REGISTRY, repository, BASIC)).status, basic, repository);
    const scope = encodeURIComponent(`repository:${repository}:pull,push`);
    const granted = await fetch(`https://${REGISTRY}/token?scope=${scope}`, { headers: { authorization: BASIC } });
    const { token } = (await granted.json()) as { readonly token: string };
    assert.equal((await openUpload(REGISTRY, repository, `Bearer ${token}`)).status, bearer, repository);
  }
  const wrong = await fetch(`https://${REGISTRY}/token`, { headers: { authorization: "Basic eDp5" } });
  assert.equal(wrong.status, 401);
});

test("the mirror registry denies attestations as Alibaba Cloud's does", async () => {
  const answer = await fetch(`https://${OWN_REGISTRY}/v2/${NAMESPACE}/nginx/manifests/latest`, {
    method: "PUT",
    headers: { authorization: BASIC, "content-type": "application/vnd.oci.image.manifest.v1+json" },
    body: JSON.stringify({ config: { mediaType: "application/vnd.oci.empty.v1+json" } }),
  });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /unknown manifest class for application\/vnd\.oci\.empty\.v1\+json/);
});

test("connections can be dropped and stalled on demand", async () => {
  const url = "https://ghcr.io/v2/berriai/litellm/manifests/main-stable";
  const token = await tokenFor(url);
  const manifest = (await (await read(url, { token })).json()) as { readonly layers: readonly { digest: string }[] };
  const layer = `https://ghcr.io/v2/berriai/litellm/blobs/${manifest.layers[1]!.digest}`;
  const size = async (signal?: AbortSignal): Promise<number> => {
    const answer = await read(layer, { token, ...(signal === undefined ? {} : { signal }) });
    return (await answer.arrayBuffer()).byteLength;
  };
  try {
    await setFaults("hub", { breaks: [{ direction: "down", afterBytes: 1_000_000, action: "reset", times: 1 }] });
    await assert.rejects(size());
    assert.ok((await size()) > 4_000_000, "once more is not cut");

    await setFaults("hub", { breaks: [{ direction: "down", afterBytes: 1_000_000, action: "stall", times: 1 }] });
    await assert.rejects(size(AbortSignal.timeout(1000)), { name: "TimeoutError" });
    assert.ok((await size()) > 4_000_000, "once more is not silent");
  } finally {
    await clearFaults();
  }
});

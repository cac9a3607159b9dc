/**
 * Writes a catalog's images straight into a registry, and what they are into a file.
 *   seed.ts REGISTRY-URL FILE [MODULE]
 * MODULE is another catalog than the bed's own: an absolute path of a module with a `CATALOG`.
 */
import { writeFile } from "node:fs/promises";
import { mapConcurrent } from "../../lib/async/map-concurrent.ts";
import type { CatalogImage } from "./catalog.ts";
import { type BuiltImage, buildImage, type Content, type Manifest } from "./image.ts";

/** What a test needs to know of an image; the file has these by the image's name. */
export interface SeededImage {
  /** What the tag names: an index or a single manifest. */
  readonly digest: string;
  /** Platform to its manifest's digest. */
  readonly platforms: Readonly<Record<string, string>>;
}

const [registry = "", file = "", module = "./catalog.ts"] = process.argv.slice(2);
const { CATALOG } = (await import(module)) as { readonly CATALOG: readonly CatalogImage[] };
const places = new Map<string, string>();

async function request(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, registry), init);
  if (!response.ok) throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

async function putBlob(repository: string, { digest, bytes }: Content): Promise<void> {
  const from = places.get(digest);
  const mount = from === undefined ? "" : `?mount=${digest}&from=${from}`;
  const response = await request(`/v2/${repository}/blobs/uploads/${mount}`, { method: "POST" });
  if (response.status === 201) return;
  const place = new URL(response.headers.get("location") ?? "", registry);
  place.searchParams.set("digest", digest);
  await request(place.href, { method: "PUT", body: new Uint8Array(bytes) });
  places.set(digest, repository);
}

async function putManifest(repository: string, reference: string, { mediaType, bytes }: Manifest): Promise<void> {
  const headers = { "content-type": mediaType };
  await request(`/v2/${repository}/manifests/${reference}`, { method: "PUT", headers, body: new Uint8Array(bytes) });
}

async function putImage({ repository, tag }: CatalogImage, { manifests }: BuiltImage): Promise<void> {
  const blobs = new Map(manifests.flatMap((each) => each.blobs).map((blob) => [blob.digest, blob]));
  await mapConcurrent([...blobs.values()], (blob) => putBlob(repository, blob), { concurrency: 4 });
  for (const [index, manifest] of manifests.entries()) {
    await putManifest(repository, index === manifests.length - 1 ? tag : manifest.digest, manifest);
  }
}

const seeded: Record<string, SeededImage> = {};
await mapConcurrent(
  CATALOG,
  async (image) => {
    const built = buildImage(image);
    await putImage(image, built);
    seeded[image.name] = { digest: built.manifests.at(-1)!.digest, platforms: built.platforms };
  },
  { concurrency: 4 },
);
await writeFile(file, JSON.stringify(seeded, null, 2));

/** The public images that the bed's upstream registry serves, by their names in compose files. */
import { parseReference } from "../../lib/image/reference.ts";
import type { ImageSpec, Shape } from "./image.ts";

const MB = 1_000_000;

/** Layers that several images are built on, with their sizes. */
const SHARED = {
  alpine: 3 * MB,
  debian: 5 * MB,
  python: 4 * MB,
  node: 3 * MB,
  java: 4 * MB,
  postgres: 3 * MB,
  elastic: 2 * MB,
  opensearch: 2 * MB,
} as const;

/** Bytes of the one large layer, for tests of connections that drop, resume or are slow. */
export const LARGE_LAYER = 104 * MB;

/** An image, its shape, the shared layers below it, and the bytes of a layer of its own. */
export type CatalogEntry<Layer extends string> = readonly [
  name: string,
  shape: Shape,
  on?: readonly Layer[],
  own?: number,
];

type Entry = CatalogEntry<keyof typeof SHARED>;

const DIFY: readonly Entry[] = [
  ["langgenius/dify-api:2.0.0-beta.2", "oci-attested", ["debian", "python"], 3 * MB],
  ["langgenius/dify-web:2.0.0-beta.2", "oci-attested", ["alpine", "node"], 2 * MB],
  ["postgres:15-alpine", "oci-attested", ["alpine", "postgres"]],
  ["redis:6-alpine", "oci-attested", ["alpine"], 1 * MB],
  ["langgenius/dify-sandbox:0.2.12", "docker-index", ["debian", "python"], 1 * MB],
  ["langgenius/dify-plugin-daemon:0.3.0b1-local", "oci-index", ["debian", "python"], 2 * MB],
  ["ubuntu/squid:latest", "oci-index", [], 3 * MB],
  ["certbot/certbot:latest", "docker-index", ["alpine", "python"]],
  ["nginx:latest", "oci-attested", ["debian"], 1 * MB],
  ["semitechnologies/weaviate:1.19.0", "oci-index", ["alpine"], 2 * MB],
  ["langgenius/qdrant:v1.7.3", "docker-index", ["debian"], 2 * MB],
  ["pgvector/pgvector:pg16", "oci-attested", ["debian", "postgres"], 1 * MB],
  ["vastdata/vastbase-vector:latest", "docker-single", [], 1 * MB],
  ["tensorchord/pgvecto-rs:pg16-v0.3.0", "oci-attested", ["debian", "postgres"], 1 * MB],
  ["ghcr.io/chroma-core/chroma:0.5.20", "oci-attested", ["debian", "python"], 2 * MB],
  ["oceanbase/oceanbase-ce:4.3.5-lts", "docker-index", [], LARGE_LAYER],
  ["container-registry.oracle.com/database/free:latest", "docker-index", [], 4 * MB],
  ["quay.io/coreos/etcd:v3.5.5", "docker-index", [], 2 * MB],
  ["minio/minio:RELEASE.2023-03-20T20-16-18Z", "docker-index", [], 2 * MB],
  ["milvusdb/milvus:v2.5.15", "docker-index", [], 3 * MB],
  ["opensearchproject/opensearch:latest", "docker-index", ["java", "opensearch"]],
  ["opensearchproject/opensearch-dashboards:latest", "docker-index", ["node", "opensearch"]],
  ["opengauss/opengauss:7.0.0-RC1", "docker-single", [], 2 * MB],
  ["myscale/myscaledb:1.6.4", "docker-single", [], 2 * MB],
  ["matrixorigin/matrixone:2.1.1", "docker-index", [], 2 * MB],
  ["docker.elastic.co/elasticsearch/elasticsearch:8.14.3", "docker-index", ["java", "elastic"]],
  ["docker.elastic.co/kibana/kibana:8.14.3", "docker-index", ["node", "elastic"]],
  ["downloads.unstructured.io/unstructured-io/unstructured-api:latest", "docker-single", ["python"], 2 * MB],
];

const OTHERS: readonly Entry[] = [
  ["alpine:3.20", "oci-attested", ["alpine"]],
  ["traefik/whoami:v1.10", "docker-index"],
  ["quay.io/prometheus/prometheus:v2.54.1", "oci-index", [], 1 * MB],
  ["quay.io/minio/mc:RELEASE.2024-10-02T08-27-28Z", "docker-single", [], 1 * MB],
  ["ghcr.io/open-webui/open-webui:main", "oci-attested", ["debian", "python"], LARGE_LAYER],
  ["ghcr.io/berriai/litellm:main-stable", "oci-single", ["python"]],
  ["grafana/grafana:11.2.0", "docker-index", ["alpine"], 1 * MB],
  ["example/jetson:1.0", "arm64-index"],
  ["quay.io/example/raspberry:1.0", "arm64-single"],
];

/** An image, and its repository in the upstream registry: the public registry's name, then the image's repository. */
export interface CatalogImage extends ImageSpec {
  readonly repository: string;
  readonly tag: string;
}

/** An image of these layers (name to bytes). Layers of the same name and size are identical in every image. */
export function catalogImage(name: string, shape: Shape, layers: Readonly<Record<string, number>>): CatalogImage {
  const { registry, repository, tag = "latest" } = parseReference(name);
  return { name, shape, layers, repository: `${registry}/${repository}`, tag };
}

/** The images of `entries`; `shared` has the bytes of the layers that they share. */
export function catalogImages<Layer extends string>(
  entries: readonly CatalogEntry<Layer>[],
  shared: Readonly<Record<Layer, number>>,
): readonly CatalogImage[] {
  return entries.map(([name, shape, on = [], own]) => {
    const layers: Record<string, number> = Object.fromEntries(on.map((layer) => [layer, shared[layer]]));
    if (own !== undefined) layers[own === LARGE_LAYER ? "large" : parseReference(name).repository] = own;
    return catalogImage(name, shape, layers);
  });
}

/** The images of the Dify project. */
export const DIFY_IMAGES = catalogImages(DIFY, SHARED);

export const CATALOG: readonly CatalogImage[] = [...DIFY_IMAGES, ...catalogImages(OTHERS, SHARED)];

/** The compose projects that the end-to-end tests mirror. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECKOUT, IMAGES, MIRROR } from "./bed.ts";

const FIXTURES = join(CHECKOUT, "test/fixtures");

/** A service's published port, its image in the catalog, and the name of that image at the mirror. */
interface Served {
  readonly service: string;
  readonly port: number;
  readonly image: string;
  readonly target: string;
}

/** The services of `fixtures/shop` that are started. */
export const SHOP: readonly Served[] = (
  [
    ["web", "nginx:latest", "nginx:latest"],
    ["api", "langgenius/dify-api:2.0.0-beta.2", "langgenius-dify-api:2.0.0-beta.2"],
    ["worker", "langgenius/dify-api:2.0.0-beta.2", "langgenius-dify-api:2.0.0-beta.2"],
    ["db", "postgres:15-alpine", "postgres:15-alpine"],
    ["cache", "redis:6-alpine", "redis:6-alpine"],
    ["vectors", "ghcr.io/chroma-core/chroma:0.5.20", "chroma-core-chroma:0.5.20"],
    ["etcd", "quay.io/coreos/etcd:v3.5.5", "coreos-etcd:v3.5.5"],
    ["metrics", "quay.io/prometheus/prometheus:v2.54.1", "prometheus-prometheus:v2.54.1"],
    ["mc", "quay.io/minio/mc:RELEASE.2024-10-02T08-27-28Z", "minio-mc:RELEASE.2024-10-02T08-27-28Z"],
    ["storage", "minio/minio:RELEASE.2023-03-20T20-16-18Z", "minio-minio:RELEASE.2023-03-20T20-16-18Z"],
    ["shell", "alpine:3.20", "alpine:3.20"],
    ["whoami", "traefik/whoami:v1.10", "traefik-whoami:v1.10"],
    ["dashboards", "grafana/grafana:11.2.0", `grafana-grafana:sha256-${hexOf("grafana/grafana:11.2.0")}`],
    ["model", "ghcr.io/berriai/litellm:main-stable", "berriai-litellm:main-stable"],
    ["model-batch", "ghcr.io/berriai/litellm:main-stable", "berriai-litellm:main-stable"],
    ["chat", "ghcr.io/open-webui/open-webui:main", "open-webui-open-webui:main"],
    ["proxy", "ubuntu/squid:latest", "ubuntu-squid:latest"],
  ] as const
).map(([service, image, target], index) => ({ service, port: 8101 + index, image, target: `${MIRROR}/${target}` }));

/** The distinct mirror names of the shop. */
export const SHOP_TARGETS: readonly string[] = [...new Set(SHOP.map(({ target }) => target))];

/** Writes the shop into `folder` and returns its compose file's text. */
export async function layShop(folder: string): Promise<string> {
  await mkdir(join(folder, "tools"), { recursive: true });
  await writeFile(join(folder, "tools/Dockerfile"), "FROM scratch\n");
  await copyFile(join(FIXTURES, "shop/docker-compose.yaml"), join(folder, "docker-compose.yaml"));
  const digests = { WHOAMI_DIGEST: "traefik/whoami:v1.10", GRAFANA_DIGEST: "grafana/grafana:11.2.0" };
  const lines = Object.entries(digests).map(([name, image]) => `${name}=${IMAGES[image]!.digest}`);
  await writeFile(join(folder, ".env"), ["REDIS_TAG=6-alpine", ...lines, ""].join("\n"));
  return readFile(join(folder, "docker-compose.yaml"), "utf8");
}

/** The lines that differ between two texts of as many lines. */
export function changedLines(before: string, after: string): readonly (readonly [was: string, is: string])[] {
  const was = before.split("\n");
  const is = after.split("\n");
  if (was.length !== is.length) throw new Error(`${was.length} lines became ${is.length}`);
  return was.flatMap((line, index) => (line === is[index] ? [] : [[line.trim(), is[index]!.trim()] as const]));
}

/** The lines of the shop that name a mirrored image, before and after. */
export const SHOP_LINES: readonly (readonly [was: string, is: string])[] = [
  [
    "x-model: &model 'ghcr.io/berriai/litellm:main-stable' # defined once, used by two services",
    `x-model: &model '${at("model")}' # defined once, used by two services`,
  ],
  ["image: nginx # without a tag", `image: ${at("web")} # without a tag`],
  ["image: 'langgenius/dify-api:2.0.0-beta.2'", `image: '${at("api")}'`],
  ["image: langgenius/dify-api:2.0.0-beta.2", `image: ${at("worker")}`],
  ["image: postgres:${POSTGRES_TAG:-15-alpine}", `image: ${at("db")}`],
  ['image: "redis:${REDIS_TAG}"', `image: "${at("cache")}"`],
  [
    "vectors: { image: ghcr.io/chroma-core/chroma:0.5.20, ports: [ '8106:80' ] }",
    `vectors: { image: ${at("vectors")}, ports: [ '8106:80' ] }`,
  ],
  ["image: quay.io/coreos/etcd:v3.5.5", `image: ${at("etcd")}`],
  ["image: quay.io/prometheus/prometheus:v2.54.1", `image: ${at("metrics")}`],
  ["image: quay.io/minio/mc:RELEASE.2024-10-02T08-27-28Z", `image: ${at("mc")}`],
  ["image: minio/minio:RELEASE.2023-03-20T20-16-18Z", `image: ${at("storage")}`],
  ["image: docker.io/library/alpine:3.20", `image: ${at("shell")}`],
  ["image: traefik/whoami:v1.10@${WHOAMI_DIGEST}", `image: ${at("whoami")}`],
  ["image: grafana/grafana@${GRAFANA_DIGEST:?the digest of grafana}", `image: ${at("dashboards")}`],
  ["image: ghcr.io/open-webui/open-webui:main", `image: ${at("chat")}`],
  ["image: ubuntu/squid", `image: ${at("proxy")}`],
];

/** A project of three services, one for each public registry. */
export const SMALL: readonly Served[] = (
  [
    ["web", "nginx:latest", "nginx:latest"],
    ["vectors", "ghcr.io/chroma-core/chroma:0.5.20", "chroma-core-chroma:0.5.20"],
    ["etcd", "quay.io/coreos/etcd:v3.5.5", "coreos-etcd:v3.5.5"],
  ] as const
).map(([service, image, target], index) => ({ service, port: 8201 + index, image, target: `${MIRROR}/${target}` }));

/** Writes a compose file with `services` into `folder`. */
export async function laySmall(
  folder: string,
  services: readonly Pick<Served, "service" | "image" | "port">[] = SMALL,
) {
  await mkdir(folder, { recursive: true });
  const text = services.map(
    ({ service, image, port }) => `  ${service}:\n    image: ${image}\n    ports: ["${port}:80"]\n`,
  );
  await writeFile(join(folder, "docker-compose.yaml"), `services:\n${text.join("")}`);
}

/** Writes the Dify project into `folder` and returns its compose file's text. */
export async function layDify(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(FIXTURES, "dify/docker-compose.yaml"), join(folder, "docker-compose.yaml"));
  await copyFile(join(FIXTURES, "dify/env.example"), join(folder, ".env"));
  return readFile(join(folder, "docker-compose.yaml"), "utf8");
}

function hexOf(image: string): string {
  return IMAGES[image]!.digest.replace("sha256:", "");
}

function at(service: string): string {
  return SHOP.find((each) => each.service === service)!.target;
}

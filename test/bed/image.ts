/**
 * Images as bytes: what a builder would have pushed. The base layer is a static busybox, so a container of an image
 * really starts, answers HTTP on port 80 with its own name, and passes its health check; its arm64 twin holds no program
 * that runs here. The same input gives the same bytes, but for the busybox of the machine.
 */
import { createCipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DOCKER = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

const OCI = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

const EPOCH = 1_700_000_000;

export type Architecture = "amd64" | "arm64";

/** How an image is published: its format, and an index of several platforms or a single manifest. */
export type Shape =
  | "docker-index"
  | "docker-single"
  | "oci-index"
  | "oci-attested"
  | "oci-single"
  | "arm64-index"
  | "arm64-single";

/** Something addressed by its digest. */
export interface Content {
  readonly digest: string;
  readonly bytes: Buffer;
}

interface Layer extends Content {
  /** Digest of the tar before compression. */
  readonly diffId: string;
}

export interface Manifest extends Content {
  readonly mediaType: string;
  /** Config and layers; empty for an index. */
  readonly blobs: readonly Content[];
}

export interface BuiltImage {
  /** The manifest that the tag names comes last, after those it refers to. */
  readonly manifests: readonly Manifest[];
  /** Platform to its manifest's digest. */
  readonly platforms: Readonly<Record<string, string>>;
}

export interface ImageSpec {
  /** What the image answers over HTTP, before its architecture. */
  readonly name: string;
  readonly shape: Shape;
  /** Names of layers that images may share, each with its size in bytes. */
  readonly layers: Readonly<Record<string, number>>;
}

/** The image of `spec`, for every platform that its shape has. */
export function buildImage(spec: ImageSpec): BuiltImage {
  const { shape } = spec;
  const format = shape === "docker-index" || shape === "docker-single" ? DOCKER : OCI;
  const architectures: readonly Architecture[] = shape.startsWith("arm64")
    ? ["arm64"]
    : shape.endsWith("single")
      ? ["amd64"]
      : ["amd64", "arm64"];
  const images = architectures.map((architecture) => ({
    architecture,
    manifest: platformImage(spec, architecture, format),
  }));
  const platforms = Object.fromEntries(
    images.map(({ architecture, manifest }) => [`linux/${architecture}`, manifest.digest]),
  );
  if (shape.endsWith("single")) return { manifests: images.map(({ manifest }) => manifest), platforms };

  const attestations = shape === "oci-attested" ? images.map(({ manifest }) => attestation(manifest.digest)) : [];
  const index = manifestOf(format.index, [], {
    manifests: [
      ...images.map(({ architecture, manifest }) => ({
        ...descriptor(manifest.mediaType, manifest),
        platform: { architecture, os: "linux", ...(architecture === "arm64" ? { variant: "v8" } : {}) },
      })),
      ...attestations.map(({ manifest, subject }) => ({
        ...descriptor(manifest.mediaType, manifest),
        platform: { architecture: "unknown", os: "unknown" },
        annotations: {
          "vnd.docker.reference.digest": subject,
          "vnd.docker.reference.type": "attestation-manifest",
        },
      })),
    ],
  });
  return {
    manifests: [...images.map(({ manifest }) => manifest), ...attestations.map(({ manifest }) => manifest), index],
    platforms,
  };
}

function platformImage(
  { name, layers }: ImageSpec,
  architecture: Architecture,
  format: typeof DOCKER | typeof OCI,
): Manifest {
  const page = layerOf([{ path: "www/index.html", content: Buffer.from(`${name} linux/${architecture}\n`) }]);
  const stack = [
    baseLayer(architecture),
    ...Object.entries(layers).map(([layer, size]) => fillerLayer(`${layer} ${architecture}`, size)),
    page,
  ];
  const config = contentOf(
    json({
      architecture,
      os: "linux",
      created: new Date(EPOCH * 1000).toISOString(),
      config: {
        Env: ["PATH=/bin"],
        Cmd: ["httpd", "-f", "-p", "80", "-h", "/www"],
        // As the first process of a container httpd would not heed SIGTERM.
        StopSignal: "SIGKILL",
        Healthcheck: {
          Test: ["CMD", "wget", "-q", "-O", "-", "http://127.0.0.1/"],
          Interval: 1_000_000_000,
          Timeout: 5_000_000_000,
          Retries: 30,
        },
      },
      rootfs: { type: "layers", diff_ids: stack.map(({ diffId }) => diffId) },
      history: stack.map((_, index) => ({
        created: new Date(EPOCH * 1000).toISOString(),
        created_by: `step ${index + 1}`,
      })),
    }),
  );
  return manifestOf(format.manifest, [config, ...stack], {
    config: descriptor(format.config, config),
    layers: stack.map((layer) => descriptor(format.layer, layer)),
  });
}

/** What BuildKit puts beside an image to say how it was built, in its newest form. */
function attestation(subject: string): { readonly manifest: Manifest; readonly subject: string } {
  const statement = contentOf(json({ _type: "https://in-toto.io/Statement/v0.1", subject: [{ name: subject }] }));
  const config = contentOf(Buffer.from("{}"));
  const manifest = manifestOf(OCI.manifest, [config, statement], {
    artifactType: "application/vnd.docker.attestation.manifest.v1+json",
    config: descriptor("application/vnd.oci.empty.v1+json", config),
    layers: [
      {
        ...descriptor("application/vnd.in-toto+json", statement),
        annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
      },
    ],
  });
  return { manifest, subject };
}

const PROGRAMS = ["sh", "httpd", "wget", "sleep", "cat", "echo", "ls", "id", "env", "true", "false", "printf"];

const sharedLayers = new Map<string, Layer>();

/** The layer called `name`, made once. */
function shared(name: string, make: () => Layer): Layer {
  const layer = sharedLayers.get(name) ?? make();
  sharedLayers.set(name, layer);
  return layer;
}

function baseLayer(architecture: Architecture): Layer {
  const program =
    architecture === "amd64" ? readFileSync("/bin/busybox") : Buffer.from("a program for another architecture\n");
  return shared(`base ${architecture}`, () =>
    layerOf([
      { path: "bin/busybox", content: program, mode: 0o755 },
      ...PROGRAMS.map((name) => ({ path: `bin/${name}`, link: "busybox" })),
      { path: "etc/passwd", content: Buffer.from("root:x:0:0:root:/:/bin/sh\n") },
      { path: "etc/group", content: Buffer.from("root:x:0:\n") },
      { path: "etc/architecture", content: Buffer.from(`${architecture}\n`) },
    ]),
  );
}

/** `size` bytes that no compression makes smaller. */
function fillerLayer(name: string, size: number): Layer {
  return shared(name, () => {
    const key = createHash("sha256").update(name).digest();
    const content = createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
    return layerOf([{ path: `opt/${name.replaceAll(/[ /]/g, "-")}`, content }]);
  });
}

interface Entry {
  readonly path: string;
  readonly content?: Buffer;
  readonly link?: string;
  readonly mode?: number;
}

function layerOf(entries: readonly Entry[]): Layer {
  const tar = Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1024)]);
  return { ...contentOf(gzipSync(tar, { level: 0 })), diffId: digestOf(tar) };
}

/** A ustar header and the padded content. */
function tarEntry({ path, content = Buffer.alloc(0), link, mode = 0o644 }: Entry): readonly Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number): void => {
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  };
  header.write(path, 0);
  octal(link === undefined ? mode : 0o777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(EPOCH, 136, 12);
  header.write("        ", 148);
  header.write(link === undefined ? "0" : "2", 156);
  header.write(link ?? "", 157);
  header.write("ustar\u000000", 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

function manifestOf(mediaType: string, blobs: readonly Content[], body: object): Manifest {
  return { ...contentOf(json({ schemaVersion: 2, mediaType, ...body })), mediaType, blobs };
}

function descriptor(mediaType: string, { digest, bytes }: Content) {
  return { mediaType, digest, size: bytes.length };
}

function contentOf(bytes: Buffer): Content {
  return { digest: digestOf(bytes), bytes };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, null, 2));
}

/** What others answer: registries, token servers, docker and compose, ssh and hosts, credential helpers, the store's files. */
import assert from "node:assert/strict";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { containersIn, statesOf } from "../../lib/deploy/host/containers.ts";
import { driftOf } from "../../lib/deploy/host/drift.ts";
import { hostError } from "../../lib/deploy/host/host-errors.ts";
import { judgeHost } from "../../lib/deploy/host/judge.ts";
import { accessTo, type HostProbe, probeHost } from "../../lib/deploy/host/probe.ts";
import { judge } from "../../lib/deploy/orchestrator/health.ts";
import type { DeployedProject } from "../../lib/deploy/orchestrator/compose-project.ts";
import { ORCHESTRATORS } from "../../lib/deploy/orchestrator/orchestrators.ts";
import { containersOfStack, judgeService, readStack } from "../../lib/deploy/orchestrator/swarm.ts";
import { type DeployRequest, planDeploy } from "../../lib/deploy/plan/plan.ts";
import { formatFailed, formatRelease, parseRelease } from "../../lib/deploy/plan/release.ts";
import { planRollback } from "../../lib/deploy/plan/rollback.ts";
import { readImageFacts } from "../../lib/deploy/plan/steps.ts";
import type { Connection } from "../../lib/deploy/ssh/connection.ts";
import { sshError } from "../../lib/deploy/ssh/ssh-errors.ts";
import { createDockerEngine } from "../../lib/engine/docker/docker.ts";
import { engineError } from "../../lib/engine/docker/docker-errors.ts";
import { digestOf } from "../../lib/image/digest.ts";
import {
  checkPlatform,
  choosePlatform,
  manifestTypeOf,
  MEDIA_TYPES,
  parseManifest,
  viewManifest,
} from "../../lib/image/manifest.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { theirs } from "../../lib/messages/message.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { readAddress } from "../../lib/registry/addresses.ts";
import { readChallenge, schemesOf } from "../../lib/registry/challenge.ts";
import { openRegistry, type Registry } from "../../lib/registry/client.ts";
import { openLogins, type StoredOrGiven } from "../../lib/registry/credentials.ts";
import { answerError, networkError } from "../../lib/registry/errors.ts";
import type { Transport } from "../../lib/registry/transport.ts";
import { openReferences } from "../../lib/store/references.ts";
import { pathsOf } from "../../lib/store/files.ts";
import { openStore } from "../../lib/store/open.ts";
import { serve } from "../../lib/store/registry-server.ts";
import { Secret } from "../../lib/system/secret.ts";
import type { Run } from "../../lib/system/process.ts";
import { GOOD_HOST } from "../_helpers/good-host.ts";
import { check, type Target } from "./fuzz.ts";

const SECRET = "s3cr3t-Pa55";
const BLOB = Buffer.from("0123456789");
const DIGEST = digestOf(BLOB);
const HEX = "a".repeat(64);
const INDEX = JSON.stringify({
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociIndex,
  manifests: [
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: `sha256:${HEX}`,
      size: 500,
      platform: { os: "linux", architecture: "amd64" },
      annotations: { "org.opencontainers.image.ref.name": "r.example/a/b:1" },
    },
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: DIGEST,
      size: 501,
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      annotations: { "org.opencontainers.image.ref.name": "r.example/a/c:2" },
    },
  ],
});
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociManifest,
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: `sha256:${HEX}`, size: 7 },
  layers: [
    { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: DIGEST, size: 10 },
    { mediaType: "application/vnd.docker.image.rootfs.foreign", digest: `sha256:${HEX}`, size: 1, urls: ["http://x/"] },
  ],
});
const CONFIG = JSON.stringify({ os: "linux", architecture: "arm", variant: "v7", rootfs: {} });

const answer = (status: number, headers: object = {}, body = ""): string => JSON.stringify({ status, headers, body });
const ERRORS = JSON.stringify({ errors: [{ code: "DENIED", message: "requested access is denied", detail: null }] });
const ANSWERED: readonly string[] = [
  answer(200, { "content-type": MEDIA_TYPES.ociManifest, "docker-content-digest": digestOf(MANIFEST) }, MANIFEST),
  answer(
    200,
    { "content-type": "text/plain", link: '</v2/a/b/tags/list?n=2&last=1>; rel="next"' },
    '{"tags":["1","2"]}',
  ),
  answer(206, { "content-range": "bytes 4-9/10", "content-length": "6" }, "456789"),
  answer(202, { location: "/v2/a/b/blobs/uploads/1?state=x", range: "0-4", "oci-chunk-min-length": "65536" }),
  answer(401, { "www-authenticate": 'Bearer realm="https://r.example/token",service="s",scope="repository:a/b:pull"' }),
  answer(401, { "www-authenticate": 'Basic realm="r"' }, ERRORS),
  answer(429, { "retry-after": "0.001" }, '{"message":"rate limit"}'),
  answer(503, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, "<html>"),
  answer(403, {}, ERRORS),
  answer(200, { "content-encoding": "gzip, br", "content-length": "3" }, "\u001F\u008B\b"),
];
const TOKENS: readonly string[] = ['{"token":"t","expires_in":300}', '{"access_token":"t","expires_in":"x"}', "{}"];

/** A registry whose every answer is `input`; tokens are of `token`. */
function registryOf(input: string, token: string): Registry {
  const { status, headers, body } = answerOf(input);
  const send: Transport["send"] = async ({ url, authorize }) => {
    await authorize?.(url);
    const isToken = url.pathname.startsWith("/token");
    const bytes = Buffer.from(isToken ? token : body, "latin1");
    return {
      status: isToken ? 200 : status,
      headers: isToken ? {} : headers,
      url,
      body: Readable.from([bytes]) as unknown as IncomingMessage,
    };
  };
  const transport: Transport = {
    origin: () => "https://r.example",
    locate: async () => "https://r.example",
    isInsecure: () => false,
    send,
    close: () => {},
  };
  return openRegistry("r.example", {
    transport,
    login: async () => LOGIN,
    retryPolicy: { attempts: 1, firstDelay: 0, longestDelay: 0 },
  });
}
const LOGIN: StoredOrGiven = {
  credentials: { username: "user", password: new Secret(SECRET) },
  sent: { kind: "settings" },
};

/** An answer as node:http could give it: statuses in their range, headers without control characters. */
function answerOf(input: string): { status: number; headers: IncomingMessage["headers"]; body: string } {
  let given: { status?: unknown; headers?: unknown; body?: unknown } | null;
  try {
    given = JSON.parse(input) as typeof given;
  } catch {
    given = { status: 200, headers: {}, body: input };
  }
  const { status, headers, body } = given ?? {};
  const number = Number(status);
  const clean = Object.entries(headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    // oxlint-disable-next-line no-control-regex -- the parser of node:http refuses these
    (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(/[^\t\u0020-\u007E\u0080-\u00FF]/g, ""),
  ]);
  return {
    status: number >= 200 && number < 600 ? Math.floor(number) : 200,
    headers: Object.fromEntries(clean) as IncomingMessage["headers"],
    body: typeof body === "string" ? body : JSON.stringify(body ?? null),
  };
}

const CALLS: readonly ((registry: Registry) => Promise<unknown>)[] = [
  (registry) => registry.ping({ repository: "a/b" }),
  (registry) => registry.head("a/b", "1"),
  (registry) => registry.manifest("a/b", "1"),
  (registry) => registry.tags("a/b"),
  (registry) => registry.hasBlob("a/b", DIGEST),
  async (registry) => {
    const { start, chunks } = await registry.blob("a/b", { mediaType: "", digest: DIGEST, size: 10 }, 4);
    check(start === 0 || start === 4);
    for await (const chunk of chunks) check(Buffer.isBuffer(chunk), "a chunk is no buffer");
  },
  (registry) => registry.startUpload("a/b"),
  (registry) => registry.mount("a/b", DIGEST, "a/c"),
  async (registry) => {
    const upload = await registry.resumeUpload("a/b", new URL("https://r.example/v2/a/b/blobs/uploads/1"));
    if (upload !== undefined) check(Number.isSafeInteger(upload.offset) && upload.offset >= 0);
  },
  (registry) =>
    registry.uploadChunk("a/b", { location: new URL("https://r.example/v2/u"), offset: 0 }, Buffer.from("x")),
  (registry) =>
    registry.finishUpload("a/b", { location: new URL("https://r.example/v2/u"), offset: 10 }, DIGEST, undefined),
  (registry) =>
    registry.putManifest("a/b", "1", {
      descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: DIGEST, size: 10 },
      bytes: BLOB,
    }),
];

const IMAGE_LIST = JSON.stringify([
  {
    Id: "sha256:1",
    Os: "linux",
    Architecture: "amd64",
    Variant: "",
    Size: 12,
    RepoDigests: [`nginx@sha256:${HEX}`, `r.example/team/nginx@${DIGEST}`],
  },
]);
const TRANSFER = {
  source: parseReference("nginx:1"),
  target: parseReference("r.example/team/nginx:1"),
  platform: "linux/amd64",
  services: ["web"],
} as never;

const RELEASE = {
  id: "20260101-000000-0001",
  time: "2026-01-01T00:00:00.000Z",
  files: ["docker-compose-mirror.yaml"],
  envFiles: [".env"],
  profiles: ["a"],
  images: [{ service: "web", image: "r.example/t/web:1", id: "sha256:1", pulledBy: `r.example/t/web@sha256:${HEX}` }],
  sent: { "conf/x": { sha256: HEX, services: ["web"] } },
};
const NEWER = { ...RELEASE, id: "20260102-000000-0002", sent: { "conf/x": { sha256: "b", services: ["web", "db"] } } };
const PROBED = `motd of the host
probe:user=me
probe:home=/home/me
probe:machine=x86_64
probe:system=Debian 12
probe:selinux=
probe:dir=/home/me/app
probe:state=folder
probe:writable=yes
probe:env=yes
probe:envText=QT0xCg==
probe:file1=file ${HEX}
probe:release=${formatRelease(RELEASE)}
probe:release=${formatRelease(NEWER)}
probe:failed=${formatFailed({ ...RELEASE, outcome: "failed" })}
probe:current=${NEWER.id}
probe:free=/dev/sda1 100 50 50 50% /
probe:docker=Docker version 26.1.4, build 5650f9b
probe:server=26.1.4
probe:client=26.1.4
probe:swarm=inactive false
probe:root=/var/lib/docker
probe:rootFree=/dev/sda1 100 50 50 50% /
probe:plugin=2.26.1
probe:standalone=1.29.2
probe:v1=broken
`;
const PROBE: HostProbe = {
  ...GOOD_HOST,
  folder: { path: "/home/me/app", state: "folder", writable: true, hasEnvFile: false },
};
const REQUEST: Omit<DeployRequest, "probe" | "project" | "orchestrator" | "running"> = {
  settings: { web: HEX },
  otherFiles: true,
  composeFiles: [{ source: "/p/a.yaml", name: "docker-compose-mirror.yaml" }],
  needed: [{ source: "/p/conf/x", name: "conf/x", services: ["web"], kind: "file", sha256: "c" } as never],
  images: [
    {
      image: "r.example/t/web:1",
      reference: parseReference("r.example/t/web:1"),
      services: ["web"],
      mirrored: true,
      refreshes: false,
    },
  ],
  built: [],
  registry: "r.example",
  endpoint: {},
  username: "me",
  warnings: [],
  usesEnvFile: true,
  isLocked: true,
  holder: "me@here",
  release: "20260103-000000-0003",
  time: "2026-01-03T00:00:00.000Z",
  choices: {
    send: "missing",
    sudo: false,
    keepLogin: false,
    rollback: true,
    waitSeconds: 60,
    lockSeconds: 5,
    keep: 2,
    keepOrphans: false,
    oneByOne: true,
  },
};
const NEEDS = {
  platform: "linux/amd64",
  v1Problems: [theirs("x")],
  usesEnvFile: true,
  oldestV2: "2.0.0",
  unlabelled: ["./x"],
};

/** A connection to a host that prints `stdout` whatever it is asked. */
function hostOf(stdout: string): Connection {
  return {
    host: "box",
    run: async () => ({ code: 0, stdout, stderr: "" }),
    forward: async () => 1,
    close: async () => {},
  };
}

/** What is made of a host's state: a deploy, a way back, and how far it is from its release. */
function planFrom(probe: HostProbe): void {
  for (const orchestrator of Object.values(ORCHESTRATORS)) {
    const compose = orchestrator.runtime(probe);
    if (compose === undefined) continue;
    const project: DeployedProject = {
      name: "app",
      host: probe.host,
      dir: probe.folder.path,
      access: accessTo(probe),
      compose,
      files: ["docker-compose-mirror.yaml"],
      envFiles: [],
      profiles: [],
    };
    const running = { containers: [], versions: ["app_web=1"] };
    const planned = planDeploy({ ...REQUEST, probe, project, orchestrator, running });
    for (const { command } of [...planned.steps, ...planned.rollback]) assertWords(command);
    const choices = { waitSeconds: 1, lockSeconds: 1 };
    try {
      const rollback = planRollback({ probe, project, orchestrator, running, holder: "me", choices });
      for (const { command } of rollback.steps) assertWords(command);
      driftOf([], rollback.target);
    } catch (error) {
      // a host with no release to go back to; a broken plan of the next orchestrator is to be seen still
      if (!(error instanceof MirrorError)) throw error;
    }
  }
}

function assertWords(command: readonly unknown[]): void {
  check(
    command.every((word) => typeof word === "string"),
    "a word of a command is no text",
  );
}

const DOCKER_SAYS: readonly string[] = [
  "Error response from daemon: pull access denied for x, repository does not exist or may require 'docker login': denied",
  "error getting credentials - err: exit status 1, out: ``",
  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
  "toomanyrequests: You have reached your pull rate limit.\nhttps://x",
  "failed to register layer: write /x: no space left on device",
  'Get "https://r.example/v2/": x509: certificate signed by unknown authority',
  "KeyError: 'ContainerConfig'\nTraceback (most recent call last)",
  "web Pulling \r\n\u001B[1Aweb Error \n manifest for x:1 not found: manifest unknown",
  "open /srv/a/x.env: no such file or directory",
];
const SSH_SAYS: readonly string[] = [
  "Warning: Permanently added 'box' (ED25519)\r\nme@box: Permission denied (publickey,password).",
  "ssh: connect to host box port 22: Connection refused",
  "kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.1 port 22",
  "@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
  "****** \u001B[5mAuthorized use only\u001B[0m ******\nssh: Could not resolve hostname box: Name or service not known",
  "Unable to negotiate with 10.0.0.1: no matching host key type found. Their offer: ssh-rsa",
];
const KINDS = ["hold", "send", "login", "pull", "verify", "place", "up", "wait", "record", "prune", "retag"] as const;

const AUTH = JSON.stringify({
  auths: {
    "r.example": { auth: Buffer.from(`user:${SECRET}`).toString("base64") },
    "https://index.docker.io/v1/": { username: "u", password: SECRET },
    "r.example/a": { identitytoken: SECRET },
  },
  credHelpers: { "r.example": "fake" },
  credsStore: "desktop",
});

const knowsNothing: Run = async () => ({ code: 1, stdout: "", stderr: "credentials not found in native keychain" });

/** A temporary folder for the cases of one target, removed when the process ends. */
let folder: Promise<string> | undefined;
function scratch(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), "fuzz-"));
  return folder;
}

let served: Promise<{ readonly port: number }> | undefined;
const open: (() => Promise<unknown>)[] = [];
/** A store with one blob, served as a registry. */
function servedStore(): Promise<{ readonly port: number }> {
  served ??= (async () => {
    const store = await openStore(join(await scratch(), "store"));
    const partial = await store.partial(DIGEST, { size: BLOB.length });
    await partial!.append(BLOB);
    await partial!.finish();
    const registry = await serve(store);
    open.push(() => registry.close());
    return registry;
  })();
  return served;
}

/** Ends and removes what the targets have made. */
export async function cleanUp(): Promise<void> {
  for (const close of open) await close();
  if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
}

export const ANSWERS: readonly Target[] = [
  {
    name: "registry answer",
    weight: 24,
    json: true,
    secret: SECRET,
    seeds: ANSWERED,
    read: (text, number) => CALLS[number % CALLS.length]!(registryOf(text, TOKENS[0]!)),
  },
  {
    name: "token",
    weight: 6,
    json: true,
    secret: SECRET,
    seeds: TOKENS,
    read: (text) => registryOf(ANSWERED[4]!, text).manifest("a/b", "1"),
  },
  {
    name: "WWW-Authenticate",
    weight: 12,
    seeds: [
      'Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"',
      'Basic realm="x", Bearer realm="y\\"z" , error="invalid_token"',
      "Negotiate, NTLM, Digest qop=auth",
    ],
    read: (text) => {
      schemesOf(text);
      schemesOf([text, text]);
      const challenge = readChallenge(text);
      if (challenge?.scheme !== "bearer") return;
      const from = new URL("https://r.example/v2/");
      const url = readAddress({
        kind: "realm",
        text: challenge.realm,
        from,
        host: "r.example",
        mayBePlain: () => false,
      });
      assert.equal(url.protocol, "https:");
    },
  },
  {
    name: "address of an answer",
    weight: 8,
    seeds: [
      "/v2/a/b/blobs/uploads/1?x=y",
      "http://r.example/v2/x",
      "https://s3.example:8443/x?sig=%2F",
      "../x",
      "//h/x",
    ],
    read: (text, number) => {
      const kind = (["redirect", "location", "realm", "link"] as const)[number % 4]!;
      const from = new URL("https://r.example:5000/v2/a/b");
      const url = readAddress({ kind, text, from, host: "r.example", mayBePlain: () => false });
      assert.equal(url.protocol, "https:");
    },
  },
  {
    name: "Retry-After",
    weight: 5,
    seeds: ["120", "0.5", "Wed, 21 Oct 2099 07:28:00 GMT", "1893456000", "-1"],
    read: (text) => {
      const question = { host: "r.example", action: "pull", name: "a/b:1", login: { kind: "none" } } as const;
      const { retryAfter } = answerError(question, { status: 429, headers: { "retry-after": text }, text: "" });
      check(retryAfter === undefined || (retryAfter >= 0 && retryAfter <= 24 * 3600 * 1000));
    },
  },
  {
    name: "refusal",
    weight: 10,
    json: true,
    seeds: [
      ERRORS,
      '{"errors":[{"code":"TOOMANYREQUESTS"}]}',
      '{"message":"quota exceeded"}',
      "<html>no</html>",
      "x".repeat(9000),
    ],
    read: (text, number) => {
      const login = [{ kind: "none" }, { kind: "settings" }, { kind: "stored", file: "/x" }] as const;
      const question = {
        host: number % 5 === 0 ? "registry.cn-hangzhou.aliyuncs.com" : "r.example",
        action: (["pull", "push", "login"] as const)[number % 3]!,
        name: "a/b:1",
        login: login[number % 3]!,
      };
      const status = [400, 401, 403, 404, 405, 409, 413, 429, 500, 503][number % 10]!;
      throw answerError(question, { status, headers: {}, text });
    },
  },
  {
    name: "network error",
    weight: 3,
    seeds: ["connect ECONNREFUSED 10.0.0.1:443", "self-signed certificate", "wrong version number", "socket hang up"],
    read: (text, number) => {
      const code = ["ECONNRESET", "EPROTO", "ERR_TLS_CERT_ALTNAME_INVALID", "ENOTFOUND", ""][number % 5];
      throw networkError("r.example", Object.assign(new Error(text), { code }));
    },
  },
  {
    name: "manifest",
    weight: 16,
    json: true,
    seeds: [INDEX, MANIFEST],
    read: (text) => {
      const bytes = Buffer.from(text);
      viewManifest(bytes);
      const raw = { descriptor: { mediaType: "text/plain", digest: DIGEST, size: bytes.length }, bytes };
      const manifest = parseManifest(raw, "a/b:1");
      check(manifestTypeOf(raw).startsWith("application/vnd."));
      if (manifest.kind === "index") choosePlatform(manifest.entries, "linux/arm/v7", "a/b:1");
    },
  },
  {
    name: "image config",
    weight: 4,
    json: true,
    seeds: [CONFIG],
    read: (text) => checkPlatform(Buffer.from(text), "linux/arm/v7", "a/b:1"),
  },
  {
    name: "index.json of the store",
    weight: 5,
    json: true,
    seeds: [INDEX],
    read: async (text) => {
      const paths = pathsOf(await scratch());
      await writeFile(paths.index, text);
      for (const [name, { digest, size }] of await openReferences(paths).all()) {
        assert.equal(typeof name, "string");
        check(digest.includes(":") && typeof size === "number");
      }
    },
  },
  {
    name: "Range to the store",
    weight: 3,
    seeds: ["bytes=2-5", "bytes=-3", "bytes=4-", "bytes=0-0,2-3", "items=1-2", "bytes=99-"],
    read: async (text) => {
      const { port } = await servedStore();
      // oxlint-disable-next-line no-control-regex -- node:http sends no others
      const range = text.replaceAll(/[^\t\u0020-\u007E\u0080-\u00FF]/g, "");
      const { status, headers, body } = await get(port, `/v2/a/b/blobs/${DIGEST}`, { range });
      if (status === 416) return;
      const [, start = "0", end = "9"] = /^bytes (\d+)-(\d+)\/10$/.exec(headers["content-range"] ?? "") ?? [];
      check(status === 200 || status === 206, `status ${status}`);
      assert.equal(body, BLOB.toString().slice(Number(start), Number(end) + 1));
      assert.equal(headers["content-length"], String(body.length));
    },
  },
  {
    name: "request to the store",
    weight: 3,
    seeds: [
      `/v2/a/b/blobs/${DIGEST}`,
      "/v2/a/b/manifests/1",
      "/v2/a/b/tags/list?n=1&last=x",
      "/v2/_catalog",
      "/v2/%2e%2e",
    ],
    read: async (text) => {
      const { port } = await servedStore();
      // oxlint-disable-next-line no-control-regex -- node:http sends no others
      const path = `/${text.replaceAll(/[^\u0021-\u007E]/g, "")}`;
      const { status } = await get(port, path, {});
      check(status < 500, `status ${status}`);
    },
  },
  {
    name: "logins",
    weight: 5,
    json: true,
    secret: SECRET,
    seeds: [AUTH],
    read: async (text) => {
      const home = await scratch();
      const file = join(home, "config.json");
      await writeFile(file, text);
      const logins = openLogins({ environment: { DOCKER_CONFIG: home }, home, run: knowsNothing });
      for (const host of ["r.example", "docker.io"]) await logins.of(host, "a/b");
    },
  },
  {
    name: "credential helper",
    weight: 5,
    json: true,
    seeds: [
      `{"ServerURL":"r.example","Username":"u","Secret":"${SECRET}"}`,
      `note\n{"Username":"<token>","Secret":"${SECRET}"}\nnote`,
    ],
    read: async (text, number) => {
      const home = await scratch();
      await writeFile(join(home, "config.json"), '{"credsStore":"fake"}');
      const run: Run = async () => ({ code: number % 2, stdout: text, stderr: "" });
      try {
        await openLogins({ environment: { DOCKER_CONFIG: home }, home, run }).of("r.example");
      } catch (error) {
        // what helpers say is shown, but for what they name a secret
        const isNamed = /^\s*\{"ServerURL":"[^"\\]*","Username":"[^"\\]*","Secret":"[^"\\]*"\}\s*$/.test(text);
        check(!isNamed || /Username":"[^"]*s3cr/.test(text) || !String(error).includes(SECRET), "shows the secret");
        throw error;
      }
    },
  },
  {
    name: "engine output",
    weight: 12,
    json: true,
    seeds: [IMAGE_LIST, INDEX, `layer: Pushed\n1: digest: sha256:${HEX} size: 10\n`],
    read: async (text, number) => {
      const program = (["docker", "podman", "nerdctl"] as const)[number % 3]!;
      const run: Run = async ([, verb], options) =>
        (verb === "manifest" && number % 2 === 0) || options === undefined
          ? { code: 0, stdout: INDEX, stderr: "" }
          : { code: 0, stdout: text, stderr: "" };
      const engine = createDockerEngine({ program, run, retry: { attempts: 1, firstDelay: 0 } });
      const { error } = await engine.mirror(TRANSFER);
      if (error !== undefined) throw error;
    },
  },
  {
    name: "engine error",
    weight: 8,
    seeds: DOCKER_SAYS,
    read: (text, number) => {
      const action = (["pull", "push", "login"] as const)[number % 3]!;
      throw engineError({ engine: "docker", action, image: "x:1", registry: "r.example", code: 1, output: text });
    },
  },
  {
    name: "error on the host",
    weight: 8,
    seeds: DOCKER_SAYS,
    read: (text, number) => {
      const kind = KINDS[number % KINDS.length]!;
      const lines = text.split("\n");
      throw hostError({ host: "box", dir: "~/x", registry: "r.example", kind, failure: "host-up", code: 1, lines });
    },
  },
  {
    name: "ssh's words",
    weight: 8,
    seeds: SSH_SAYS,
    read: (text) => {
      throw sshError("box", text);
    },
  },
  {
    name: "probe",
    weight: 12,
    seeds: [PROBED],
    read: async (text) => {
      const probe = await probeHost(hostOf(text), "~/app", { names: ["conf/x"] });
      check(!JSON.stringify(probe).includes("A=1"));
      const { errors } = judgeHost(probe, NEEDS, ORCHESTRATORS.compose);
      judgeHost(probe, NEEDS, ORCHESTRATORS.swarm);
      planFrom(probe);
      if (errors[0] !== undefined) throw errors[0];
    },
  },
  {
    name: "release.json",
    weight: 10,
    json: true,
    seeds: [formatRelease(RELEASE), formatRelease({ ...RELEASE, images: [], sent: {} })],
    read: (text) => {
      const release = parseRelease(text);
      if (release === undefined) return;
      assert.equal(formatRelease(parseRelease(formatRelease(release))!), formatRelease(release));
      const older = { ...release, id: "00000000-000000-0000" };
      planFrom({ ...PROBE, releases: [older, release], current: release.id });
      planFrom({ ...PROBE, releases: [older, NEWER], current: NEWER.id });
    },
  },
  {
    name: "containers",
    weight: 6,
    seeds: [
      "abc1\ncontainer:web|False|running|healthy|0|abc1|sha256:1|0|always|2026-01-01|app|/x/a.yaml,/x/b.yaml|0.0.0.0,80,80/tcp;::,80,80/tcp;|r.example/t/web:1\n",
      "abc1\ncontainer:db|True|exited||137|abc2|sha256:2|3|no||app||x||y\ncontainer:\n",
    ],
    read: async (text) => {
      const listing = { dir: "/x", access: { kind: "docker", sudo: false } } as const;
      const containers = await containersIn(hostOf(text), listing);
      for (const container of containers) judge(container);
      statesOf(containers);
      driftOf(containers, RELEASE);
    },
  },
  {
    name: "stack",
    weight: 6,
    seeds: [
      "service:app_web|12|completed|r.example/t/web:1@sha256:a\nreplicas:app_web|2/3\ntask:app_web.1|Running|Running 3 minutes ago|\n",
      "service:app_job|1||x\nreplicas:app_job|0/1 (1/1 completed)\ntask:app_job.1|Shutdown|Complete 1 hour ago|no such image\n",
    ],
    read: (text) => {
      const services = readStack("app", text);
      for (const service of services) judgeService(service);
      containersOfStack(services);
    },
  },
  {
    name: "image facts",
    weight: 6,
    seeds: [`image:sha256:1|linux/amd64|["r.example/t/web@sha256:${HEX}"]\nimage:sha256:2|linux/arm64|null\n`],
    read: (text) => readImageFacts(text),
  },
];

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

function get(port: number, path: string, headers: Record<string, string>): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    request.end();
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostError } from "../../../lib/deploy/host/host-errors.ts";
import type { StepErrorCode } from "../../../lib/deploy/host/host-errors.ts";
import { type ErrorCode, explain } from "../../../lib/messages/errors.ts";
import { type Facts, NO_FACTS } from "../../../lib/messages/facts.ts";

/** What the steps of these kinds say of themselves where no rule fits. */
const FAILURE: Readonly<Record<string, StepErrorCode>> = {
  lock: "host-folder",
  send: "host-copy",
  login: "host-login",
  pull: "host-pull",
  place: "host-copy",
  up: "host-up",
  wait: "host-ps",
};

const SAID: readonly (readonly [kind: string, text: string, code: ErrorCode])[] = [
  [
    "login",
    'Error response from daemon: Get "https://r.example/v2/": unauthorized: authentication required',
    "host-login-denied",
  ],
  ["login", "Error response from daemon: login attempt failed with status: 401 Unauthorized", "host-login-denied"],
  [
    "login",
    'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password',
    "host-login-denied",
  ],
  [
    "login",
    'Get "https://r-vpc.example/v2/": dial tcp: lookup r-vpc.example on 100.100.2.136:53: no such host',
    "host-registry-unreachable",
  ],
  [
    "login",
    'Get "https://r-vpc.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    "host-registry-unreachable",
  ],
  [
    "login",
    'Get "https://r.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "host-registry-certificate",
  ],
  ["login", 'Get "https://r:5000/v2/": http: server gave HTTP response to HTTPS client', "host-registry-plain"],
  ["login", "Error saving credentials: something else", "host-login"],
  [
    "pull",
    "Error response from daemon: pull access denied for r.example/team/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    "host-pull-denied",
  ],
  ["pull", "ERROR: for web  unauthorized: authentication required", "host-pull-denied"],
  [
    "pull",
    "Error response from daemon: manifest for r.example/team/web:1 not found: manifest unknown: manifest unknown",
    "host-image-missing",
  ],
  ["pull", "failed to resolve reference: r.example/team/web:1: not found", "host-image-missing"],
  ["pull", "no matching manifest for linux/amd64 in the manifest list entries", "host-image-platform"],
  ["pull", "write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "host-disk-full"],
  ["pull", 'Get "https://registry-1.docker.io/v2/": dial tcp 1.2.3.4:443: i/o timeout', "host-registry-unreachable"],
  ...["127.0.0.1:5012", "[::1]:5012"].map((address): readonly [string, string, ErrorCode] => [
    "pull",
    `Error response from daemon: Get "http://127.0.0.1:5012/v2/": dial tcp ${address}: connect: connection refused`,
    "host-loopback-refused",
  ]),
  [
    "pull",
    'Get "https://r.example/v2/": proxyconnect tcp: dial tcp 127.0.0.1:7890: i/o timeout',
    "host-registry-unreachable",
  ],
  ["pull", "Trying to pull repository r.example/team/nginx ...\nmissing signature key", "host-manifest-unreadable"],
  ["pull", "Error response from daemon: missing signature key", "host-manifest-unreadable"],
  [
    "pull",
    "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header",
    "host-layer-unreadable",
  ],
  [
    "pull",
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    "host-docker-permission",
  ],
  [
    "pull",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "host-docker-stopped",
  ],
  [
    "pull",
    "Error response from daemon: client version 1.38 is too old. Minimum supported API version is 1.44, please upgrade",
    "host-api-version",
  ],
  ["pull", "The Compose file './.c.yaml.new' is invalid because:\nUnsupported config option", "host-compose-invalid"],
  [
    "pull",
    "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))",
    "host-docker-stopped",
  ],
  ["pull", "toomanyrequests: You have reached your pull rate limit.", "host-rate-limit"],
  [
    "up",
    "iptables failed: iptables --wait -t nat -A DOCKER -p tcp: iptables: No chain/target/match by that name.",
    "host-firewall",
  ],
  ["pull", "something new", "host-pull"],
  ["up", "File \"compose/service.py\"\nKeyError: 'ContainerConfig'", "host-container-config"],
  ["up", "Bind for 0.0.0.0:80 failed: port is already allocated", "host-port-taken"],
  [
    "up",
    'error mounting "/srv/nginx.conf" to rootfs: not a directory: Are you trying to mount a directory onto a file (or vice-versa)?',
    "host-mount",
  ],
  ["up", 'Conflict. The container name "/web" is already in use by container "abc"', "host-name-taken"],
  ["pull", "env file /srv/.env not found: stat /srv/.env: no such file or directory", "host-file-missing"],
  ["pull", "Couldn't find env file: /srv/api.env", "host-file-missing"],
  ["up", 'invalid mount config for type "bind": bind source path does not exist: /srv/x', "host-file-missing"],
  ["up", "dependency failed to start: container x is unhealthy", "host-up"],
  ["up", "dial tcp 10.0.0.1:5432: connection refused", "host-up"],
  ["send", "only 3 of 9 bytes arrived", "host-copy"],
  ["place", "mv: cannot move", "host-copy"],
  ["lock", "mkdir: cannot create directory: Permission denied", "host-folder"],
  ["place", 'compose-mirror: "conf" is a link or leads out of the folder', "host-link"],
  ["lock", "compose-mirror: .compose-mirror is a link or belongs to another user", "host-link"],
  ["wait", "no configuration file provided", "host-ps"],
];

test("messages of docker and compose become errors with a hint", () => {
  for (const [kind, text, code] of SAID) {
    const lines = text.split("\n");
    const error = hostError({
      host: "box",
      dir: "/srv",
      registry: "r.example",
      kind,
      failure: FAILURE[kind]!,
      code: 1,
      lines,
    });
    assert.equal(error.code, code, text);
    assert.doesNotMatch(error.message + error.hint, /\{\w+\}/, code);
  }
});

test("the last lines are shown, or the exit code when there is none", () => {
  const failed = { host: "box", dir: "/srv", registry: "r.example", kind: "up", failure: "host-up" } as const;
  const many = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const { message } = hostError({ ...failed, code: 1, lines: [...many, ""] });
  assert.match(message, /line 39$/);
  assert.doesNotMatch(message, /line 31/);
  assert.match(hostError({ ...failed, code: 137, lines: [] }).message, /exit code 137/);
});

const LAYER = "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header";
const SCHEMA_1 = "Error response from daemon: missing signature key";

for (const [text, reader, hint, not] of [
  [LAYER, { kind: "docker", version: "20.10.24" }, /update it there.*gzip/, /damaged/],
  [LAYER, { kind: "docker", version: "26.1.4" }, /docker 26\.1\.4 reads.*damaged/, /before 23|update/],
  [LAYER, { kind: "podman", version: "1.4.2" }, /update it there/, /damaged/],
  [LAYER, { kind: "podman", version: "4.9.4" }, /podman 4\.9\.4 reads.*damaged/, /before 23|update/],
  [LAYER, undefined, /before 23/, /damaged|\?/],
  [SCHEMA_1, { kind: "docker", version: "17.09.0-ce" }, /--format docker/, /wrong media type/],
  [SCHEMA_1, { kind: "docker", version: "28.3.2" }, /docker 28\.3\.2.*wrong media type/, /--format|update/],
  [SCHEMA_1, undefined, /--format docker/, /wrong media type|\?/],
] as const) {
  test(`${reader?.kind ?? "docker"} ${reader?.version ?? "of an unknown version"}: ${text}`, () => {
    const step = { host: "box", dir: "/srv", registry: "r", kind: "pull", failure: "host-pull", code: 1 } as const;
    const error = hostError({ ...step, lines: [text], reader });
    for (const language of ["en", "zh"] as const)
      assert.doesNotMatch(explain(error, language, NO_FACTS).hint, /\{\w+|undefined/);
    assert.match(error.hint, hint);
    assert.doesNotMatch(error.hint, not);
    assert.ok(error.message.startsWith(`${reader?.kind ?? "docker"} on`));
  });
}

test("a loopback address that refuses: what to do depends on whether a tunnel was asked for", () => {
  const text = 'Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused';
  const step = { host: "box", dir: "/srv", registry: "r", kind: "pull", failure: "host-pull", code: 1 } as const;
  const error = hostError({ ...step, lines: [text] });
  const cases: readonly (readonly [facts: Partial<Facts>, said: RegExp, unsaid: RegExp])[] = [
    [{ tunnel: true }, /rootless.*deploy without --tunnel/, /with --tunnel|--pull-registry/],
    [{}, /start the registry.*give .* --pull-registry.*with --tunnel/, /rootless|change --pull/],
    [{ pullRegistry: "localhost:5000" }, /change --pull-registry.*with --tunnel/, /rootless|give an/],
    [{ engine: "docker" }, /start the registry/, /--tunnel/],
  ];
  for (const [facts, said, unsaid] of cases) {
    const { hint } = explain(error, "en", { ...NO_FACTS, ...facts });
    assert.match(hint, said);
    assert.doesNotMatch(hint, unsaid);
  }
});

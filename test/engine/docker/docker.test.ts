import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createDockerEngine, type DockerEngineOptions } from "../../../lib/engine/docker/docker.ts";
import type { Outcome, Progress } from "../../../lib/engine/engine.ts";
import { MirrorError } from "../../../lib/messages/errors.ts";
import type { Transfer } from "../../../lib/mirror/transfers.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import { Secret } from "../../../lib/system/secret.ts";
import { type FakeDocker, fakeDocker } from "../../_helpers/fake-docker.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const REGISTRY = "registry.example.com";

function transferOf(image: string, platform = "linux/amd64"): Transfer {
  const { tag = "latest", repository } = parseReference(image);
  const name = repository.replace(/^library\//, "").replaceAll("/", "-");
  return {
    source: parseReference(image),
    target: parseReference(`${REGISTRY}/team/${name}:${tag}`),
    platform,
    uses: [{ image, services: ["app"] }],
  };
}

async function withDocker(
  body: (
    docker: FakeDocker,
    engine: (options?: Partial<DockerEngineOptions>) => ReturnType<typeof createDockerEngine>,
  ) => Promise<void>,
): Promise<void> {
  const docker = fakeDocker();
  try {
    await body(docker, (options) =>
      createDockerEngine({ program: "docker", run: docker.run, retry: { attempts: 3, firstDelay: 1 }, ...options }),
    );
  } finally {
    docker.remove();
  }
}

function failure(outcome: Outcome): string | undefined {
  assert.equal(outcome.status, "failed");
  return outcome.error?.code;
}

test("pulls for the platform, checks it, tags and pushes", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    const outcome = await engine().mirror(transferOf("nginx:1"));
    assert.deepEqual([outcome.status, outcome.digest, outcome.bytes], ["pushed", digest("a"), 1234]);
    assert.deepEqual(
      docker.calls().filter((call) => !call.startsWith("image inspect")),
      ["pull --platform linux/amd64 nginx:1", `tag nginx:1 ${REGISTRY}/team/nginx:1`, `push ${REGISTRY}/team/nginx:1`],
    );
  }));

test("another architecture: pulls the platform's own digest, tags it, and checks again", () =>
  withDocker(async (docker, engine) => {
    docker.offer("ghcr.io/a/b:2", {
      platform: "linux/arm64",
      digest: digest("b"),
      index: { "linux/arm64/v8": digest("b"), "linux/amd64": digest("c"), "unknown/unknown": digest("d") },
    });
    docker.offer(`ghcr.io/a/b@${digest("c")}`, { platform: "linux/amd64", digest: digest("c") });
    const phases: string[] = [];
    const outcome = await engine().pull(transferOf("ghcr.io/a/b:2"), {
      onProgress: (progress: Progress) => progress.kind === "phase" && phases.push(progress.phase),
    });
    assert.deepEqual([outcome.status, outcome.digest], ["pulled", digest("c")]);
    assert.deepEqual(phases, ["verify", "pull", "verify", "fallback"]);
    assert.ok(docker.calls().includes(`tag ghcr.io/a/b@${digest("c")} ghcr.io/a/b:2`));
  }));

test("an image of another architecture alone fails and says what is offered", () =>
  withDocker(async (docker, engine) => {
    docker.offer("only-arm", { platform: "linux/arm64", digest: digest("a") });
    docker.offer("only-arm:latest", { platform: "linux/arm64", digest: digest("a") });
    const single = await engine().pull(transferOf("only-arm"));
    assert.equal(failure(single), "image-platform");
    assert.equal(single.error?.values["offered"], "linux/arm64");

    docker.offer("arm-index:1", {
      platform: "linux/arm64",
      digest: digest("b"),
      index: { "linux/arm64": digest("b"), "linux/arm/v7": digest("c"), "unknown/unknown": digest("d") },
    });
    docker.fail("pull", 1, "no matching manifest for linux/amd64 in the manifest list entries");
    const index = await engine().pull(transferOf("arm-index:1"));
    assert.equal(failure(index), "image-platform");
    assert.equal(index.error?.values["offered"], "linux/arm64, linux/arm/v7");
  }));

test("an index that the program does not read is read for it", () =>
  withDocker(async (docker, engine) => {
    docker.offer("quay.io/a/b:2", { platform: "linux/arm64", digest: digest("b") });
    docker.offer(`quay.io/a/b@${digest("c")}`, { platform: "linux/amd64", digest: digest("c") });
    const offersOf: DockerEngineOptions["offersOf"] = async ({ repository }) =>
      repository === "a/b" ? [{ platform: "linux/amd64", digest: digest("c") }] : [];
    const outcome = await engine({ offersOf }).pull(transferOf("quay.io/a/b:2"));
    assert.deepEqual([outcome.status, outcome.digest], ["pulled", digest("c")]);
  }));

test("a digest is pulled by itself, whatever the tag", () =>
  withDocker(async (docker, engine) => {
    const image = `redis:7@${digest("a")}`;
    docker.offer(`redis@${digest("a")}`, { platform: "linux/amd64", digest: digest("a") });
    const first = await engine().mirror(transferOf(image));
    assert.deepEqual([first.status, first.digest], ["pushed", digest("a")]);
    assert.ok(docker.calls().includes(`pull --platform linux/amd64 redis@${digest("a")}`));
    const second = await engine().pull(transferOf(image));
    assert.equal(second.status, "present");
  }));

test("what both ends hold already is neither pulled nor pushed", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    const asked: string[] = [];
    const digestOf: DockerEngineOptions["digestOf"] = async ({ repository }) => {
      asked.push(repository);
      return digest("a");
    };
    await engine({ digestOf }).mirror(transferOf("nginx:1"));
    const before = docker.calls().length;
    asked.length = 0;
    const outcome = await engine({ digestOf }).mirror(transferOf("nginx:1"));
    assert.deepEqual([outcome.status, outcome.digest], ["present", digest("a")]);
    assert.deepEqual(docker.calls().slice(before), ["image inspect nginx:1", "image inspect nginx:1"]);
    assert.deepEqual(asked, ["library/nginx", "team/nginx"]);
  }));

test("a tag that moved is pulled again, and a mirror that lost the image gets it again", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    const now = { source: digest("a"), target: digest("a") as string | undefined };
    const digestOf: DockerEngineOptions["digestOf"] = async ({ registry }) =>
      registry === REGISTRY ? now.target : now.source;
    await engine({ digestOf }).mirror(transferOf("nginx:1"));

    now.target = undefined;
    assert.equal((await engine({ digestOf }).push(transferOf("nginx:1"))).status, "pushed");

    now.source = digest("b");
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("b") });
    const moved = await engine({ digestOf }).pull(transferOf("nginx:1"));
    assert.deepEqual([moved.status, moved.digest], ["pulled", digest("b")]);
  }));

test("temporary errors are retried with a note, others are not", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    docker.fail("pull", 2, "Error response from daemon: net/http: TLS handshake timeout");
    const retries: string[] = [];
    const outcome = await engine().pull(transferOf("nginx:1"), {
      onProgress: (progress) => progress.kind === "retry" && retries.push(String(progress.attempt)),
    });
    assert.equal(outcome.status, "pulled");
    assert.deepEqual(
      retries.map((line) => line.slice(0, 1)),
      ["1", "2"],
    );
    docker.fail("pull", 9, "Error response from daemon: pull access denied for nginx");
    const calls = docker.calls().length;
    assert.equal(failure(await engine().pull(transferOf("nginx:1"))), "pull-denied");
    assert.equal(docker.calls().length, calls + 2);
  }));

for (const [message, code] of [
  [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "engine-stopped",
  ],
  [
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    "engine-permission",
  ],
  ["toomanyrequests: You have reached your pull rate limit", "registry-rate-limit"],
  ["manifest for nginx:1 not found: manifest unknown", "image-missing"],
  ["write /var/lib/docker/tmp/x: no space left on device", "disk-full"],
  ["x509: certificate signed by unknown authority", "engine-certificate"],
  ["dial tcp: lookup registry-1.docker.io: no such host", "engine-unreachable"],
  // docker 20.10
  [
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    "engine-unreachable",
  ],
  [
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 127.0.0.1:7890: connect: connection refused',
    "engine-proxy",
  ],
  [
    'Error response from daemon: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": x509: certificate is valid for *.other.example, other.example, not registry-1.docker.io',
    "engine-certificate-name",
  ],
  // docker 26
  [
    'Error response from daemon: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": tls: failed to verify certificate: x509: certificate is valid for *.other.example, not registry-1.docker.io',
    "engine-certificate-name",
  ],
  [
    'Error response from daemon: error parsing HTTP 403 response body: invalid character "<" looking for beginning of value: "<html><title>403 Forbidden</title></html>"',
    "engine-answer",
  ],
  // docker 28, with the image store of containerd
  [
    'Error response from daemon: failed to resolve reference "docker.io/library/nginx:1": failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": Proxy Authentication Required',
    "engine-proxy",
  ],
  [
    `Error response from daemon: failed to copy: httpReadSeeker: content digest ${digest("1")}: not found`,
    "engine-mirror-stale",
  ],
  [
    'failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": dial tcp 31.13.0.1:443: i/o timeout',
    "engine-unreachable",
  ],
  ["something new", "pull-failed"],
] as const) {
  test(`a pull that fails with "${message.slice(0, 40)}" is ${code}`, () =>
    withDocker(async (docker, engine) => {
      docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
      docker.fail("pull", 9, message);
      assert.equal(failure(await engine().pull(transferOf("nginx:1"))), code);
    }));
}

test("a layer that cannot be unpacked: a docker that reads every compression is not called too old", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    const said = "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header";
    for (const [knows, hint, not] of [
      [true, /docker 26\.1\.4 reads.*damaged/, /before 23|update/],
      [false, /before 23.*--engine direct/, /damaged/],
    ] as const) {
      docker.fail("pull", 1, said);
      if (!knows) docker.fail("version", 1, "something new");
      const outcome = await engine().pull(transferOf("nginx:1"));
      assert.equal(failure(outcome), "engine-layer");
      assert.match(outcome.error!.hint, hint);
      assert.doesNotMatch(outcome.error!.hint, not);
    }
  }));

test("the host that the daemon did not reach is named, not the image's", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    docker.fail(
      "pull",
      9,
      'Get "https://hub.dead.example/v2/": dial tcp: lookup hub.dead.example on 127.0.0.53:53: no such host',
    );
    const { error } = await engine().pull(transferOf("nginx:1"));
    assert.equal(error?.values["host"], "hub.dead.example");
    assert.match(error.hint, /registry-mirrors/);
  }));

test("a push that lacks other platforms' content says how to push one", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    docker.fail("push", 9, `NotFound: content digest ${digest("1")}: not found`);
    assert.equal(failure(await engine().mirror(transferOf("nginx:1"))), "push-incomplete");
  }));

for (const text of ["", "null", "[]", "{}", "[null]", "5", '"x"', "[[", '{"manifests":[null,{"platform":null}]}']) {
  test(`what docker prints may be ${text === "" ? "nothing" : text}`, async () => {
    const printed = Promise.resolve({ code: 0, stdout: text, stderr: "" });
    const engine = createDockerEngine({ program: "docker", run: () => printed });
    assert.equal(failure(await engine.mirror(transferOf("nginx:1"))), "image-platform");
  });
}

const UNSAID = { Id: "id", Os: "", Architecture: "", Size: 5, RepoDigests: [] };

/** A docker whose images name no platform, and that has no indexes. */
async function unsaid(command: readonly string[]) {
  const isInspect = command[1] === "image";
  return { code: command[1] === "manifest" ? 1 : 0, stdout: isInspect ? JSON.stringify([UNSAID]) : "", stderr: "" };
}

test("an image that names no platform is taken with a warning", async () => {
  const outcome = await createDockerEngine({ program: "docker", run: unsaid }).mirror(transferOf("nginx:1"));
  assert.equal(outcome.status, "pushed");
  assert.deepEqual(
    outcome.warnings?.map(({ code }) => code),
    ["platform-assumed"],
  );
});

test("a missing daemon is reported as such, not as a missing image", () =>
  withDocker(async (docker, engine) => {
    docker.fail("inspect", 1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock");
    assert.equal(failure(await engine().push(transferOf("nginx:1"))), "engine-stopped");
  }));

test("push without pull says so", () =>
  withDocker(async (_docker, engine) => {
    assert.equal(failure(await engine().push(transferOf("nginx:1"))), "image-not-pulled");
  }));

test("a refused push names the target", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    docker.fail("push", 1, "denied: requested access to the resource is denied");
    const outcome = await engine().mirror(transferOf("nginx:1"));
    assert.equal(failure(outcome), "push-denied");
    assert.match(outcome.error?.message ?? "", /registry\.example\.com\/team\/nginx:1/);
  }));

test("credentials: one login for all, by standard input, never in arguments or errors", () =>
  withDocker(async (docker, engine) => {
    const password = new Secret("s3cret$(id)");
    const options = { credentials: { username: "me", password } };
    for (const name of ["nginx:1", "redis:7"]) docker.offer(name, { platform: "linux/amd64", digest: digest("a") });
    const one = engine(options);
    await Promise.all(["nginx:1", "redis:7"].map((name) => one.mirror(transferOf(name))));
    const logins = docker.calls().filter((call) => call.startsWith("login"));
    assert.deepEqual(logins, [`login --username=me --password-stdin ${REGISTRY}`]);
    assert.equal(docker.password(), "s3cret$(id)");
    assert.ok(docker.calls().every((call) => !call.includes("s3cret")));

    docker.fail("login", 1, "unauthorized: s3cret$(id) is not the password");
    docker.offer("new:1", { platform: "linux/amd64", digest: digest("b") });
    const refused = await engine(options).mirror(transferOf("new:1"));
    assert.equal(failure(refused), "login-denied");
    assert.doesNotMatch(JSON.stringify(refused.error) + (refused.error?.message ?? ""), /s3cret/);
  }));

const LOGIN = { credentials: { username: "me", password: new Secret("pw") } };

test("a login is kept out of the user's configuration, which the program still sees, and goes at the end", () =>
  withDocker(async (docker, engine) => {
    const own = join(docker.folder, "own");
    const text = `\n{ "auths": {"a.example": {"auth": "eA=="}}, "credsStore": "chain", "credHelpers": {"b.example": "b"},
      "proxies": {"default": {"httpProxy": "http://p:1"}}, "currentContext": "far" }\n`;
    mkdirSync(join(own, "contexts/meta"), { recursive: true });
    writeFileSync(join(own, "contexts/meta/far"), "there");
    writeFileSync(join(own, "config.json"), text);
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    const one = engine({ ...LOGIN, configFolder: own });
    assert.equal((await one.mirror(transferOf("nginx:1"))).status, "pushed");

    const read = (name: string): string => readFileSync(join(docker.folder, name), "utf8");
    assert.deepEqual(JSON.parse(read("seen/config.json")), {
      ...JSON.parse(text),
      // The login for the mirror is kept from the user's store.
      credHelpers: { "b.example": "b", [REGISTRY]: "" },
    });
    assert.equal(read("seen/contexts/meta/far"), "there");
    assert.equal(read("mode"), "700\n");
    const [folder = "", pushedWith] = read("pushed-with").split(/ (.*)/);
    assert.match(pushedWith!, /of this run/);
    assert.ok(existsSync(folder));
    await one.close?.();
    assert.ok(!existsSync(folder));
    assert.equal(read("own/config.json"), text);
    assert.equal(read("own/contexts/meta/far"), "there");
  }));

test("a login that is refused or interrupted leaves no folder either; podman's is not ours", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    docker.fail("login", 1, "unauthorized: no");
    const refused = engine({ ...LOGIN, configFolder: join(docker.folder, "nowhere") });
    assert.equal(failure(await refused.mirror(transferOf("nginx:1"))), "login-denied");
    const abort = new AbortController();
    const cut = engine({
      ...LOGIN,
      run: (command, options) => {
        if (command[1] === "login") abort.abort();
        return docker.run(command, options);
      },
    });
    await assert.rejects(cut.mirror(transferOf("nginx:1"), { signal: abort.signal }), { code: "interrupted" });
    await Promise.all([refused.close?.(), cut.close?.()]);
    const [folder = ""] = readFileSync(join(docker.folder, "login-at"), "utf8").split("\n");
    assert.ok(folder !== "" && !existsSync(folder));

    const podman = engine({
      ...LOGIN,
      program: "podman",
      run: ([, ...args], options) => docker.run(["docker", ...args], options),
    });
    assert.equal((await podman.mirror(transferOf("nginx:1"))).status, "pushed");
    assert.match(readFileSync(join(docker.folder, "pushed-with"), "utf8"), /^ \n$/);
  }));

test("an interrupt is thrown, not made an outcome", () =>
  withDocker(async (docker, engine) => {
    docker.offer("nginx:1", { platform: "linux/amd64", digest: digest("a") });
    await assert.rejects(
      engine().pull(transferOf("nginx:1"), { signal: AbortSignal.abort() }),
      (error: unknown) => error instanceof MirrorError && error.code === "interrupted",
    );
  }));

test("a program that is not there is thrown once for all", async () => {
  const engine = createDockerEngine({
    program: "nerdctl",
    run: async (command, options) => {
      const { run } = await import("../../../lib/system/process.ts");
      return run([`/nonexistent/${command[0]}`, ...command.slice(1)], options);
    },
  });
  await assert.rejects(
    engine.pull(transferOf("nginx:1")),
    (error: unknown) => error instanceof MirrorError && error.code === "command-missing",
  );
});

const ODD: readonly (readonly [command: string, output: string])[] = [
  ["image", "{}"],
  ["image", "true"],
  ["image", "[null]"],
  ["image", "[[]]"],
  ["manifest", "null"],
  ["manifest", '{"manifests":null}'],
  ["manifest", '{"manifests":[null]}'],
  ["manifest", `{"manifests":[{"digest":"${digest("a")}","platform":null}]}`],
];

for (const [command, output] of ODD) {
  test(`an engine that answers "${command} inspect" by ${output} fails with an outcome`, async () => {
    const images = JSON.stringify([{ Id: "1", Os: "linux", Architecture: "arm64" }]);
    const run: DockerEngineOptions["run"] = async ([, verb]) => ({
      code: 0,
      stdout: verb === command ? output : images,
      stderr: "",
    });
    const { status, error } = await createDockerEngine({ program: "docker", run }).pull(transferOf("nginx:1"));
    assert.deepEqual([status, error?.code], ["failed", "image-platform"]);
  });
}

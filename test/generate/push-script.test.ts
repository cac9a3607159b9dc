import assert from "node:assert/strict";
import { test } from "node:test";
import { renderPushScript } from "../../lib/generate/push-script.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { type DockerWorld, runWithDocker, type ScriptRun } from "../_helpers/scripts-docker.ts";

const A = `sha256:${"a".repeat(64)}`;

/** Pushes images, each to the name it is paired with, through the script. */
function push(images: Readonly<Record<string, string>>, world: DockerWorld): Promise<ScriptRun> {
  const transfers = Object.entries(images).map(([source, target]) => ({
    source: parseReference(source),
    target: parseReference(target),
    platform: "linux/amd64",
  }));
  return runWithDocker(renderPushScript(transfers), world);
}

test("every image is tagged and pushed, in order", async () => {
  const { code, calls, stdout, stderr } = await push(
    { "redis:6": "r.example:5000/team/redis:6", "ghcr.io/a/b": "r.example:5000/team/a-b:latest" },
    { local: { "redis:6": "linux/amd64", "ghcr.io/a/b:latest": "linux/amd64" } },
  );
  assert.deepEqual(calls, [
    "tag ghcr.io/a/b:latest r.example:5000/team/a-b:latest",
    "push r.example:5000/team/a-b:latest",
    "tag redis:6 r.example:5000/team/redis:6",
    "push r.example:5000/team/redis:6",
  ]);
  assert.match(stdout, /\[2\/2\] redis:6 -> r\.example:5000\/team\/redis:6\n/);
  assert.match(stdout, /2 images: 2 pushed, 0 failed, 0 skipped\n$/);
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("an image with a digest is tagged from it", async () => {
  const { code, calls } = await push(
    { [`nginx:1.25@${A}`]: "r.example/team/nginx:1.25" },
    { local: { [`nginx@${A}`]: "linux/amd64", "nginx:1.25": "linux/amd64" } },
  );
  assert.equal(calls[0], `tag nginx@${A} r.example/team/nginx:1.25`);
  assert.equal(code, 0);
});

test("an image that was pulled by its platform's own digest is tagged from where the pull script left it", async () => {
  const held = `nginx:${A.replace(":", "-")}`;
  const { code, calls } = await push(
    { [`nginx@${A}`]: "r.example/team/nginx:1" },
    { local: { [`nginx@${A}`]: "linux/arm64", [held]: "linux/amd64" } },
  );
  assert.equal(calls[0], `tag ${held} r.example/team/nginx:1`);
  assert.equal(code, 0);
});

for (const [what, local, reason] of [
  ["missing here", {}, "it is not on this machine"],
  ["of another platform", { "app:1": "linux/arm64" }, "it is linux/arm64 on this machine, not linux/amd64"],
] as const) {
  test(`an image ${what} is skipped with a hint, and the rest is still pushed`, async () => {
    const { code, calls, stdout, stderr } = await push(
      { "app:1": "r.example/team/app:1", "nginx:1": "r.example/team/nginx:1" },
      { local: { ...local, "nginx:1": "linux/amd64" } },
    );
    assert.equal(code, 1);
    assert.deepEqual(calls, ["tag nginx:1 r.example/team/nginx:1", "push r.example/team/nginx:1"]);
    assert.match(stdout, /2 images: 1 pushed, 0 failed, 1 skipped\n$/);
    const problem = `skipped: app:1: ${reason}; pull it first: docker pull --platform linux/amd64 app:1\n`;
    assert.equal(stderr, `${problem}  ${problem}`);
  });
}

test("a refused push is a failure that says how to log in, and the rest is still pushed", async () => {
  const { code, stdout, stderr, calls } = await push(
    { "app:1": "r.example:5000/team/app:1", "nginx:1": "r.example:5000/team/nginx:1" },
    { local: { "app:1": "linux/amd64", "nginx:1": "linux/amd64" }, denied: ["r.example:5000/team/app:1"] },
  );
  assert.equal(code, 1);
  assert.equal(calls.at(-1), "push r.example:5000/team/nginx:1");
  assert.match(stdout, /2 images: 1 pushed, 1 failed, 0 skipped\n$/);
  assert.match(stderr, /\n {2}failed: app:1: docker push failed, see above; .* docker login r\.example:5000\n$/);
});

test("a docker that does not respond is reported once, before anything else", async () => {
  const { code, calls, stderr } = await push({ "app:1": "r.example/team/app:1" }, { down: true });
  assert.equal(code, 1);
  assert.deepEqual(calls, []);
  assert.match(stderr, /error: docker does not answer/);
});

test("an interrupted script ends with 130 and does not go on", async () => {
  const { code, calls, stderr } = await push(
    { "app:1": "r.example/team/app:1", "nginx:1": "r.example/team/nginx:1" },
    { local: { "app:1": "linux/amd64", "nginx:1": "linux/amd64" }, interrupted: true },
  );
  assert.equal(code, 130);
  assert.deepEqual(calls, ["tag app:1 r.example/team/app:1", "push r.example/team/app:1"]);
  assert.match(stderr, /^interrupted; run it again/);
});

test("names reach docker as they are, and no shell reads them", async () => {
  const source = { registry: "r.example", repository: "'; touch hacked; '$(touch hacked)`touch hacked` *" };
  const target = { registry: "m.example", repository: "$(touch hacked)'b", tag: "'\"" };
  const { code, calls, files } = await runWithDocker(renderPushScript([{ source, target, platform: "linux/amd64" }]), {
    local: { [`r.example/${source.repository}:latest`]: "linux/amd64" },
  });
  assert.deepEqual(calls, [
    `tag r.example/${source.repository}:latest m.example/$(touch hacked)'b:'"`,
    `push m.example/$(touch hacked)'b:'"`,
  ]);
  assert.deepEqual(files, []);
  assert.equal(code, 0);
});

test("the same images give the same bytes, whatever their order", () => {
  const transfers = ["nginx:1", "redis:6"].map((image) => ({
    source: parseReference(image),
    target: parseReference(`r.example/team/${image}`),
    platform: "linux/amd64",
  }));
  assert.equal(renderPushScript(transfers), renderPushScript(transfers.toReversed()));
});

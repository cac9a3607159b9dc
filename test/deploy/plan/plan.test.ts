import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../../../lib/deploy/host/containers.ts";
import type { NeededFile } from "../../../lib/deploy/files/project-files.ts";
import { type DeployChoices, type DeployRequest, planDeploy } from "../../../lib/deploy/plan/plan.ts";
import type { HostProbe } from "../../../lib/deploy/host/probe.ts";
import type { Release } from "../../../lib/deploy/plan/release.ts";
import type { DeployStep } from "../../../lib/deploy/plan/step.ts";
import type { WantedImage } from "../../../lib/deploy/plan/steps.ts";
import type { DeployedProject } from "../../../lib/deploy/orchestrator/compose-project.ts";
import { ORCHESTRATORS } from "../../../lib/deploy/orchestrator/orchestrators.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import { commandLine } from "../../../lib/system/shell-quote.ts";
import { GOOD_HOST } from "../../_helpers/good-host.ts";

const PROBE: HostProbe = {
  ...GOOD_HOST,
  folder: { path: "/home/me/my app", state: "missing", writable: true, hasEnvFile: false },
};
const PROJECT: DeployedProject = {
  name: "app",
  host: "box",
  dir: "/home/me/my app",
  access: { kind: "docker", sudo: false },
  compose: PROBE.compose!,
  files: ["docker-compose-mirror.yaml"],
  envFiles: [],
  profiles: [],
};
const CHOICES: DeployChoices = {
  send: "missing",
  sudo: false,
  keepLogin: false,
  rollback: true,
  waitSeconds: 60,
  lockSeconds: 5,
  keep: 3,
  keepOrphans: false,
  oneByOne: false,
};
const WEB: WantedImage = { ...named("r.example:5000/t/web:1"), services: ["web"], mirrored: true, refreshes: false };
const DB: WantedImage = { ...named("other/db:2"), services: ["db"], mirrored: false, refreshes: false };
const REQUEST: DeployRequest = {
  probe: PROBE,
  project: PROJECT,
  composeFiles: [{ source: "/p/docker-compose-mirror.yaml", name: "docker-compose-mirror.yaml" }],
  needed: [],
  images: [DB, WEB],
  built: [],
  registry: "r.example:5000",
  endpoint: {},
  username: "me@corp",
  orchestrator: ORCHESTRATORS.compose,
  settings: {},
  otherFiles: false,
  running: { containers: [], versions: [] },
  warnings: [],
  usesEnvFile: false,
  isLocked: true,
  holder: "me@here",
  release: "20260101-000000-0002",
  time: "2026-01-01T00:00:00.000Z",
  choices: CHOICES,
};
const V1 = { flavour: "v1", version: "1.29.2", command: ["docker-compose"] } as const;
const STATE = "/home/me/my app/.compose-mirror";

function named(name: string): Pick<WantedImage, "image" | "reference"> {
  return { image: name, reference: parseReference(name) };
}

function release(id: string, images: Release["images"] = [], sent: Release["sent"] = {}): Release {
  return { id, time: "t", files: ["docker-compose-mirror.yaml"], envFiles: [], profiles: [], images, sent };
}
const OLD = release("20260101-000000-0001", [
  { service: "web", image: "r.example:5000/t/web:1", id: "sha256:old", pulledBy: "r.example:5000/t/web@sha256:aa" },
  { service: "db", image: "other/db@sha256:bb", id: "sha256:db" },
]);

/** The steps as a person would read them: scripts by what they are given. */
function lines(steps: readonly DeployStep[]): readonly string[] {
  return steps.map(({ kind, command }) => {
    const args = command[0] === "sh" ? command.slice(4) : command;
    // The format of what is listed is long.
    return `${kind}: ${args.filter((each) => !each.startsWith("container:")).join(" ")}`;
  });
}

function planned(changes: Partial<DeployRequest>): readonly string[] {
  return lines(planDeploy({ ...REQUEST, ...changes }).steps);
}

test("the steps in order: nothing in place is touched before every image is there", () => {
  const { steps, lock, rollback } = planDeploy(REQUEST);
  assert.deepEqual(lines(steps), [
    "send: /home/me/my app",
    `login: env DOCKER_CONFIG=${STATE}/login docker login --username=me@corp --password-stdin r.example:5000`,
    "pull: other/db:2 docker",
    `pull: env DOCKER_CONFIG=${STATE}/login docker pull r.example:5000/t/web:1`,
    "verify: docker image inspect --format image:{{.Id}}|{{.Os}}/{{.Architecture}}|{{json .RepoDigests}} other/db:2 r.example:5000/t/web:1",
    "place: /home/me/my app 20260101-000000-0002",
    "up: /home/me/my app docker compose -f docker-compose-mirror.yaml up -d",
    "wait: /home/me/my app docker",
    "record: /home/me/my app 20260101-000000-0002",
  ]);
  assert.deepEqual(lock.slice(4), ["/home/me/my app", "me@here", "5"]);
  assert.deepEqual(rollback, []);
});

test("every command can be pasted into a shell there", () => {
  const line = commandLine(planDeploy(REQUEST).steps.find(({ kind }) => kind === "up")!.command);
  assert.ok(line.startsWith(`sh -c 'cd -- "$1" && shift && exec 8>>.compose-mirror/busy || exit\n`), line);
  assert.ok(line.endsWith("\n\"$@\"' sh '/home/me/my app' docker compose -f docker-compose-mirror.yaml up -d"), line);
});

test("version 1, several files, env files and profiles", () => {
  const steps = planned({
    project: {
      ...PROJECT,
      compose: V1,
      files: ["a.yaml", "b.yaml"],
      envFiles: ["prod.env"],
      profiles: ["db", "web"],
    },
    composeFiles: ["a.yaml", "b.yaml"].map((name) => ({ source: `/p/${name}`, name })),
  });
  const call = "docker-compose --env-file prod.env -f a.yaml -f b.yaml --profile db --profile web";
  assert.equal(steps.at(-3), `up: /home/me/my app ${call} up -d`);
  assert.equal(steps.at(-2), "wait: /home/me/my app docker");
});

test("a kept login is the host's own; docker for root only is called through sudo", () => {
  const kept = planned({ choices: { ...CHOICES, keepLogin: true } });
  assert.equal(kept[1], "login: docker login --username=me@corp --password-stdin r.example:5000");
  assert.equal(kept[3], "pull: docker pull r.example:5000/t/web:1");
  const root = planned({ project: { ...PROJECT, access: { kind: "docker", sudo: true } } });
  const asRoot = "sudo -n env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  assert.equal(root[3], `pull: ${asRoot} DOCKER_CONFIG=${STATE}/login docker pull r.example:5000/t/web:1`);
  assert.equal(root[6], `up: /home/me/my app ${asRoot} docker compose -f docker-compose-mirror.yaml up -d`);
});

test("podman reads a login from its own variable", () => {
  const steps = planned({ project: { ...PROJECT, access: { kind: "podman", sudo: false } } });
  assert.match(steps[1]!, /^login: env DOCKER_CONFIG=\S+ \S+ REGISTRY_AUTH_FILE=.*\/login\/config\.json docker login/);
});

test("a registry under another name is pulled by that, and the image gets the name the services know", () => {
  const plan = planDeploy({ ...REQUEST, endpoint: { pullFrom: "r-vpc.example", unreached: "elsewhere" } });
  const [, login, db, web] = lines(plan.steps);
  assert.match(login!, /--password-stdin r-vpc\.example$/);
  assert.equal(db, "pull: other/db:2 docker");
  assert.equal(web, `pull: env DOCKER_CONFIG=${STATE}/login docker pull r-vpc.example/t/web:1`);
  assert.equal(inputOf(plan.steps, "tag"), "r-vpc.example/t/web:1 r.example:5000/t/web:1\n");
  assert.ok(
    plan.warnings.some(
      ({ code, values }) => code === "warning-pull-registry-unreachable" && values["registry"] === "elsewhere",
    ),
  );
});

test("a temporary name needs no login and is removed at the end", () => {
  const plan = planDeploy({ ...REQUEST, endpoint: { pullFrom: "127.0.0.1:4321", ephemeral: true } });
  const steps = lines(plan.steps);
  assert.ok(!steps.some((line) => line.startsWith("login")));
  assert.equal(steps[2], "pull: docker pull 127.0.0.1:4321/t/web:1");
  assert.equal(inputOf(plan.steps, "tag"), "127.0.0.1:4321/t/web:1 r.example:5000/t/web:1\n");
  assert.equal(steps.at(-1), "prune: 127.0.0.1:4321/t/web:1 docker");
  assert.deepEqual(plan.warnings, []);
});

test("podman gets the tunnel's address as an insecure registry", () => {
  const project: DeployedProject = { ...PROJECT, access: { kind: "podman", sudo: false } };
  const steps = planned({ project, endpoint: { pullFrom: "127.0.0.1:4321", ephemeral: true } });
  assert.equal(steps[2], "pull: docker pull --tls-verify=false 127.0.0.1:4321/t/web:1");
});

test("a pinned image is pulled by its digest, and by no other name", () => {
  const images = [{ ...WEB, ...named(`${WEB.image}@sha256:${"a".repeat(64)}`) }];
  assert.match(planned({ images })[2]!, /docker pull r\.example:5000\/t\/web@sha256:a{64}$/);
  assert.throws(() => planned({ images, endpoint: { pullFrom: "r-vpc.example" } }), { code: "image-pinned" });
});

test("without credentials, or without --password-stdin, the host's own login is used", () => {
  const none = planDeploy({ ...REQUEST, username: undefined });
  const old = planDeploy({
    ...REQUEST,
    probe: { ...PROBE, engine: { kind: "docker", client: "1.13.1", server: "1.13.1" } },
  });
  for (const [plan, code] of [
    [none, "warning-login-skipped"],
    [old, "warning-login-unsupported"],
  ] as const) {
    assert.equal(plan.login, undefined);
    assert.ok(!plan.steps.some(({ kind }) => kind === "login"));
    assert.ok(plan.steps.every(({ command }) => !command.some((word) => word.includes("DOCKER_CONFIG="))));
    assert.equal(plan.warnings.at(-1)!.code, code);
  }
});

test("a deploy over a release goes back to it: files, images by id or digest, services", () => {
  const plan = planDeploy({ ...REQUEST, probe: { ...PROBE, releases: [OLD], current: OLD.id } });
  assert.deepEqual(lines(plan.rollback), [
    "restore: /home/me/my app 20260101-000000-0001",
    `retag: r.example:5000/t/web:1 sha256:old r.example:5000/t/web@sha256:aa env DOCKER_CONFIG=${STATE}/login docker`,
    "up: /home/me/my app docker compose -f docker-compose-mirror.yaml up -d",
    "wait: /home/me/my app docker",
    "record: /home/me/my app 20260101-000000-0001 ",
    "record: /home/me/my app 20260101-000000-0002",
  ]);
  assert.deepEqual(plan.changes, [
    {
      service: "db",
      change: "changed",
      reasons: ["image"],
      from: { image: "other/db@sha256:bb" },
      to: { image: "other/db:2" },
    },
    { service: "web", change: "same", from: { image: WEB.image, digest: "sha256:aa" }, to: { image: WEB.image } },
  ]);
  const alone = planDeploy({
    ...REQUEST,
    probe: { ...PROBE, releases: [OLD], current: OLD.id },
    choices: { ...CHOICES, rollback: false },
  });
  assert.deepEqual(alone.rollback, []);
});

test("a deploy that fails after an unfinished one takes away what that had added", () => {
  const running = ["web", "db", "fresh"].map((name): Container => {
    const rest = { image: "x", id: name, imageId: "i", restarts: 0, restartPolicy: "no", startedAt: "t", ports: [] };
    return { name, state: "running", project: "app", files: PROJECT.files, ...rest };
  });
  const removedWith = (unfinished: readonly string[], keepOrphans = false): unknown => {
    const { rollback } = planDeploy({
      ...REQUEST,
      probe: { ...PROBE, releases: [OLD], current: OLD.id, unfinished },
      running: { containers: running, versions: [] },
      choices: { ...CHOICES, keepOrphans },
    });
    return rollback.find(({ kind }) => kind === "remove")?.command.at(-3);
  };
  assert.equal(removedWith(["20260101-000000-0000"]), "fresh");
  assert.equal(removedWith(["20260101-000000-0000"], true), undefined);
  assert.equal(removedWith([]), undefined);
});

function image(id: string): Release["images"] {
  return [{ service: "web", image: "r.example:5000/t/web:1", id }];
}

test("only the newest releases stay, the running one among them; images that no kept one has go", () => {
  const releases = ["1", "2", "3", "4"].map((n) => release(`20260101-00000${n}-0000`, image(`sha256:${n}`)));
  const probe = { ...PROBE, releases: [...releases, release("20260101-000005-0000", image("sha256:2"))] };
  const prune = (keep: number, current: string): readonly string[] =>
    planned({ probe: { ...probe, current }, choices: { ...CHOICES, keep } }).filter((line) => line.startsWith("prune"));
  assert.deepEqual(prune(3, "20260101-000001-0000"), [
    "prune: sha256:3 sha256:4 docker",
    "prune: /home/me/my app 20260101-000002-0000 20260101-000003-0000 20260101-000004-0000",
  ]);
  assert.deepEqual(prune(6, "20260101-000001-0000"), []);
});

test("of releases that failed no more are kept than of others, the one to come counted", () => {
  const failed = ["1", "2", "3"].map((n) => ({
    id: `20260101-00000${n}-0000`,
    time: "t",
    outcome: "failed" as const,
    images: [],
  }));
  const probe = { ...PROBE, releases: [OLD], failed, current: OLD.id };
  const pruned = (keep: number) => {
    const { steps, rollback } = planDeploy({ ...REQUEST, probe, choices: { ...CHOICES, keep } });
    return [steps, rollback].map((each) => lines(each).findLast((line) => /^prune: .*20260101-00000[123]-/.test(line)));
  };
  assert.deepEqual(pruned(2), [
    "prune: /home/me/my app 20260101-000001-0000",
    "prune: /home/me/my app 20260101-000001-0000 20260101-000002-0000",
  ]);
  assert.deepEqual(pruned(4), [undefined, undefined]);
});

function file(name: string, services: readonly string[]): NeededFile {
  const content = { sha256: "new", size: 1, mode: 0o644 };
  return { name, source: `/p/${name}`, services, mounted: true, required: true, content };
}

test("running services with a replaced mounted file are recreated", () => {
  const needed = [file("a.conf", ["web", "idle"]), file("b.conf", ["db"])];
  const plan = planDeploy({
    ...REQUEST,
    needed,
    probe: {
      ...PROBE,
      releases: [{ ...OLD, sent: { "a.conf": { sha256: "old", services: ["web"] } } }],
      current: OLD.id,
      files: new Map([["a.conf", { kind: "file", sha256: "old" }]]),
    },
  });
  assert.deepEqual(
    plan.shipped.map(({ name }) => name),
    ["docker-compose-mirror.yaml", "a.conf", "b.conf"],
  );
  assert.ok(
    lines(plan.steps).includes("recreate: /home/me/my app web docker docker compose -f docker-compose-mirror.yaml"),
  );
});

test("a pull policy that would pull again is overridden where compose supports it", () => {
  const images = [{ ...WEB, refreshes: true }];
  assert.ok(planned({ images }).some((line) => line.endsWith("up -d --pull missing")));
  assert.ok(planned({ images, project: { ...PROJECT, compose: V1 } }).some((line) => line.endsWith("yaml up -d")));
});

test("a host without the needed programs, and a name that is not a registry, are refused", () => {
  for (const registry of ["--config=/x", "a b", ""]) {
    assert.throws(() => planDeploy({ ...REQUEST, registry }), { code: "registry-invalid" });
  }
});

/** What a step writes to its command's input. */
function inputOf(steps: readonly DeployStep[], kind: string): unknown {
  return steps.find((step) => step.kind === kind)?.stdin?.({} as never);
}

test("an image that the lock knows is pulled by its digest, and tagged after it was compared", () => {
  const digest = `sha256:${"b".repeat(64)}`;
  const { steps } = planDeploy({ ...REQUEST, images: [{ ...WEB, digest }] });
  const kinds = steps.map(({ kind }) => kind);
  assert.match(lines(steps)[2]!, new RegExp(`docker pull r\\.example:5000/t/web@${digest}$`));
  assert.deepEqual(kinds.slice(2, 6), ["pull", "verify", "tag", "place"]);
  assert.equal(inputOf(steps, "tag"), `r.example:5000/t/web@${digest} r.example:5000/t/web:1\n`);
});

function warningCodes(changes: Partial<DeployRequest>): readonly string[] {
  return planDeploy({ ...REQUEST, ...changes }).warnings.map(({ code }) => code);
}

test("an env file that is missing is told of, unless it is sent", () => {
  assert.deepEqual(warningCodes({ usesEnvFile: true }), ["warning-env-file-missing"]);
  assert.deepEqual(warningCodes({ usesEnvFile: true, needed: [file(".env", [])] }), []);
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readConfig } from "../lib/config/config.ts";
import { askSources, openConfigured, requirementsOf } from "../lib/engine/session.ts";
import type { Message } from "../lib/messages/message.ts";
import { parseReference } from "../lib/image/reference.ts";
import type { Transfer } from "../lib/mirror/transfers.ts";
import { type Finding, runChecks } from "../lib/preflight.ts";
import { run } from "../lib/system/process.ts";
import { type RegistryServer, registryServer, type RegistryServerOptions } from "./_helpers/registry-server.ts";

/** A port of this machine that nobody listens on. */
const DEAD = "localhost:9";

interface Sources {
  readonly images: readonly string[];
  readonly sourceMirrors?: readonly string[];
  /** What docker's configuration holds. */
  readonly login?: { readonly host: string; readonly username: string; readonly password: string };
}

async function check(t: TestContext, { images, sourceMirrors = [], login }: Sources): Promise<readonly Finding[]> {
  const { signal } = new AbortController();
  const config = readConfig({
    argv: sourceMirrors.map((each) => `--source-mirror=${each}`),
    environment: { HOME: "/nonexistent", ...(login === undefined ? {} : { DOCKER_CONFIG: dockerFolder(t, login) }) },
    cwd: "/",
    flags: ["source-mirror"],
    settingsFile: "/nonexistent",
  });
  const registries = await openConfigured(config);
  t.after(() => registries.close());
  const transfers = images.map((image): Transfer => {
    const source = parseReference(image);
    return { source, target: source, platform: "linux/amd64", uses: [{ image, services: ["web"] }] };
  });
  return runChecks({
    config,
    project: undefined as never,
    plan: { transfers, ignored: [], built: [], present: [] },
    requirements: requirementsOf(config),
    registry: { ping: async () => ({ loggedIn: true }), probePush: async () => {} },
    askSource: askSources(registries, signal),
    run,
    signal,
  });
}

/** A folder with a configuration of docker that holds `login`. */
function dockerFolder(t: TestContext, { host, username, password }: NonNullable<Sources["login"]>): string {
  const folder = mkdtempSync(join(tmpdir(), "docker-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  return folder;
}

async function opened(t: TestContext, options: RegistryServerOptions): Promise<RegistryServer> {
  const registry = await registryServer(options);
  t.after(() => registry.close());
  return registry;
}

async function server(t: TestContext, fault?: RegistryServerOptions["fault"]): Promise<string> {
  return (await opened(t, fault === undefined ? {} : { fault })).host;
}

test("every source registry is asked once, and the images of a dead one are named", async (t) => {
  const good = await server(t);
  const findings = await check(t, { images: [`${good}/a:1`, `${good}/b:1`, `${DEAD}/c:1`, `${DEAD}/d:1`] });
  const sources = findings.filter((each) => each.check === "source");
  assert.deepEqual(
    sources.map(({ values, errors }) => [values["registry"], errors.map(({ code }) => code)]),
    [
      [good, []],
      [DEAD, ["source-unreachable"]],
    ],
  );
  const { message } = sources[1]!.errors[0]!;
  for (const part of [`${DEAD}/c:1`, `${DEAD}/d:1`]) assert.ok(message.includes(part), message);
  assert.deepEqual(
    findings.find((each) => each.check === "embedded")?.warnings.map(({ code }) => code),
    ["warning-no-registry"],
  );
});

test("a source mirror that cannot be used is a warning while another place is left", async (t) => {
  const good = await server(t);
  const findings = await check(t, { images: [`${good}/a:1`], sourceMirrors: [`${good}=${DEAD}`] });
  const source = findings.find((each) => each.check === "source");
  assert.deepEqual(source?.errors, []);
  assert.deepEqual(
    source.warnings.map(({ code, values }) => [code, values["host"]]),
    [["warning-source-place", DEAD]],
  );
});

test("fewer pulls left than images is a warning; enough, or a registry that does not tell, is not", async (t) => {
  const told = async (remaining?: string): Promise<readonly Message[]> => {
    const headers =
      remaining === undefined ? {} : { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": remaining };
    const hub = await server(t, () => ({ headers }));
    const findings = await check(t, { images: [`${hub}/a:1`, `${hub}/b:1`] });
    return findings.flatMap(({ check: name, warnings }) => (name === "source" ? warnings : []));
  };
  const [low] = await told("1;w=21600");
  assert.deepEqual([low?.code, low?.values["left"], low?.values["count"]], ["warning-pulls-left", 1, 2]);
  assert.deepEqual(await told("2;w=21600"), []);
  assert.deepEqual(await told("many"), []);
  assert.deepEqual(await told(), []);
});

for (const [what, hub, sourceMirrors, advice] of [
  ["nothing is set", {}, [], "advice-pulls-login-or-elsewhere"],
  ["a login is sent", { auth: "token", username: "me", password: "right" }, [], "advice-pulls-elsewhere"],
  ["a source mirror is set, and dead", {}, [DEAD], "advice-pulls-login"],
  ["both", { auth: "token", username: "me", password: "right" }, [DEAD], "advice-pulls-later"],
] as const) {
  test(`too few pulls left, and ${what}: ${advice}`, async (t) => {
    const low = { headers: { "ratelimit-remaining": "0;w=21600" } };
    const { host } = await opened(t, {
      ...hub,
      publicPull: false,
      fault: ({ method, authorization }) =>
        method === "HEAD" && !("auth" in hub && authorization === undefined) ? low : undefined,
    });
    const findings = await check(t, {
      images: [`${host}/a:1`],
      sourceMirrors: sourceMirrors.map((place) => `${host}=${place}`),
      login: { host, username: "me", password: "right" },
    });
    const warnings = findings.flatMap((each) => each.warnings).filter(({ code }) => code === "warning-pulls-left");
    assert.deepEqual(
      warnings.map(({ values }) => (values["advice"] as Message).code),
      [advice],
    );
  });
}

function configOf(...argv: readonly string[]) {
  const flags = ["engine", "source-mirror", "format"] as const;
  return readConfig({ argv, environment: {}, cwd: "/", flags, settingsFile: "/nonexistent" });
}

test("a setting that the engine cannot honour is refused", () => {
  for (const engine of ["docker", "podman", "nerdctl"])
    for (const setting of ["--source-mirror=docker.io=mirror.example", "--format=docker"])
      assert.throws(() => requirementsOf(configOf(`--engine=${engine}`, setting)), { code: "engine-setting", exit: 2 });
  assert.equal(requirementsOf(configOf("--engine=direct", "--format=docker")).engine, "direct");
});

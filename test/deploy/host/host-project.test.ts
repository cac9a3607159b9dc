import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type ViewOptions, viewOf } from "../../../lib/deploy/host/host-project.ts";
import type { HostProbe } from "../../../lib/deploy/host/probe.ts";
import { composeFilesFor, envFilesFor, readBundle, type Bundle } from "../../../lib/deploy/files/bundle.ts";
import { Secret } from "../../../lib/system/secret.ts";
import { type Files, inFolder, loadFrom } from "../../_helpers/compose-folder.ts";

const SOURCE = `services:
  web: { image: "nginx:1", pull_policy: always }
  api: { image: "nginx:1" }
  db: { image: "postgres:15", profiles: [db] }
  other: { image: "\${OTHER:-other:1}" }
  own: { build: . }
`;
const MIRROR = SOURCE.replaceAll("nginx:1", "r.example/t/nginx:1").replace("postgres:15", "r.example/t/postgres:15");
const FILES: Files = { "compose.yaml": SOURCE, "docker-compose-mirror.yaml": MIRROR };

function withBundle<T>(
  files: Files,
  body: (bundle: Bundle, folder: string) => Promise<T>,
  envFiles: readonly string[] = [],
): Promise<T> {
  return inFolder(files, async (folder) => {
    const options = {
      cwd: folder,
      files: [],
      envFiles,
      profiles: [],
      environment: { COMPOSE_PROFILES: "", OTHER: "here:2" },
    };
    const source = await loadFrom(folder, options);
    const file = join(folder, "docker-compose-mirror.yaml");
    return body(await readBundle({ source, file, platform: "linux/amd64", options }), folder);
  });
}

/** What runs on a host whose `.env` is `env`, as `IMAGE: SERVICES`. */
function seen(env: string | undefined, options: Partial<ViewOptions> = {}, files = FILES): Promise<readonly string[]> {
  return withBundle(files, async (bundle) => {
    const probe = {
      host: "box",
      user: "me",
      home: "/home/me",
      folder: { path: "/srv", ...(env === undefined ? {} : { envText: new Secret(env) }) },
    } as HostProbe;
    const view = await viewOf(bundle, probe, {
      profiles: [],
      send: "missing",
      replacesEnvFile: false,
      locked: new Map(),
      ...options,
    });
    return [
      ...view.images.map(
        ({ image, services, mirrored, refreshes }) =>
          `${image}${mirrored ? "!" : ""}${refreshes ? "~" : ""}: ${services.join(" ")}`,
      ),
      ...view.built.map((name) => `(built): ${name}`),
    ];
  });
}

const ALWAYS = ["r.example/t/nginx:1!~: api web", "(built): own"];

test("the host's own .env decides profiles and unmirrored images", async () => {
  assert.deepEqual(await seen("COMPOSE_PROFILES=db\nOTHER=there:3\n"), [
    "r.example/t/nginx:1!~: api web",
    "r.example/t/postgres:15!: db",
    "there:3: other",
    "(built): own",
  ]);
  assert.deepEqual(await seen("A=1\n"), ["other:1: other", ...ALWAYS]);
});

test("profiles that are asked for count; without an .env there, the one that will be sent does", async () => {
  assert.ok((await seen("", { profiles: ["db"] })).includes("r.example/t/postgres:15!: db"));
  const files = { ...FILES, ".env": "OTHER=sent:4\n" };
  assert.ok((await seen(undefined, {}, files)).includes("sent:4: other"));
  assert.ok((await seen(undefined, { send: "none" }, files)).includes("other:1: other"));
});

test("an .env that takes the place of the host's own decides", async () => {
  const files = { ...FILES, ".env": "COMPOSE_PROFILES=db\nOTHER=sent:4\n" };
  const images = await seen("OTHER=there:3\n", { replacesEnvFile: true }, files);
  assert.ok(images.includes("sent:4: other"));
  assert.ok(images.includes("r.example/t/postgres:15!: db"));
});

test("a variable that the host must have and has not is refused", async () => {
  const [source, mirror] = [SOURCE, MIRROR].map((text) => text.replace("${OTHER:-other:1}", "${NEEDED:?set it}"));
  const files = { "compose.yaml": source!, "docker-compose-mirror.yaml": mirror!, ".env": "NEEDED=x:1\n" };
  await assert.rejects(seen("A=1\n", {}, files), { code: "variable-required" });
  assert.ok((await seen(undefined, {}, files)).includes("x:1: other"));
});

test("a mirror compose file that is not there says how to write it", async () => {
  await assert.rejects(
    withBundle({ "compose.yaml": SOURCE }, () => Promise.resolve()),
    {
      code: "mirror-compose-missing",
      exit: 2,
      hint: /generate-mirror-compose/,
    },
  );
});

test("the registry is the mirrored images' own; a compose that cannot read several documents gets flat files", async () => {
  const several = `${SOURCE}---\nservices:\n  web: { image: r.example/t/nginx:1 }\n`;
  const files = {
    "compose.yaml": SOURCE,
    "docker-compose-mirror.yaml": several,
    "docker-compose-mirror.images.yaml": "services:\n  web: { image: r.example/t/nginx:1 }\n",
  };
  await withBundle(files, async (bundle) => {
    assert.equal(bundle.registry, "r.example");
    const names = (flavour: "v1" | "v2", version: string): readonly string[] =>
      composeFilesFor(bundle, { flavour, version, command: [] }).map(({ name }) => name);
    const flat = ["compose.yaml", "docker-compose-mirror.images.yaml"];
    assert.deepEqual(names("v2", "2.21.0"), ["docker-compose-mirror.yaml"]);
    assert.deepEqual(names("v2", "2.20.3"), flat);
    assert.deepEqual(names("v1", "1.29.2"), flat);
  });
});

test("env files that are asked for have the same names there, and must lie in the folder", async () => {
  const files = { ...FILES, "prod.env": "A=1\n" };
  await withBundle(files, async (bundle) => assert.deepEqual(envFilesFor(bundle), ["prod.env"]), ["prod.env"]);
  await withBundle(FILES, async (bundle, folder) => {
    const options = { ...bundle.options, envFiles: [join(folder, "../x.env")] };
    assert.throws(() => envFilesFor({ ...bundle, options }), { code: "ship-outside" });
  });
});

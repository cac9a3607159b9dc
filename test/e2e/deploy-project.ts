/** A small project to deploy, and what is looked at after each deploy. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Ran } from "../../lib/system/process.ts";
import { asUser, cleanSlate, inFolder, onServer, script, withComposeV2, type DeployReport } from "./bed.ts";

export const DIR = '/root/it\'s $(touch pwned) "x"';
export const QUOTED_DIR = `"/root/it's \\$(touch pwned) \\"x\\""`;
export const WEB = 8191;

/** Three services: one with mounted and env files, one that ends by itself. */
export function project({
  web = "nginx:latest",
  cache = "",
}: { readonly web?: string; readonly cache?: string } = {}): string {
  return `services:
  web:
    image: ${web}
    ports: ["${WEB}:80"]
    env_file: web.env
    volumes: ["./conf/site.conf:/etc/site.conf:ro", "./conf.d:/etc/conf.d"]
    stop_grace_period: 0s
  cache: { image: "redis:6-alpine", stop_grace_period: 0s${cache} }
  job: { image: "alpine:3.20", command: ["true"] }
`;
}

export const BROKEN = ', healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 1 }';

export interface Scene {
  readonly folder: string;
  readonly deploy: (...args: readonly string[]) => Promise<Ran>;
  readonly run: (name: string, ...args: readonly string[]) => Promise<Ran>;
  readonly write: (name: string, text: string) => Promise<void>;
  /** Writes the compose file and the mirror compose file from it. */
  readonly compose: (options?: Parameters<typeof project>[0]) => Promise<void>;
}

/** A project, mirrored and not yet deployed. */
export async function withProject(body: (scene: Scene) => Promise<void>): Promise<void> {
  await cleanSlate();
  await inFolder(async (folder) => {
    const write = async (name: string, text: string): Promise<void> => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    };
    const run = (name: string, ...args: readonly string[]): Promise<Ran> => asUser(script(name, args), { cwd: folder });
    const compose: Scene["compose"] = async (options) => {
      await write("compose.yaml", project(options));
      const written = await run("generate-mirror-compose");
      assert.equal(written.code, 0, written.stderr);
    };
    await write("web.env", "A=1\n");
    await write("conf/site.conf", "one\n");
    await write("conf.d/a.conf", "a\n");
    await compose();
    const mirrored = await run("mirror");
    assert.equal(mirrored.code, 0, mirrored.stderr);
    const deploy = (...args: readonly string[]): Promise<Ran> =>
      run("deploy", "--host", "server", "--dir", DIR, "--json", ...args);
    await body({ folder, deploy, run, write, compose });
  });
}

export async function succeeds(ran: Promise<Ran>): Promise<DeployReport & { readonly release: string }> {
  const { code, stdout, stderr } = await ran;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as DeployReport & { readonly release: string };
}

/** What runs: service, image id and start of every container. */
export function running(): Promise<string> {
  return onServer(
    "docker ps -aq | xargs -r docker inspect --format '{{.Name}} {{.Image}} {{.State.StartedAt}}' | sort",
  );
}

/** What deploys left in their own folder. */
export async function leftovers(): Promise<readonly string[]> {
  return (await onServer(`ls -A ${QUOTED_DIR}/.compose-mirror`)).trim().split("\n");
}
export const AT_REST = ["busy", "current", "history", "holder", "lock", "placed", "releases"];

/** The same, on a server with that compose. */
export function withProjectFor(flavour: "v1" | "v2", body: (scene: Scene) => Promise<void>): Promise<void> {
  return withProject((scene) => (flavour === "v1" ? body(scene) : withComposeV2(() => body(scene))));
}

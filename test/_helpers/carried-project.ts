/** A project of three images that share layers, in a registry of this process, as the tests of export and import use it. */
import { join } from "node:path";
import type { Ran } from "../../lib/system/process.ts";
import { inFolder } from "./compose-folder.ts";
import { noise, putImage } from "./registry-images.ts";
import { type RegistryServer, registryServer } from "./registry-server.ts";
import { runScript } from "./run-script.ts";

const SHARED = noise("shared", 300_000);
const OWN = noise("own", 200_000);

/** Bytes of all layers, each once. */
export const DISTINCT_LAYERS = SHARED.length + OWN.length;
export const IMAGES = ["team/api:1", "team/web:2", "tools/web:2"] as const;

export interface CarriedProject {
  /** Of the project. */
  readonly folder: string;
  readonly registry: RegistryServer;
  readonly store: string;
  readonly script: (
    name: string,
    args?: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ) => Promise<Ran>;
}

/** Calls `body` in the folder of a project with an env file and a mounted file. */
export async function withCarriedProject(body: (project: CarriedProject) => Promise<void>): Promise<void> {
  const registry = await registryServer();
  const docker = true;
  putImage(registry, { repository: "team/api", tag: "1", layers: [SHARED], platforms: ["linux/amd64", "linux/arm64"] });
  putImage(registry, { repository: "team/web", tag: "2", layers: [SHARED, OWN], docker });
  putImage(registry, { repository: "tools/web", tag: "2", layers: [SHARED] });
  const compose = [
    "services:",
    `  api: { image: "${registry.host}/team/api:1", env_file: api.env }`,
    `  web: { image: "${registry.host}/team/web:\${WEB_TAG}", volumes: ["./conf/web.conf:/etc/web.conf"] }`,
    `  tools: { image: ${registry.host}/tools/web:2 }`,
    "",
  ].join("\n");
  const files = { "compose.yaml": compose, ".env": "WEB_TAG=2\n", "api.env": "A=1\n", "conf/web.conf": "listen 80\n" };
  try {
    await inFolder(files, async (folder) => {
      const store = join(folder, ".store");
      const env = { HOME: folder, LC_ALL: "C", MIRROR_STORE: store };
      await body({
        folder,
        registry,
        store,
        script: (name, args = [], { env: more, ...options } = {}) =>
          runScript(name, args, { cwd: folder, ...options, env: { ...env, ...more } }),
      });
    });
  } finally {
    await registry.close();
  }
}

/**
 * What the demo plays on: a public registry and a mirror, both on this machine, in a temporary folder. The public one
 * stands in for every registry that the example names; the mirror is what it is where no registry is configured: the store
 * that the engine fills, served.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, readConfig } from "../config/config.ts";
import { TOOL_FOLDER } from "../system/tool-folder.ts";
import { FLAG_NAMES, type FlagName } from "../config/flags.ts";
import type { ImageReference } from "../image/reference.ts";
import { type EmbeddedRegistry, serve } from "../store/registry-server.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { makeImages } from "./images.ts";

const EXAMPLE = join(TOOL_FOLDER, "examples", "demo", "docker-compose.yaml");
const REGISTRIES = ["docker.io", "ghcr.io", "quay.io"];

export interface Stage {
  /** What a user would have configured; it has none of the user's own settings. */
  readonly config: Config;
  /** Puts images of these names into the public registry, and gives their size in bytes. */
  readonly publish: (images: readonly ImageReference[]) => Promise<number>;
  /** Ends the registries and removes what they stored; written files stay. */
  readonly close: () => Promise<void>;
}

/** Sets the stage. Throws what `openStore` and `serve` throw. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "compose-mirror-demo-"));
  const folders = { public: join(folder, "public"), mirror: join(folder, "store") };
  const stores: Store[] = [await openStore(folders.public), await openStore(folders.mirror, { access: "read" })];
  const [registry, mirror] = (await Promise.all(stores.map((store) => serve(store)))) as [
    EmbeddedRegistry,
    EmbeddedRegistry,
  ];
  const flags: readonly (readonly [flag: FlagName, value: string])[] = [
    ["file", EXAMPLE],
    ["store", folders.mirror],
    ["port", String(mirror.port)],
    ["output", join(folder, "docker-compose-mirror.yaml")],
    ...REGISTRIES.map((name) => ["source-mirror", `${name}=${registry.host}/${name}`] as const),
  ];
  return {
    config: readConfig({
      argv: flags.map(([flag, value]) => `--${flag}=${value}`),
      environment: { HOME: folder },
      cwd: folder,
      flags: FLAG_NAMES,
      settingsFile: join(folder, ".env"),
    }),
    publish: async (images) => {
      await makeImages(stores[0]!, images);
      return (await stores[0]!.size()).bytes;
    },
    close: async () => {
      for (const each of [registry, mirror]) await each.close();
      for (const store of stores) await store.close();
      for (const each of Object.values(folders)) await rm(each, { recursive: true });
    },
  };
}

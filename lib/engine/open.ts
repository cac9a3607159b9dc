/** The engine that the configuration names. */
import type { Config } from "../config.ts";
import { run } from "../process.ts";
import { createDockerEngine } from "./docker.ts";
import type { Engine } from "./engine.ts";

export function openEngine({ engine, credentials }: Pick<Config, "engine" | "credentials">): Engine {
  return createDockerEngine({ program: engine, run, credentials });
}

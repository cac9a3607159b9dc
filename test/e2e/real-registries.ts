/** Registries of several makes, started for one test on this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const TOOLS = "/opt/compose-mirror-bed/bin";

/** How each registry is started to keep its data in `folder`. */
const REGISTRIES = {
  "distribution 2.8": (folder: string, port: number) => ["docker-registry", "serve", configure(folder, port)],
  "distribution 3": (folder: string, port: number) => [`${TOOLS}/registry`, "serve", configure(folder, port)],
  "go-containerregistry": (folder: string, port: number) => [
    `${TOOLS}/crane`,
    "registry",
    "serve",
    `--address=127.0.0.1:${port}`,
    `--disk=${folder}`,
  ],
} as const;

export type Make = keyof typeof REGISTRIES;

export const MAKES = Object.keys(REGISTRIES) as readonly Make[];

/** Writes a configuration of distribution and gives its path. */
function configure(folder: string, port: number): string {
  const config = join(folder, "config.yml");
  const settings = { version: "0.1", log: { level: "error" }, storage: { filesystem: { rootdirectory: folder } } };
  writeFileSync(config, JSON.stringify({ ...settings, http: { addr: `127.0.0.1:${port}` } }));
  return config;
}

/** Starts a registry in `folder` for as long as the test lasts, and gives its host. */
export async function start(t: TestContext, make: Make, folder: string): Promise<string> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const [program, ...args] = REGISTRIES[make](folder, port);
  const child = spawn(program!, args, { stdio: "ignore" });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for (let tries = 0; tries < 200; tries += 1) {
    const answers = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return `localhost:${port}`;
    await sleep(25);
  }
  throw new Error(`${make} did not start`);
}

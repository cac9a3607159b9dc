/**
 * How long `images` takes to start and to read a project, as a ratio to a bare `node -e 0`, so that the figure means the
 * same on a slow or busy machine. The commands take turns; each figure is the median of ROUNDS runs.
 *   npm run bench:start
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "../lib/system/process.ts";
import { median } from "./results.ts";

const ROUNDS = 15;
/** Compose files of the large project, with 50 services each. */
const FILES = 20;
const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));
const ENVIRONMENT = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", LC_ALL: "C" };
const MIRROR = ["--registry", "registry.example", "--namespace", "team"] as const;

interface Times {
  /** Seconds by the clock. */
  readonly wall: number;
  /** User and system seconds. */
  readonly cpu: number;
}

function images(...args: readonly string[]): Command {
  const loader = join(CHECKOUT, "node_modules/tsx/dist/esm/index.mjs");
  return ["node", "--import", loader, "--", join(CHECKOUT, "scripts/images.ts"), ...MIRROR, ...args];
}

/** Runs a command by bash's `time`; throws when it fails. */
function timed(command: Command): Times {
  const script = 'TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>&3; } 3>/dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", ...command], {
    encoding: "utf8",
    env: ENVIRONMENT,
  });
  if (status !== 0) throw new Error(`${command.join(" ")}: exit code ${status}`);
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return { wall, cpu: user + system };
}

/** Writes FILES compose files with 50 services each into `folder`, and returns the flags that name them. */
async function writeLargeProject(folder: string): Promise<readonly string[]> {
  await mkdir(folder);
  const flags: string[] = [];
  for (let file = 0; file < FILES; file += 1) {
    const services = Array.from({ length: 50 }, (_, index) => {
      const name = `s${file}-${index}`;
      const rest = `environment: {A: "\${A:-1}", B: b}, volumes: ["./${name}:/data"]`;
      return `  ${name}: {image: "registry.example.com/${name}:\${TAG:-1}", ${rest}}\n`;
    });
    const path = join(folder, `${file}.yaml`);
    await writeFile(path, `services:\n${services.join("")}`);
    flags.push("-f", path);
  }
  return flags;
}

const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
try {
  const dify = join(CHECKOUT, "test/fixtures/dify");
  const commands: readonly (readonly [title: string, command: Command])[] = [
    ["node -e 0", ["node", "-e", "0"]],
    ["images --help", images("--help")],
    ["images, Dify", images("-f", join(dify, "docker-compose.yaml"), "--env-file", join(dify, "env.example"))],
    ["images, 1,000 services in 20 files", images(...(await writeLargeProject(join(folder, "large"))))],
  ];
  // the first run fills tsx's cache of compiled files and is not counted
  for (const [, command] of commands) timed(command);
  const times = commands.map((): Times[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, [, command]] of commands.entries()) times[index]!.push(timed(command));
  }
  const medians = times.map((runs) => ({
    wall: median(runs.map(({ wall }) => wall)),
    cpu: median(runs.map(({ cpu }) => cpu)),
  }));
  const base = medians[0]!;
  console.log(`| command | wall s | ratio | CPU s | ratio |\n| --- | ---: | ---: | ---: | ---: |`);
  for (const [index, [title]] of commands.entries()) {
    const { wall, cpu } = medians[index]!;
    const cells = [wall.toFixed(3), (wall / base.wall).toFixed(1), cpu.toFixed(3), (cpu / base.cpu).toFixed(1)];
    console.log(`| ${title} | ${cells.join(" | ")} |`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

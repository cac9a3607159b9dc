/**
 * Measures what a command costs: wall time, CPU time by `time`, memory and disk by sampling. A container engine's daemon
 * is not a child of the command and is measured beside it.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Command, run } from "../lib/system/process.ts";
import { STATE } from "../test/bed/state.ts";
import { delayPids } from "./delay.ts";
import { on, pidOf } from "./hosts.ts";
import type { Cost } from "./results.ts";

export interface MeasureOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Folders that the command keeps its data in. */
  readonly folders: readonly string[];
  /** Names of its daemons. */
  readonly daemons: readonly string[];
  readonly limitSeconds: number;
}

/** Milliseconds between two samples. */
const MEMORY_PAUSE = 100;
const DISK_PAUSE = 1000;
/** Bytes of a memory page, and clock ticks per second (USER_HZ), on Linux amd64. */
const PAGE = 4096;
const TICKS_PER_SECOND = 100;
/** Exit code of `timeout` when the time was over. */
const TIMED_OUT = 124;
/** Characters kept of the end of the output. */
const OUTPUT_KEPT = 600;

/** Runs a command on the bed's workstation. */
export async function measure(command: Command, options: MeasureOptions): Promise<Cost> {
  const { environment, folders, limitSeconds } = options;
  const daemons = findDaemons(options.daemons);
  const times = join(STATE, "times");
  await rm(times, { force: true });
  const before = { cpu: cpuOf(daemons), disk: await sizeOf(folders) };

  const timed: Command = [
    "time",
    "-q",
    "-o",
    times,
    "-f",
    "%U %S %M",
    "timeout",
    "--kill-after=5",
    String(limitSeconds),
  ];
  const [program, ...args] = on("ws", [...timed, ...command]);
  const started = performance.now();
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-OUTPUT_KEPT)));
  }

  let memory = 0;
  let daemonMemory = 0;
  const sampling = setInterval(() => {
    memory = Math.max(memory, memoryOf(treeOf(child.pid!)));
    daemonMemory = Math.max(daemonMemory, memoryOf(daemons));
  }, MEMORY_PAUSE);
  let disk = 0;
  const over = new AbortController();
  const sampleDisk = async (): Promise<void> => {
    disk = Math.max(disk, (await sizeOf(folders)) - before.disk);
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      await sampleDisk();
      await new Promise((resolve) => setTimeout(resolve, DISK_PAUSE));
    }
  })();

  const exit = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? -1));
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(sampling);
  over.abort();
  await watching;
  await sampleDisk();
  const [user = 0, system = 0, largest = 0] = (await readFile(times, "utf8")).trim().split(" ").map(Number);
  return {
    exit,
    isLate: exit === TIMED_OUT,
    seconds,
    cpuSeconds: user + system,
    daemonCpuSeconds: cpuOf(daemons) - before.cpu,
    memory: Math.max(memory, largest * 1024),
    daemonMemory,
    disk,
    output,
  };
}

/** CPU seconds since the machine started: of everything, and of the registries, the delay and this program. */
export function busySeconds(): { readonly all: number; readonly bed: number } {
  const [user = 0, nice = 0, system = 0, , , hardware = 0, software = 0] = (
    /^cpu +(.+)$/m.exec(read("/proc/stat"))?.[1] ?? ""
  )
    .split(" ")
    .map(Number);
  const registries = (["hub", "acr"] as const).map((host) => Number(pidOf(host)));
  const bed = [...registries, ...delayPids()].flatMap(treeOf);
  const own = process.cpuUsage();
  return {
    all: (user + nice + system + hardware + software) / TICKS_PER_SECOND,
    bed: cpuOf(bed) + (own.user + own.system) / 1_000_000,
  };
}

async function sizeOf(folders: readonly string[]): Promise<number> {
  if (folders.length === 0) return 0;
  const { stdout } = await run(["du", "-scB1", ...folders]);
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
}

/** The ids of a process and of all its descendants. */
function treeOf(pid: number): readonly number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(treeOf)];
}

function memoryOf(pids: readonly number[]): number {
  const pages = pids.map((pid) => Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0));
  return pages.reduce((sum, each) => sum + each, 0) * PAGE;
}

/** CPU seconds of processes and of their children that have ended. */
function cpuOf(pids: readonly number[]): number {
  const ticks = pids.flatMap((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    // proc(5): the name, in parentheses, may contain spaces
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 15)
      .map(Number);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** The workstation's processes of these names. */
function findDaemons(names: readonly string[]): readonly number[] {
  if (names.length === 0) return [];
  const namespace = readlinkSync(`/proc/${pidOf("ws")}/ns/pid`);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && names.includes(read(`/proc/${entry}/comm`).trim()))
    .filter((pid) => readlinkSync(`/proc/${pid}/ns/pid`) === namespace)
    .map(Number);
}

/** A file of /proc; empty when its process has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

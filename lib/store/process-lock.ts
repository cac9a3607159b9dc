/**
 * Locks between processes, as files: the process that creates the file holds the lock. The file says who that is, so that the
 * lock of a process that is gone (killed, or lost with the power) is taken over at once.
 *
 * A process is known by its machine, its number and the time it started, as numbers are used again. Where that cannot
 * tell, because the holder is on another machine or in another container, a lock that was not renewed for a minute
 * counts as left behind. One that is to be taken over is removed under a lock of its own, so that of several processes
 * that see it only one does it, and none removes the lock of the next holder.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { clearInterval, setInterval } from "node:timers";
import { poll } from "../async/poll.ts";
import { MirrorError } from "../messages/errors.ts";

export interface ProcessLock {
  readonly release: () => Promise<void>;
}

interface Owner {
  /** Unlike any other lock's. */
  readonly token: string;
  readonly machine: string;
  readonly process: number;
  /** When the process started, where the system tells. */
  readonly started?: string | undefined;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait; counted from the last time that `moved` gave another value. */
  readonly timeout?: number;
  /** Something that changes as the holder gets on. */
  readonly moved?: () => Promise<unknown>;
  /** Called once, after a second of waiting, with the number of the process that holds the lock. */
  readonly onWait?: ((process: number | "?") => void) | undefined;
}

const RENEW_EVERY = 10_000;
const LEFT_BEHIND_AFTER = 60_000;
/** Time to write the owner into a lock file that was just created. */
const UNWRITTEN_AFTER = 10_000;
const LONGEST_PAUSE = 200;
/** Milliseconds. Every holder but one that downloads a blob is done in much less. */
const LONGEST_WAIT = 120_000;
/** Milliseconds. Most waits are over before that, and nobody needs to know of them. */
const TOLD_AFTER = 1000;

/**
 * Takes the lock, waiting while another process holds it. Throws `store-locked` after `timeout`, `interrupted`, and file
 * system errors.
 */
export async function takeLock(file: string, options: LockOptions = {}): Promise<ProcessLock> {
  const { signal, timeout = LONGEST_WAIT, moved = async () => undefined } = options;
  let { onWait } = options;
  let state = await moved();
  const started = performance.now();
  let since = started;
  const look = async (): Promise<ProcessLock | "late" | undefined> => {
    const lock = await tryLock(file);
    if (lock !== undefined) return lock;
    const now = await moved();
    if (now !== state) since = performance.now();
    state = now;
    if (onWait !== undefined && performance.now() - started > TOLD_AFTER) {
      onWait((await holderOf(file)) ?? "?");
      onWait = undefined;
    }
    return performance.now() - since > timeout ? "late" : undefined;
  };
  const lock = await poll(look, { interval: 5, longestInterval: LONGEST_PAUSE, signal });
  if (lock !== undefined && lock !== "late") return lock;
  throw new MirrorError("store-locked", { file, process: (await holderOf(file)) ?? "?", time: timeout });
}

/** Takes the lock; `undefined` when another process holds it. Throws file system errors. */
export async function tryLock(file: string): Promise<ProcessLock | undefined> {
  const lock = await create(file);
  if (lock !== undefined) return lock;
  const text = await readLock(file);
  if (text !== undefined && !(await isLeftBehind(file, text))) return undefined;
  if (text !== undefined) await removeLeftBehind(file, text);
  return create(file);
}

/** Who holds the lock: the process's number, or `?` where the file does not say yet; `undefined` when nobody does. */
export async function holderOf(file: string): Promise<number | "?" | undefined> {
  const text = await readLock(file);
  if (text === undefined || (await isLeftBehind(file, text))) return undefined;
  return parseOwner(text)?.process ?? "?";
}

async function create(file: string): Promise<ProcessLock | undefined> {
  const owner: Owner = { token: randomUUID(), machine: MACHINE, process: process.pid, started: STARTED };
  const text = JSON.stringify(owner);
  try {
    const handle = await open(file, "wx");
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw cause;
  }
  renewed.add(file);
  timer ??= startRenewing();
  return {
    release: async () => {
      renewed.delete(file);
      if (renewed.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      if ((await readLock(file)) === text) await rm(file, { force: true });
    },
  };
}

const renewed = new Set<string>();
let timer: ReturnType<typeof setInterval> | undefined;

function startRenewing(): ReturnType<typeof setInterval> {
  const started = setInterval(() => {
    const now = new Date();
    // A lock file that was removed is the business of its next holder.
    for (const file of renewed) void utimes(file, now, now).catch(() => {});
  }, RENEW_EVERY);
  started.unref();
  return started;
}

async function readLock(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

async function isLeftBehind(file: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner !== undefined && owner.machine === MACHINE) {
    const now = lookAt(owner.process);
    if (now === "gone") return true;
    if (now !== undefined && owner.started !== undefined) return now.started !== owner.started;
  }
  try {
    const { mtimeMs } = await stat(file);
    // one from the future was made under a wrong clock, and its age will never tell
    return Math.abs(Date.now() - mtimeMs) > (owner === undefined ? UNWRITTEN_AFTER : LEFT_BEHIND_AFTER);
  } catch {
    return false;
  }
}

async function removeLeftBehind(file: string, text: string): Promise<void> {
  const guard = await takeLock(`${file}.lock`);
  try {
    if ((await readLock(file)) === text) await rm(file, { force: true });
  } finally {
    await guard.release();
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return typeof owner?.machine === "string" && Number.isInteger(owner.process) ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the process runs, and when it started, in clock ticks since the machine's start; `undefined` where the system
 * does not tell. One that is dead but not yet reaped is gone.
 */
function lookAt(pid: number): { readonly started: string | undefined } | "gone" | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (text !== undefined) {
    // The fields follow the program's name, which may hold anything, in parentheses: state is the 3rd, start the 22nd.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "gone" : { started: fields[19] };
  }
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM" ? undefined : "gone";
  }
}

/** Machine, its start, and the space of process numbers, which differs between two containers. */
const MACHINE = [
  hostname(),
  attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  attempt(() => readlinkSync("/proc/self/ns/pid")),
]
  .filter((part) => part !== undefined)
  .join(" ");

const SELF = lookAt(process.pid);
const STARTED = SELF === "gone" ? undefined : SELF?.started;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * The one place that runs programs. A command is an argv value and reaches the program as it is: zx gives the
 * process handling (streams, groups, abort, time limit), and the spawn below leaves its shell out, so no shell ever
 * sees an image name, a service name or a path.
 */
import { spawn, type SpawnOptions } from "node:child_process";
import type { Readable } from "node:stream";
import { $ } from "zx/core";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { Secret } from "./secret.ts";

/** Program and arguments. */
export type Command = readonly [program: string, ...args: string[]];

export interface RunOptions {
  /** What the program reads on its standard input; nothing by default. */
  readonly input?: string | Secret | Readable;
  /** Variables added to the inherited environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Aborting ends the program and everything it started. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the program gets SIGTERM; `code` is then 124. */
  readonly timeout?: number;
  /** Called with every finished line of output while the program runs. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Nothing of the output is kept, for a program that may go on for days: `onLine` has it all. */
  readonly discard?: boolean;
  /** The program reads and writes what this process does, a terminal included. */
  readonly attached?: boolean;
}

export interface Ran {
  /** Exit code; 124 for a time-out, 128 + n for a signal n that was not ours. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Run = (command: Command, options?: RunOptions) => Promise<Ran>;

/**
 * Runs `command` and gives what it printed, whatever its exit code.
 * Throws `command-missing` when the program is not installed, `interrupted` when `signal` was aborted.
 */
export const run: Run = async (command, options = {}) => {
  const { input, env, cwd, signal, timeout, onLine, discard = false, attached = false } = options;
  if (signal?.aborted) throw new MirrorError("interrupted");
  const [program, ...args] = command;
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let timedOut = false;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          abort.abort();
        }, timeout);

  try {
    const child = $({
      ac: abort,
      quiet: true,
      nothrow: true,
      quote: (arg) => arg,
      shell: "none",
      stdio: attached ? "inherit" : [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(discard ? { store: { stdout: new Nowhere(), stderr: new Nowhere(), stdall: new Nowhere() } } : {}),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: { ...$.env, ...env } }),
      spawn: ((_line: string, _args: readonly string[], spawnOptions: SpawnOptions) =>
        spawn(program, args, { ...spawnOptions, shell: false })) as unknown as typeof spawn,
    })`${program}`;
    if (onLine) {
      splitLines(child.stdout, (line) => onLine(line, "stdout"));
      splitLines(child.stderr, (line) => onLine(line, "stderr"));
    }
    feed(child.stdin, input);
    const output = await child;
    if (signal?.aborted) throw new MirrorError("interrupted");
    if (timedOut) return { code: 124, stdout: output.stdout, stderr: output.stderr };
    if (output.cause) throw startError(program, output.cause);
    return { code: output.exitCode ?? 128, stdout: output.stdout, stderr: output.stderr };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
};

/** Where zx puts output that nobody wants. */
class Nowhere extends Array<never> {
  override push(): number {
    return 0;
  }
}

function startError(program: string, cause: unknown): MirrorError {
  return new MirrorError("command-missing", { program, detail: causeOf(cause) }, { cause });
}

function feed(stdin: NodeJS.WritableStream | null | undefined, input: RunOptions["input"]): void {
  if (input === undefined || !stdin) return;
  // A program that ends without reading all of its input is judged by its exit code, not by the broken pipe.
  stdin.on("error", () => {});
  if (typeof input === "string") stdin.end(input);
  else if (input instanceof Secret) stdin.end(input.reveal());
  else input.pipe(stdin);
}

/** Calls `onLine` for each line of `stream`; `\r` ends a line too, as progress output uses it. */
function splitLines(stream: NodeJS.ReadableStream | null | undefined, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream?.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

/**
 * A connection to one host through the system's own ssh, so the user's configuration, agent, keys and jump hosts hold.
 *
 * One process is the master: it logs in once and keeps a small session open; every command is a further session of
 * the same connection through its control socket (sshd limits new connections by MaxStartups). The master reads our
 * pipe, so when this program ends in whatever way, its session and the connection end too. The socket lives in a
 * private folder directly below /tmp, because the path of a unix socket is limited to about 100 bytes.
 *
 * A command on the host is an argv value. The text that goes over the wire is always `sh -c SCRIPT sh ARG...` with a
 * fixed SCRIPT of a .sh file and quoted arguments; no value is ever put into the text of a script.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { PassThrough, type Readable } from "node:stream";
import { MirrorError } from "../../messages/errors.ts";
import { theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { type Run, run as runProgram, type Ran } from "../../system/process.ts";
import { scriptText } from "../../system/remote-script.ts";
import { commandLine } from "../../system/shell-quote.ts";
import type { Secret } from "../../system/secret.ts";
import { parseHost } from "../../config/host-address.ts";
import { sshError } from "./ssh-errors.ts";

/** A program on the host and its arguments. */
export type RemoteCommand = readonly string[];

export interface RemoteOptions {
  /** What the command reads on its standard input; nothing by default. */
  readonly input?: string | Secret | Readable;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then `ssh-timeout` is thrown. */
  readonly timeout?: number;
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /**
   * What becomes of a long command when the connection goes or `signal` is aborted: `end` terminates it on the host,
   * `finish` lets it run to its end there, because half of it would be worse. Both bring the two streams of the
   * command on stdout, in the order it wrote them. Not together with `input`, whose end is all that a command fed by
   * us needs.
   */
  readonly onDisconnect?: "end" | "finish";
  /** As `RunOptions.discard` of lib/system/process.ts. */
  readonly discard?: boolean;
  /**
   * The command reads and writes what this process does, through a terminal of its own on the host with `terminal`,
   * which makes Ctrl-C and the window's size its own affair (RFC 4254, 6.2).
   */
  readonly attach?: "streams" | "terminal";
}

export interface Connection {
  /** The host as the user wrote it. */
  readonly host: string;
  /**
   * Runs `command` on the host and gives what it printed, whatever its exit code. Throws `interrupted`, and what
   * `sshError` knows when the connection fails.
   */
  run(command: RemoteCommand, options?: RemoteOptions): Promise<Ran>;
  /**
   * Lets programs on the host reach a port of this machine's own address, at a port of the host's own address, which is
   * given. It ends with the connection. Throws `ssh-forward`, `interrupted`.
   */
  forward(localPort: number, options?: Pick<RemoteOptions, "signal">): Promise<number>;
  /** Ends the connection and all that still runs through it, and removes the control socket. Never throws. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Runs the ssh program. */
  readonly run?: Run;
  /** Aborting gives up connecting; an open connection is ended by `close`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that connecting may take in all, jump hosts included. */
  readonly timeout?: number;
}

const READY = "compose-mirror: connected";

/** Opens a connection to `host`. Throws `host-invalid`, `command-missing`, `interrupted`, and what `sshError` knows. */
export async function connect(host: string, options: ConnectOptions = {}): Promise<Connection> {
  const { run = runProgram, signal, timeout = 60_000 } = options;
  const { name, user, port } = parseHost(host);
  const folder = await mkdtemp("/tmp/cm-");
  const plain = [
    "ssh",
    "-T",
    "-x",
    ...["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=4"].flatMap(option),
    ...["LogLevel=INFO", `ControlPath=${folder}/s`, "ControlPersist=no"].flatMap(option),
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
  ] as const;
  // The user's own forwardings are for the user's own sessions.
  const ssh = [...plain, ...option("ClearAllForwardings=yes")] as const;
  const env = { LC_ALL: "C" };
  const lifeline = new PassThrough();
  const ending = new AbortController();
  const giveUp = (): void => ending.abort();
  const complaints: string[] = [];
  let ended = Promise.resolve();
  const opened = new Promise<void>((resolve, reject) => {
    ended = run([...ssh, ...option("ControlMaster=yes"), "--", name, session(wrapper("master"))], {
      input: lifeline,
      env,
      signal: ending.signal,
      onLine: (line, stream) => {
        if (stream === "stderr") complaints.push(line);
        else if (line === READY) resolve();
      },
    }).then(() => reject(sshError(host, complaints.join("\n"))), reject);
  });

  const remove = async (): Promise<void> => {
    lifeline.destroy();
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  };
  const close = async (): Promise<void> => {
    lifeline.end();
    await run([...ssh, "-O", "exit", "--", name], { env, timeout: 5000 }).catch(() => {});
    const late = setTimeout(giveUp, 3000);
    await ended;
    clearTimeout(late);
    await remove();
  };

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    giveUp();
  }, timeout);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    if (signal?.aborted) giveUp();
    await opened;
  } catch (error) {
    await remove();
    throw timedOut
      ? new MirrorError("ssh-timeout", { host, detail: message("no-login-within", { seconds: timeout / 1000 }) })
      : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }

  const isOpen = async (): Promise<boolean> => {
    const { code } = await run([...ssh, "-O", "check", "--", name], { env, timeout: 5000 });
    return code === 0;
  };

  return {
    host,
    close,
    forward: async (localPort, { signal: stop } = {}) => {
      const wanted = ["-O", "forward", "-R", `127.0.0.1:0:127.0.0.1:${localPort}`];
      const ran = await run([...plain, ...wanted, "--", name], { env, signal: stop, timeout: 15_000 });
      const given = /^(\d+)$/m.exec(ran.stdout)?.[1];
      if (ran.code === 0 && given !== undefined) return Number(given);
      throw new MirrorError("ssh-forward", { host, detail: theirs(ran.stderr.trim().split("\n").at(-1) ?? "") });
    },
    run: async (command, remote = {}) => {
      const { input, onDisconnect, timeout: limit, signal: stop, onLine, discard = false, attach } = remote;
      const script = wrapper(onDisconnect === undefined ? "run" : `${onDisconnect}-on-disconnect`);
      // Never written to: its end on the host is the sign that we are gone.
      const held = onDisconnect === "end" ? new PassThrough() : undefined;
      const source = held ?? input;
      const flags = [...option("ControlMaster=no"), ...(attach === "terminal" ? ["-tt"] : [])];
      const program = attach === undefined ? ssh : quietly(ssh);
      const ran = await run([...program, ...flags, "--", name, session(script, ...command)], {
        env,
        signal: stop,
        ...(source === undefined ? {} : { input: source }),
        ...(limit === undefined ? {} : { timeout: limit }),
        ...(onLine === undefined ? {} : { onLine }),
        discard,
        attached: attach !== undefined,
      }).finally(() => held?.destroy());
      if (limit !== undefined && ran.code === 124) {
        throw new MirrorError("ssh-timeout", { host, detail: message("no-answer-within", { seconds: limit / 1000 }) });
      }
      // The master says the reason when it was the connection that went. A command of the user's may end with 255 itself.
      if (ran.code === 255 && !(attach !== undefined && (await isOpen())))
        throw sshError(host, [...complaints, ran.stderr].join("\n"), "ssh-cut");
      return ran;
    },
  };
}

function wrapper(name: string): string {
  return scriptText("lib/deploy/ssh", name);
}

/**
 * What the host's login shell is given: `script` with `args` as its arguments. That shell may be csh, which has no
 * quoted line breaks, or fish, which reads backslashes in single quotes: the line is made so that every shell reads it
 * alike, and sh decodes it.
 */
function session(script: string, ...args: readonly string[]): string {
  const line = commandLine(["exec", "sh", "-c", script, "sh", ...args]);
  const plain = line.replace(
    /[\\'!\n\r]/g,
    (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `exec sh -c 'eval "$(printf %b "$0")"' '${plain}'`;
}

/** Without ssh's own line at the end of a terminal session; of several values of a setting ssh takes the first. */
function quietly([ssh, ...args]: readonly [string, ...string[]]): [string, ...string[]] {
  return [ssh, ...option("LogLevel=ERROR"), ...args];
}

function option(setting: string): readonly [string, string] {
  return ["-o", setting];
}

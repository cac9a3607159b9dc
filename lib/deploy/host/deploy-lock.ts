/** The lock of a project on its host, held by a session that lasts as long as the work does. */
import { PassThrough } from "node:stream";
import { MirrorError } from "../../messages/errors.ts";
import { hostError } from "./host-errors.ts";
import { TAKEN } from "./remote.ts";
import type { Connection, RemoteCommand } from "../ssh/connection.ts";

export interface LockOptions {
  /** The folder on the host, for messages. */
  readonly dir: string;
  /** What the work was planned for, as `HostProbe` has it. */
  readonly stamp: string;
  readonly signal?: AbortSignal | undefined;
  /** Called when another deploy is waited for, with what it says of itself. */
  readonly onWaiting?: (holder: string) => void;
}

/**
 * Does `work` while `command` (of `acquireLock`) keeps the lock. Throws `host-busy` when another deploy went on holding it,
 * `host-changed` when another deploy has changed what runs since the look that gave `stamp`, and what `hostError` and
 * `Connection.run` give when the session cannot be had.
 */
export async function withLock<T>(
  connection: Connection,
  command: RemoteCommand,
  { dir, stamp, signal, onWaiting }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { host } = connection;
  const lifeline = new PassThrough();
  const lines: string[] = [];
  let holder = "";
  let ended: Promise<void> = Promise.resolve();
  const held = new Promise<string>((resolve, reject) => {
    const onLine = (line: string): void => {
      const [, state, who = ""] = /^(held|waiting|taken)(?:: (.*))?$/.exec(line) ?? [];
      if (state === undefined) lines.push(line);
      if (state === "held") resolve(who.trim());
      if (state === "waiting" && who !== holder) onWaiting?.(who);
      holder = who === "" ? holder : who;
    };
    ended = connection
      .run(command, { input: lifeline, signal, onLine })
      .then(
        ({ code }) =>
          reject(
            code === TAKEN
              ? new MirrorError("host-busy", { host, dir, holder })
              : hostError({ host, dir, registry: "", kind: "lock", failure: "host-folder", code, lines }),
          ),
        reject,
      );
  });
  try {
    if ((await held) !== stamp) throw new MirrorError("host-changed", { host, dir });
    return await work();
  } finally {
    lifeline.end();
    await ended;
  }
}

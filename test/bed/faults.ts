/**
 * A proxy in front of a server that injects faults into connections: a reset or a stall after a number of bytes. Without
 * faults a connection is handed to the server directly.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { Transform, type TransformCallback } from "node:stream";

/** The fault of a connection once `afterBytes` went `up` (to the server) or `down` (from it). */
interface Break {
  readonly direction: "up" | "down";
  readonly afterBytes: number;
  /** `reset` closes both sides; `stall` keeps the connection open and passes no more bytes in either direction. */
  readonly action: "reset" | "stall";
  /** How many connections have the fault. */
  times: number;
}

/** A response that replaces the server's own. */
interface Refusal {
  readonly method?: string;
  /** Regular expression for host and path. */
  readonly path: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests get it. */
  times: number;
}

export interface Faults {
  readonly breaks?: readonly Break[];
  readonly refusals?: readonly Refusal[];
}

/**
 * The refusal for a request, if there is one; its count goes down by one.
 */
export function refusalFor({ refusals = [] }: Faults, method: string, path: string): Refusal | undefined {
  const found = refusals.find(
    (each) => each.times > 0 && (each.method ?? method) === method && new RegExp(each.path).test(path),
  );
  if (found !== undefined) found.times -= 1;
  return found;
}

/** Stalled connections. */
const silent = new Set<Socket>();

/** Resets the stalled connections, so that a daemon that would wait for one forever reconnects. */
export function cutSilent(): void {
  for (const socket of silent) socket.resetAndDestroy();
}

/** A server that passes connections on to `server`, which listens on the local `port`, with the current faults. */
export function gate(server: Server, port: number, current: () => Faults): Server {
  return createServer({ pauseOnConnect: true }, (socket) => {
    const due = (current().breaks ?? []).filter(({ times }) => times > 0);
    if (due.length === 0) server.emit("connection", socket.resume());
    else join(socket, connect(port, "127.0.0.1"), due);
  });
}

function join(client: Socket, server: Socket, breaks: readonly Break[]): void {
  let isSilent = false;
  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const act = (action: Break["action"]): void => {
    if (action === "reset") return cut();
    isSilent = true;
    silent.add(client);
  };
  const line = (direction: Break["direction"]): Line =>
    new Line(
      breaks.filter((each) => each.direction === direction),
      act,
      () => isSilent,
    );
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on("error", cut);
    socket.allowHalfOpen = true;
  }
  client.on("close", () => {
    silent.delete(client);
    server.destroy();
  });
  // the server's FIN goes through the pipe, after the bytes before it
  client.pipe(line("up")).pipe(server);
  server.pipe(line("down")).pipe(client);
}

/** One direction of a connection. */
class Line extends Transform {
  readonly #breaks: readonly Break[];
  readonly #act: (action: Break["action"]) => void;
  readonly #isSilent: () => boolean;
  #passed = 0;

  constructor(breaks: readonly Break[], act: (action: Break["action"]) => void, isSilent: () => boolean) {
    super();
    this.#breaks = breaks;
    this.#act = act;
    this.#isSilent = isSilent;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#passed += chunk.length;
    const due = this.#isSilent()
      ? undefined
      : this.#breaks.find(({ times, afterBytes }) => times > 0 && this.#passed > afterBytes);
    if (due !== undefined) {
      due.times -= 1;
      this.#act(due.action);
    }
    if (due?.action !== "reset" && !this.#isSilent()) this.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    // a stalled connection passes no FIN either
    if (!this.#isSilent()) done();
  }
}

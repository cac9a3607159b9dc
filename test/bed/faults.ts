/**
 * A gate in front of a server that makes the line bad on demand: cut or silent after so many bytes. Without faults a
 * connection is handed to the server as it is.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { Transform, type TransformCallback } from "node:stream";

/** What is wrong with a connection once `afterBytes` went `up` (to the server) or `down` (from it). */
interface Break {
  readonly direction: "up" | "down";
  readonly afterBytes: number;
  /** `reset` cuts both sides; `stall` keeps the connection open and lets nothing more through, either way. */
  readonly action: "reset" | "stall";
  /** Connections it happens to. */
  times: number;
}

/** What a server answers in place of its own answer. */
interface Refusal {
  readonly method?: string;
  /** Regular expression for host and path. */
  readonly path: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests it happens to. */
  times: number;
}

export interface Faults {
  readonly breaks?: readonly Break[];
  readonly refusals?: readonly Refusal[];
}

/**
 * The refusal that is due for a request, if any; it counts as used.
 */
export function refusalFor({ refusals = [] }: Faults, method: string, path: string): Refusal | undefined {
  const found = refusals.find(
    (each) => each.times > 0 && (each.method ?? method) === method && new RegExp(each.path).test(path),
  );
  if (found !== undefined) found.times -= 1;
  return found;
}

/** Connections that nothing goes through any more. */
const silent = new Set<Socket>();

/** Cuts those connections: whoever waits for one, as an engine's daemon may for ever, begins anew. */
export function cutSilent(): void {
  for (const socket of silent) socket.resetAndDestroy();
}

/** A server whose connections reach `server`, which listens on the local `port`, by the faults of the moment. */
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
  // a goodbye of the server's comes by the pipe, after what was sent before it
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
    // who is silent does not say goodbye either
    if (!this.#isSilent()) done();
  }
}

/** A little SOCKS 5 proxy in this process (RFC 1928, RFC 1929): it leads every name to a port of this machine. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

export interface SocksServer {
  readonly port: number;
  /** `HOST:PORT` of every request, with `USER:PASSWORD@` where a login was given. */
  readonly seen: readonly string[];
}

export interface SocksServerOptions {
  /** Wanted login. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Code of the reply instead of a connection. */
  readonly reply?: number;
  /** Sent in place of the first answer. */
  readonly greeting?: Uint8Array;
  /** Bytes of one write; a reply may come in pieces. */
  readonly pieces?: number;
}

const SUCCESS = [5, 0, 0, 1, 127, 0, 0, 1, 0, 0];

export async function socksServer(
  t: TestContext,
  port: number,
  { login, reply, greeting, pieces = 64 }: SocksServerOptions = {},
): Promise<SocksServer> {
  const seen: string[] = [];
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on("error", () => {}).on("close", () => open.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    const write = (bytes: readonly number[]): void => {
      for (let at = 0; at < bytes.length; at += pieces) client.write(Buffer.from(bytes.slice(at, at + pieces)));
    };
    let user = "";
    const steps: ((data: Buffer) => void)[] = [
      (data) => {
        if (greeting !== undefined) client.end(greeting);
        else if (login === undefined) write([5, 0]);
        else if (data.subarray(2).includes(2)) write([5, 2]);
        else write([5, 0xff]);
      },
      ...(login === undefined
        ? []
        : [
            (data: Buffer) => {
              const length = data[1]!;
              const name = data.subarray(2, 2 + length).toString();
              const password = data.subarray(3 + length).toString();
              user = `${name}:${password}@`;
              write([1, name === login.username && password === login.password ? 0 : 1]);
            },
          ]),
      (data) => {
        const host =
          data[3] === 3
            ? data.subarray(5, 5 + data[4]!).toString()
            : data[3] === 1
              ? data.subarray(4, 8).join(".")
              : data.subarray(4, 20).toString("hex");
        seen.push(`${user}${host}:${data.readUInt16BE(data.length - 2)}`);
        if (reply !== undefined) return write([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
        const upstream = keep(
          connect(port, "127.0.0.1", () => {
            write(SUCCESS);
            upstream.pipe(client).pipe(upstream);
          }),
        );
      },
    ];
    const next = (data: Buffer): void => {
      const step = steps.shift();
      step?.(data);
      if (steps.length > 0) client.once("data", next);
    };
    client.once("data", next);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

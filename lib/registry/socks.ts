/**
 * The client's side of SOCKS 5 (RFC 1928) with user name and password (RFC 1929): a connection to `target` through a
 * proxy. The proxy gets the name, not an address, and resolves it itself.
 */
import { connect, isIP, type Socket } from "node:net";
import { causeOf } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { proxyError, proxyLoginError, RegistryError } from "./errors.ts";
import type { Proxy } from "./proxy.ts";

export interface SocksTarget {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const VERSION = 5;
const LOGIN_VERSION = 1;
const METHOD = { none: 0, login: 2, refused: 0xff } as const;
const CONNECT = 1;
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const;
/** Bytes of a reply before its address: version, reply, reserved, kind of address. */
const REPLY_HEAD = 4;
/** RFC 1928, section 6. */
const REPLIES = [
  "socks-failure",
  "socks-rules",
  "socks-network",
  "socks-host",
  "socks-refused",
  "socks-expired",
  "socks-command",
  "socks-address",
] as const;

/**
 * Opens a connection to `target` through `proxy`; it must come about within `timeout` milliseconds. Throws
 * `registry-proxy` and `registry-proxy-login`.
 */
export async function openSocks(proxy: Proxy, target: SocksTarget, timeout: number): Promise<Socket> {
  const socket = connect({ host: proxy.hostname, port: proxy.port });
  const timer = setTimeout(() => socket.destroy(proxyError(proxy, message("proxy-silent"))), timeout);
  const { read, stop } = readerOf(socket, proxy);
  try {
    await negotiate(socket, read, proxy);
    socket.write(requestFor(target));
    const [version, reply = 0, , kind] = await read(REPLY_HEAD);
    if (version !== VERSION) throw proxyError(proxy, message("socks-other"));
    if (reply !== 0) throw proxyError(proxy, message(REPLIES[reply - 1] ?? "socks-failure"));
    // the address that the proxy connects from is of no interest, but its bytes come before the answer's
    const length = kind === ADDRESS.ipv4 ? 4 : kind === ADDRESS.ipv6 ? 16 : (await read(1))[0]!;
    await read(length + 2);
    stop();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

type Read = (length: number) => Promise<Buffer>;

interface Reader {
  /** Waits for exactly so many bytes. */
  readonly read: Read;
  /** Stops reading; the socket goes on flowing, for the one who uses it next. */
  readonly stop: () => void;
}

function readerOf(socket: Socket, proxy: Proxy): Reader {
  let bytes: Buffer = Buffer.alloc(0);
  let fault: RegistryError | undefined;
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    wake?.();
  };
  const onEnd = (error?: unknown): void => {
    fault ??=
      error instanceof RegistryError
        ? error
        : proxyError(proxy, error instanceof Error ? causeOf(error) : message("proxy-closed"), error);
    wake?.();
  };
  const onClose = (): void => onEnd();
  socket.on("data", onData).on("error", onEnd).on("end", onClose).on("close", onClose);
  return {
    read: async (length) => {
      while (bytes.length < length) {
        if (fault !== undefined) throw fault;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      const taken = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      return taken;
    },
    stop: () => {
      socket.off("data", onData).off("error", onEnd).off("end", onClose).off("close", onClose);
      // a registry does not speak before it was asked
      if (bytes.length > 0) throw proxyError(proxy, message("socks-other"));
    },
  };
}

async function negotiate(socket: Socket, read: Read, proxy: Proxy): Promise<void> {
  const { login } = proxy;
  const methods = login === undefined ? [METHOD.none] : [METHOD.none, METHOD.login];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await read(2);
  if (version !== VERSION) throw proxyError(proxy, message("socks-other"));
  if (method === METHOD.none) return;
  if (method !== METHOD.login || login === undefined) throw proxyLoginError(proxy);
  const name = Buffer.from(login.username);
  const password = Buffer.from(login.password.reveal());
  socket.write(
    Buffer.concat([Buffer.from([LOGIN_VERSION, name.length]), name, Buffer.from([password.length]), password]),
  );
  const [, status] = await read(2);
  if (status !== 0) throw proxyLoginError(proxy);
}

function requestFor({ host, port }: SocksTarget): Buffer {
  const kind = isIP(host);
  const address =
    kind === 4
      ? Buffer.from([ADDRESS.ipv4, ...host.split(".").map(Number)])
      : kind === 6
        ? Buffer.from([ADDRESS.ipv6, ...ipv6Bytes(host)])
        : Buffer.concat([Buffer.from([ADDRESS.name, Buffer.byteLength(host)]), Buffer.from(host)]);
  return Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), address, Buffer.from([port >> 8, port & 0xff])]);
}

/** The 16 bytes of an IPv6 address; the URL parser writes it in hexadecimal groups with one `::` at most. */
function ipv6Bytes(host: string): readonly number[] {
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const before = ipv6Groups(head);
  const after = ipv6Groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function ipv6Groups(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

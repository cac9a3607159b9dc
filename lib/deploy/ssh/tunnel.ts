/**
 * Images without a registry: the content store here is served as one, and the ssh connection brings its port to the
 * host. The host's docker pulls from its own address, which it trusts without TLS, and asks only for layers it lacks.
 */
import { MirrorError } from "../../messages/errors.ts";
import { serve } from "../../store/registry-server.ts";
import { openStore } from "../../store/open.ts";
import type { Connection } from "./connection.ts";

export interface Tunnel {
  /** The registry's name on the host, `127.0.0.1:PORT`: the address that sshd binds. */
  readonly registry: string;
  /** What can be pulled, `NAMESPACE/NAME:TAG`. */
  readonly names: ReadonlySet<string>;
}

/**
 * Opens a tunnel from the store in `folder` for as long as `work` takes. Throws what `openStore`, `serve` and
 * `Connection.forward` throw.
 */
export async function throughTunnel<T>(
  connection: Connection,
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined },
  work: (tunnel: Tunnel) => Promise<T>,
): Promise<T> {
  const store = await openStore(folder, { access: "read" });
  try {
    const { port, close } = await serve(store);
    try {
      const there = await connection.forward(port, { signal });
      return await work({ registry: `127.0.0.1:${there}`, names: new Set((await store.references()).keys()) });
    } finally {
      await close();
    }
  } finally {
    await store.close();
  }
}

/** Throws `tunnel-missing` when one of `names` (`NAMESPACE/NAME:TAG`) is not in the store. */
export function requireInStore({ names }: Tunnel, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new MirrorError("tunnel-missing", { images: missing });
  }
}

/** The registries of a run: one client for each host, over one transport, with the credentials that belong to it. */
import { readFile } from "node:fs/promises";
import { detailOf, MirrorError } from "../messages/errors.ts";
import { openRegistry, type Registry, type RetryPolicy } from "./client.ts";
import { type CredentialSources, findCredentials, type RegistryCredentials } from "./credentials.ts";
import { parseProxies } from "./proxy.ts";
import { openTransport, type TransportSettings } from "./transport.ts";

export interface Registries {
  /** The client for a host as image references write it. */
  of(host: string): Registry;
  /** Ends idle connections, so that the process can end. */
  close(): void;
}

export interface RegistriesOptions extends CredentialSources {
  /** Credentials that were given for a host, instead of stored ones. */
  readonly given?: Readonly<Record<string, RegistryCredentials>>;
  /** Hosts spoken to without TLS. */
  readonly insecureHosts?: readonly string[];
  readonly retryPolicy?: RetryPolicy;
  /** Time limits, where the usual ones do not fit. */
  readonly transport?: Pick<TransportSettings, "answerTimeout" | "idleTimeout">;
}

/**
 * Opens the registries of a run; no request is made. Proxies and NODE_EXTRA_CA_CERTS come from `environment`. Throws
 * `file-read` when that file cannot be read.
 */
export async function openRegistries(options: RegistriesOptions): Promise<Registries> {
  const { environment, given = {}, insecureHosts = [], retryPolicy } = options;
  const transport = openTransport({
    ...options.transport,
    proxies: parseProxies(environment),
    authorities: await readAuthorities(environment["NODE_EXTRA_CA_CERTS"]),
    insecureHosts,
  });
  const clients = new Map<string, Registry>();
  return {
    of: (host) => {
      const credentials = async () => (Object.hasOwn(given, host) ? given[host] : findCredentials(host, options));
      const client = clients.get(host) ?? openRegistry(host, { transport, credentials, retryPolicy });
      clients.set(host, client);
      return client;
    },
    close: () => transport.close(),
  };
}

async function readAuthorities(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined || file === "") return [];
  try {
    return [await readFile(file, "utf8")];
  } catch (cause) {
    throw new MirrorError("file-read", { file, detail: detailOf(cause) }, { cause });
  }
}

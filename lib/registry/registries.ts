/** The registries of a run: one client for each host, over one transport, with the login that belongs to it. */
import { readAuthorities } from "./certificates.ts";
import { openRegistry, type Registry, type RetryPolicy } from "./client.ts";
import { type CredentialSources, openLogins, type RegistryCredentials, type StoredOrGiven } from "./credentials.ts";
import { readProxies } from "./proxy.ts";
import { openTransport, type TransportSettings } from "./transport.ts";

export interface Registries {
  /** The client for a host as image references write it. */
  of(host: string): Registry;
  /** Ends idle connections, so that the process can end. */
  close(): void;
}

export interface RegistriesOptions extends CredentialSources {
  /** Credentials of the settings, by the host that they are for, instead of stored ones; no other host gets them. */
  readonly given?: Readonly<Record<string, RegistryCredentials>>;
  /** Hosts that may be spoken to without TLS. */
  readonly insecureHosts?: readonly string[];
  readonly retryPolicy?: RetryPolicy;
  /** Time limits, where the usual ones do not fit. */
  readonly transport?: Pick<TransportSettings, "answerTimeout" | "idleTimeout" | "leastBytes">;
}

const AUTHORITIES = "NODE_EXTRA_CA_CERTS";

/**
 * Opens the registries of a run; no request is made. Proxies and NODE_EXTRA_CA_CERTS come from `environment`. Throws
 * `proxy-invalid`, and `authorities-invalid` when no certificate is in that file.
 */
export async function openRegistries(options: RegistriesOptions): Promise<Registries> {
  const { environment, given = {}, insecureHosts = [], retryPolicy } = options;
  const transport = openTransport({
    ...options.transport,
    proxies: readProxies(environment),
    authorities: await readAuthorities(AUTHORITIES, environment[AUTHORITIES]),
    insecureHosts,
  });
  const stored = openLogins(options);
  const settings = new Map<string, StoredOrGiven>(
    Object.entries(given).map(([host, credentials]) => [host, { credentials, sent: { kind: "settings" } }]),
  );
  const loginFor = async (host: string, repository: string | undefined): Promise<StoredOrGiven | undefined> =>
    settings.get(host) ?? stored.of(host, repository);
  const clients = new Map<string, Registry>();
  return {
    of: (host) => {
      const known = clients.get(host);
      if (known !== undefined) return known;
      const client = openRegistry(host, {
        transport,
        login: (repository) => loginFor(host, repository),
        loginElsewhere: (place, repository) => stored.of(place, repository),
        retryPolicy,
      });
      clients.set(host, client);
      return client;
    },
    close: () => transport.close(),
  };
}

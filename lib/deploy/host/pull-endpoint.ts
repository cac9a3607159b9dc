/**
 * One registry under two names: images are pushed by the public one, and the host pulls by another (`-vpc`) where it
 * reaches that. Which it is, the host itself must try.
 */
import type { Connection } from "../ssh/connection.ts";
import { script } from "./remote.ts";

export interface Endpoints {
  /** The name in the compose file; absent when nothing there is mirrored. */
  readonly named: string | undefined;
  /** The name to push by. */
  readonly registry?: string | undefined;
  /** The name that the host should pull by. */
  readonly pullRegistry?: string | undefined;
}

export interface Endpoint {
  /** The name to pull by, where it is not the one in the compose file. */
  readonly pullFrom?: string;
  /** The name that was wanted and not reached. */
  readonly unreached?: string;
  /** The name to pull by lasts no longer than this deploy, and takes no login. */
  readonly ephemeral?: true;
}

/** Lets the host find out by which name it reaches the registry; asks only where there is a choice. */
export async function endpointFor(
  connection: Connection,
  { named, registry, pullRegistry }: Endpoints,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Endpoint> {
  const wanted = pullRegistry;
  if (wanted === undefined || registry === undefined || wanted === registry) return {};
  if (named !== wanted && named !== registry) return {};
  const { stdout } = await connection.run(script("reach", wanted, registry), { signal, timeout: 60_000 });
  const reached = /^reached:(.+)$/m.exec(stdout)?.[1];
  // Where none answers, the pull says why.
  const chosen = reached === registry ? registry : wanted;
  return {
    ...(chosen === named ? {} : { pullFrom: chosen }),
    ...(chosen === wanted ? {} : { unreached: wanted }),
  };
}

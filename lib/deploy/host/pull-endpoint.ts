/**
 * One registry under two names: images are pushed by the public one, and the host pulls by another (`-vpc`) where it
 * reaches that. Which it is, the host itself must try.
 */
import type { Connection } from "../ssh/connection.ts";

const REACH = `for name; do
  if command -v curl >/dev/null; then
    curl -s -o /dev/null -m 10 "https://$name/v2/"
    case $? in 5 | 6 | 7 | 28) continue ;; esac
  elif command -v wget >/dev/null; then
    wget -q -O /dev/null "https://$name/v2/"
    [ $? -ne 4 ] || continue
  fi
  echo "reached:$name"; exit
done`;

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
  readonly passing?: true;
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
  const { stdout } = await connection.run(["sh", "-c", REACH, "sh", wanted, registry], { signal, timeout: 60_000 });
  const reached = /^reached:(.+)$/m.exec(stdout)?.[1];
  // Where none answers, the pull says why.
  const chosen = reached === registry ? registry : wanted;
  return {
    ...(chosen === named ? {} : { pullFrom: chosen }),
    ...(chosen === wanted ? {} : { unreached: wanted }),
  };
}

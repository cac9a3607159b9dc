/** Logs of services on hosts, line by line as they come. */
import type { DeployOptions } from "../../deploy/options.ts";
import { showLogs } from "../../deploy/services.ts";
import { EXIT, MirrorError } from "../../messages/errors.ts";
import type { Context } from "../command.ts";
import { reportFailedHosts } from "./deploy.ts";

/**
 * Prints the logs of all hosts, with the host before each line where there are several. Gives whether every host
 * answered, or the exit code where it was ended from outside: by Ctrl-C, which is how `--follow` ends, or because nobody
 * reads on. Throws the only host's error.
 */
export async function reportLogs(
  { config, terminal, signal, readerGone }: Context,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<boolean | number> {
  const { services, follow, tail } = config;
  const ending = AbortSignal.any([signal, readerGone]);
  const outcomes = await Promise.all(
    hosts.map(async (host) => {
      const prefix = hosts.length === 1 ? "" : `${host}: `;
      const onLine = (line: string): void => terminal.result(prefix + line);
      try {
        await showLogs(host, { ...options, signal: ending }, { services, follow, tail, onLine });
        return { host };
      } catch (error) {
        return { host, error };
      }
    }),
  );
  if (readerGone.aborted) return EXIT.ok;
  const isEnded = outcomes.some(({ error }) => error instanceof MirrorError && error.code === "interrupted");
  return isEnded ? EXIT.interrupted : reportFailedHosts(terminal, outcomes);
}

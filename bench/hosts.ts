/** The hosts of the test bed as processes and network namespaces. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../lib/system/process.ts";
import type { Registry } from "../test/bed/control.ts";
import { STATE } from "../test/bed/state.ts";

/** Network namespace with the bridge between the hosts. */
export const NETWORK = "compose-mirror-bed-bench";

/** ws = the workstation, where the tools run. */
type Host = Registry | "ws";

/** The command that runs `command` on a host of the bed, in `folder` there. */
export function on(host: Host, command: Command, folder = "/"): Command {
  return ["nsenter", "-t", pidOf(host), "-n", "-m", "-p", "-u", "-i", `--wdns=${folder}`, "--", ...command];
}

/** The process id of a host's init process. */
export function pidOf(host: Host): string {
  return readFileSync(join(STATE, `${host}.pid`), "utf8").trim();
}

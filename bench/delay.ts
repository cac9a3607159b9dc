/** Delays the workstation's packets, so that TCP sees a real round trip time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "../lib/system/process.ts";
import { must } from "../test/bed/must.ts";
import { CHECKOUT } from "../test/bed/state.ts";
import { NETWORK } from "./hosts.ts";

/** The bed's bridge, and one for the workstation alone; the delay connects the two. */
const BRIDGE = "br0";
const NEAR_BRIDGE = "br-near";
/** Packets that may wait for the delay program to read them; only a busy machine lets them wait. */
const QUEUE = "10000";

let delay: ChildProcess | undefined;

async function link(...args: readonly string[]): Promise<void> {
  await must(["ip", "-n", NETWORK, "link", ...args]);
}

/** Sets the round trip time between the workstation and everything else, in milliseconds; 0 = no delay. */
export async function setRoundTrip(milliseconds: number): Promise<void> {
  if (delay !== undefined) {
    const ended = once(delay, "exit");
    delay.stdin?.end();
    await ended;
    delay = undefined;
    await link("set", "v-ws", "master", BRIDGE);
    await link("del", NEAR_BRIDGE);
  }
  if (milliseconds === 0) return;
  const program: Command = ["python3", join(CHECKOUT, "bench/delay.py"), "near", "far", String(milliseconds / 2)];
  const [command, ...args]: Command = ["ip", "netns", "exec", NETWORK, ...program];
  delay = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  await once(delay.stdout!, "data");
  await link("add", NEAR_BRIDGE, "type", "bridge");
  await link("set", NEAR_BRIDGE, "up");
  for (const [end, bridge] of [
    ["near", NEAR_BRIDGE],
    ["far", BRIDGE],
  ] as const) {
    await link("set", end, "txqueuelen", QUEUE, "master", bridge, "up");
  }
  await link("set", "v-ws", "master", NEAR_BRIDGE);
}

/** The delay's processes; none when there is no delay. */
export function delayPids(): readonly number[] {
  return delay?.pid === undefined ? [] : [delay.pid];
}

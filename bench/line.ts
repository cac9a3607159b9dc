/** The length of the workstation's cable: packets that take their time, so that TCP sees a real round trip. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "../lib/system/process.ts";
import { must } from "../test/bed/must.ts";
import { CHECKOUT, NETWORK } from "./bed.ts";

/** The bed's bridge, and one that only the workstation is on; the line joins them. */
const BRIDGE = "br0";
const NEAR_BRIDGE = "br-near";
/** Packets that wait for the line to take them, which it does at once unless the machine is busy. */
const QUEUE = "10000";

let line: ChildProcess | undefined;

async function link(...args: readonly string[]): Promise<void> {
  await must(["ip", "-n", NETWORK, "link", ...args]);
}

/** Puts a round trip of so many milliseconds between the workstation and everything else; 0 = takes it away. */
export async function setRoundTrip(milliseconds: number): Promise<void> {
  if (line !== undefined) {
    const ended = once(line, "exit");
    line.stdin?.end();
    await ended;
    line = undefined;
    await link("set", "v-ws", "master", BRIDGE);
    await link("del", NEAR_BRIDGE);
  }
  if (milliseconds === 0) return;
  const program: Command = ["python3", join(CHECKOUT, "bench/line.py"), "near", "far", String(milliseconds / 2)];
  const [command, ...args]: Command = ["ip", "netns", "exec", NETWORK, ...program];
  line = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  await once(line.stdout!, "data");
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

/** The processes that are the line; none without one. */
export function linePids(): readonly number[] {
  return line?.pid === undefined ? [] : [line.pid];
}

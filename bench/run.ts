/**
 * The benchmark: every tool takes its turn in every round, so that whatever else the machine does hits all alike.
 *   run.ts [--cases a,b,b-large,c,e,e250] [--tools PART,PART] [--rounds N] [--output FOLDER]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../lib/system/process.ts";
import { formatReference, parseReference } from "../lib/image/reference.ts";
import type { Logged } from "../test/bed/front.ts";
import { must } from "../test/bed/must.ts";
import {
  CHECKOUT,
  cleanSlate,
  forgetRequests,
  type Held,
  heldImage,
  type Link,
  on,
  plainSeconds,
  requests,
  seed,
  setLink,
  wireBytes,
  WORK,
} from "./bed.ts";
import { type Case, CASES } from "./cases.ts";
import { busySeconds, measure } from "./measure.ts";
import { formatReport } from "./report.ts";
import type { Bytes, Results, Run, StageResult, ToolResult } from "./results.ts";
import { COMPOSE_FILE, type Pair, script, SETTINGS, type Tool, TOOLS } from "./tools.ts";

const LIMIT_SECONDS = 600;
const SETTLING = 300;
const MEGABIT = 1_000_000 / 8;

const { values: flags } = parseArgs({
  options: {
    cases: { type: "string" },
    tools: { type: "string" },
    rounds: { type: "string", default: "5" },
    output: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
const chosenCases = CASES.filter(({ id }) => flags.cases?.split(",").includes(id) ?? true);
const chosenTools = TOOLS.filter(({ name }) => flags.tools?.split(",").some((part) => name.includes(part)) ?? true);

/** An image of a case: what it is, where it goes, and what is to arrive there. */
interface Due extends Pair {
  readonly held: Held;
}

async function namesOf({ images }: Case): Promise<readonly string[]> {
  if (images !== "dify") return images;
  const folder = join(CHECKOUT, "test/fixtures/dify");
  const listed = await listImages(["-f", `${folder}/docker-compose.yaml`, "--env-file", `${folder}/env.example`]);
  return listed.map(({ source }) => source);
}

async function listImages(args: readonly string[]): Promise<readonly Pair[]> {
  const command = [...script("images"), "--ignore", "/dev/null", "--json", ...args] as const;
  const listed = JSON.parse(await must(command, { env: SETTINGS })) as readonly (Pair & { readonly status: string })[];
  return listed.filter(({ status }) => status === "mirror");
}

function composeFile(names: readonly string[]): string {
  return `services:\n${names.map((name, index) => `  s${index + 1}:\n    image: ${name}\n`).join("")}`;
}

async function dueOf(names: readonly string[]): Promise<readonly Due[]> {
  await mkdir(WORK, { recursive: true });
  await writeFile(COMPOSE_FILE, composeFile(names));
  const pairs = await listImages(["-f", COMPOSE_FILE]);
  return Promise.all(
    pairs.map(async ({ source, target }) => {
      const reference = parseReference(source);
      const { registry, repository, tag = "latest" } = reference;
      const held = await heldImage("hub", `${registry}/${repository}`, tag);
      if (held === undefined) throw new Error(`the upstream registry has no ${source}`);
      return { source: formatReference(reference), target, held };
    }),
  );
}

/** Bytes that must cross the wires from a clean slate. */
function leastOf(due: readonly Due[]): Bytes {
  const blobs = new Map(due.flatMap(({ held }) => [...held.blobs]));
  const content = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  const down = due.flatMap(({ held }) => held.manifests).reduce((sum, size) => sum + size, content);
  const up = due.reduce((sum, { held }) => sum + held.manifests.at(-1)!, content);
  return { down, up };
}

async function countRight(due: readonly Due[]): Promise<number> {
  const isRight = await Promise.all(
    due.map(async ({ target, held }) => {
      const { repository, tag = "latest" } = parseReference(target);
      return (await heldImage("acr", repository, tag))?.config === held.config;
    }),
  );
  return isRight.filter(Boolean).length;
}

async function runOnce(tool: Tool, due: readonly Due[], round: number): Promise<Run> {
  await writeFile(COMPOSE_FILE, composeFile(due.map(({ source }) => source)));
  const command = await tool.prepare(due);
  await forgetRequests();
  const before = { wire: await wireBytes(), busy: busySeconds() };
  const { output, ...cost } = await measure(command, {
    environment: tool.environment,
    folders: tool.folders,
    daemons: tool.daemons,
    limitSeconds: LIMIT_SECONDS,
  });
  const busy = busySeconds();
  const others = busy.all - before.busy.all - (busy.bed - before.busy.bed) - cost.cpuSeconds - cost.daemonCpuSeconds;
  const wire = await wireBytes();
  await new Promise((resolve) => setTimeout(resolve, SETTLING));
  const [source, target] = [await requests("hub"), await requests("acr")];
  const right = await countRight(due);
  const askedOf = (log: readonly Logged[]): number => log.filter((each) => !isForToken(each)).length;
  const bytesOf = (log: typeof source): number =>
    log.reduce((sum, { kind, bytes }) => sum + (kind === "token" ? 0 : bytes), 0);
  return {
    round,
    ...cost,
    right,
    requests: {
      source: askedOf(source),
      target: askedOf(target),
      tokens: [...source, ...target].filter(isForToken).length,
    },
    body: { down: bytesOf(source), up: bytesOf(target) },
    wire: { down: wire.down - before.wire.down, up: wire.up - before.wire.up },
    othersShare: Math.max(0, others) / (cost.seconds * cpus().length),
    ...(right === due.length && cost.exit === 0 ? {} : { output: output || "it printed nothing" }),
  };
}

/** A registry's 401 is how a token is asked for. */
function isForToken({ kind, status }: Logged): boolean {
  return kind === "token" || status === 401;
}

function limitOf({ bandwidth }: Link, { down, up }: Bytes): { readonly limitSeconds?: number } {
  return bandwidth === undefined ? {} : { limitSeconds: Math.max(down, up) / (bandwidth * MEGABIT) };
}

async function runCase(each: Case): Promise<readonly StageResult[]> {
  const before = loadavg()[0]!;
  const due = await dueOf(await namesOf(each));
  const least = leastOf(due);
  const runs = new Map<string, Run[]>();
  const plain: number[] = [];
  const [{ link: coldLink }] = each.stages;
  for (let round = 1; round <= rounds; round += 1) {
    // whoever comes first in a round comes last in the next
    const turns = [
      ...chosenTools.slice((round - 1) % chosenTools.length),
      ...chosenTools.slice(0, (round - 1) % chosenTools.length),
    ];
    if (coldLink.roundTrip !== undefined) {
      await setLink(coldLink);
      plain.push(await plainSeconds(least));
    }
    for (const tool of turns) {
      if (round > (each.fewerRounds?.[tool.name] ?? rounds)) continue;
      await cleanSlate();
      for (const stage of each.stages) {
        await setLink(stage.link);
        const key = `${stage.id} ${tool.name}`;
        const done = await runOnce(tool, due, round);
        runs.set(key, [...(runs.get(key) ?? []), done]);
        const { seconds, right, exit, output = "" } = done;
        console.error(
          `${key}, round ${round}: ${seconds.toFixed(1)} s, ${right} of ${due.length} images, exit ${exit}`,
        );
        // there is no second time without a first
        if (output !== "") break;
      }
    }
  }
  await setLink({});
  const tools = await Promise.all(chosenTools.map(async (tool) => ({ tool, version: await versionOf(tool) })));
  return each.stages.map(({ id, title, link }, index) => {
    const isCold = index === 0;
    return {
      id,
      title,
      images: due.length,
      ...(each.note === undefined ? {} : { note: each.note }),
      date: new Date().toISOString().slice(0, 10),
      load: [before, loadavg()[0]!] as const,
      least: isCold ? least : { down: 0, up: 0 },
      ...(isCold ? limitOf(link, least) : {}),
      ...(isCold && plain.length > 0 ? { plainSeconds: plain } : {}),
      tools: tools.map(({ tool: { name, isOwn }, version }): ToolResult => ({
        tool: name,
        isOwn,
        version,
        runs: runs.get(`${id} ${name}`) ?? [],
      })),
    };
  });
}

async function versionOf({ version }: Tool): Promise<string> {
  const { stdout, stderr } = await run(on("ws", version));
  return (stdout || stderr).trim().split("\n")[0] ?? "";
}

async function readResults(file: string): Promise<readonly StageResult[]> {
  try {
    return (JSON.parse(await readFile(file, "utf8")) as Results).stages;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

await seed();
// what tsx keeps of this project's files is there on any machine but in its very first run
for (const name of ["images", "mirror"]) await must(on("ws", [...script(name), "--help"]), { env: SETTINGS });
const resultsFile = join(flags.output ?? join(CHECKOUT, "bench"), "results.json");
const reportFile = join(flags.output ?? join(CHECKOUT, "docs"), "benchmark.md");
const order = CASES.flatMap(({ stages }) => stages.map(({ id }) => id));
let report = "";
if (flags.output !== undefined) await mkdir(flags.output, { recursive: true });
for (const each of chosenCases) {
  const fresh = await runCase(each);
  const isFresh = ({ id }: StageResult): boolean => fresh.some((stage) => stage.id === id);
  // cases that are not measured now stay as they were
  const kept = (await readResults(resultsFile)).filter((stage) => !isFresh(stage) && order.includes(stage.id));
  const results: Results = {
    machine: {
      processor: cpus()[0]?.model ?? "",
      cores: cpus().length,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      kernel: release().split(".", 2).join("."),
      node: process.version,
    },
    stages: [...kept, ...fresh].toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id)),
  };
  report = formatReport(results);
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(reportFile, report);
}
console.log(report);

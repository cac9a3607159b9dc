/**
 * The benchmark. The tools take turns in every round, so that other work on the machine affects all of them alike.
 *   run.ts [--cases a,b,b-large,c,e,e250] [--tools PART,PART] [--rounds N] [--output FOLDER]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../lib/system/process.ts";
import { formatReference, parseReference } from "../lib/image/reference.ts";
import { forgetRequests, requests } from "../test/bed/control.ts";
import type { Logged } from "../test/bed/front.ts";
import { must } from "../test/bed/must.ts";
import { CHECKOUT, SETTINGS } from "../test/bed/state.ts";
import { cleanSlate, type Link, plainSeconds, seed, setLink, type StoredImage, storedImage, wireBytes } from "./bed.ts";
import { type Case, CASES } from "./cases.ts";
import { on } from "./hosts.ts";
import { busySeconds, measure } from "./measure.ts";
import { WORK } from "./places.ts";
import { formatReport } from "./report.ts";
import type { Bytes, Results, Run, StageResult, ToolResult } from "./results.ts";
import { COMPOSE_FILE, type Pair, script, type Tool, TOOLS } from "./tools.ts";

/** A run that takes longer is stopped; the report says so. */
const LIMIT_SECONDS = 600;
/** Milliseconds after which the registries have logged the last request. */
const SETTLING = 300;
/** Bytes. */
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

/** An image of a case, and the content that its target must have. */
interface ExpectedImage extends Pair {
  readonly stored: StoredImage;
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

async function expectedImages(names: readonly string[]): Promise<readonly ExpectedImage[]> {
  await mkdir(WORK, { recursive: true });
  await writeFile(COMPOSE_FILE, composeFile(names));
  const pairs = await listImages(["-f", COMPOSE_FILE]);
  return Promise.all(
    pairs.map(async ({ source, target }) => {
      const reference = parseReference(source);
      const { registry, repository, tag = "latest" } = reference;
      const stored = await storedImage("hub", `${registry}/${repository}`, tag);
      if (stored === undefined) throw new Error(`the upstream registry has no ${source}`);
      return { source: formatReference(reference), target, stored };
    }),
  );
}

/** The least bytes that must be transferred from a clean slate. */
function leastOf(expected: readonly ExpectedImage[]): Bytes {
  const blobs = new Map(expected.flatMap(({ stored }) => [...stored.blobs]));
  const content = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  const down = expected.flatMap(({ stored }) => stored.manifests).reduce((sum, size) => sum + size, content);
  const up = expected.reduce((sum, { stored }) => sum + stored.manifests.at(-1)!, content);
  return { down, up };
}

async function countRight(expected: readonly ExpectedImage[]): Promise<number> {
  const isRight = await Promise.all(
    expected.map(async ({ target, stored }) => {
      const { repository, tag = "latest" } = parseReference(target);
      return (await storedImage("acr", repository, tag))?.config === stored.config;
    }),
  );
  return isRight.filter(Boolean).length;
}

async function runOnce(tool: Tool, expected: readonly ExpectedImage[], round: number): Promise<Run> {
  await writeFile(COMPOSE_FILE, composeFile(expected.map(({ source }) => source)));
  const command = await tool.prepare(expected);
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
  const right = await countRight(expected);
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
    ...(right === expected.length && cost.exit === 0 ? {} : { output: output || "(no output)" }),
  };
}

/** A 401 is the registry's challenge that starts a token request (distribution-spec, token authentication). */
function isForToken({ kind, status }: Logged): boolean {
  return kind === "token" || status === 401;
}

function limitOf({ bandwidth }: Link, { down, up }: Bytes): { readonly limitSeconds?: number } {
  return bandwidth === undefined ? {} : { limitSeconds: Math.max(down, up) / (bandwidth * MEGABIT) };
}

async function runCase(each: Case): Promise<readonly StageResult[]> {
  const before = loadavg()[0]!;
  const expected = await expectedImages(await namesOf(each));
  const least = leastOf(expected);
  const runs = new Map<string, Run[]>();
  const plain: number[] = [];
  const [{ link: coldLink }] = each.stages;
  for (let round = 1; round <= rounds; round += 1) {
    // the first tool of a round is the last one of the next
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
        const done = await runOnce(tool, expected, round);
        runs.set(key, [...(runs.get(key) ?? []), done]);
        const { seconds, right, exit, output = "" } = done;
        console.error(
          `${key}, round ${round}: ${seconds.toFixed(1)} s, ${right} of ${expected.length} images, exit ${exit}`,
        );
        // a later stage needs what this one should have left
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
      images: expected.length,
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
// fills tsx's cache of compiled files, so that no measured run has to
for (const name of ["images", "mirror"]) await must(on("ws", [...script(name), "--help"]), { env: SETTINGS });
const resultsFile = join(flags.output ?? join(CHECKOUT, "bench"), "results.json");
const reportFile = join(flags.output ?? join(CHECKOUT, "docs"), "benchmark.md");
const order = CASES.flatMap(({ stages }) => stages.map(({ id }) => id));
let report = "";
if (flags.output !== undefined) await mkdir(flags.output, { recursive: true });
for (const each of chosenCases) {
  const fresh = await runCase(each);
  const isFresh = ({ id }: StageResult): boolean => fresh.some((stage) => stage.id === id);
  // keep the results of the cases that are not measured now
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

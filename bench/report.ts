/** Formats the results as a page: a table for each stage, and whether the targets are met. */
import {
  isComplete,
  median,
  medianOf,
  PLAIN_CONNECTIONS,
  type Results,
  type Run,
  type StageResult,
  type ToolResult,
} from "./results.ts";

const MB = 1_000_000;
/** A cost that grows by up to this factor more than its cause counts as linear. */
const LINEAR = 1.1;

export function formatReport(results: Results): string {
  const { machine, stages } = results;
  const versions = new Map(stages.flatMap(({ tools }) => tools.map(({ tool, version }) => [tool, version])));
  return [
    "# Benchmark",
    "",
    "`npm run bench` (Debian 12, as root) measures this on any machine and writes this page and `bench/results.json`,",
    "which has every single run. All tools copy the same images between the same two registries, CNCF distribution 2.8",
    "behind a TLS front that asks for tokens and sends Docker Hub's blobs from another host. They take turns in every",
    "round; a figure is the median of a tool's rounds. Bandwidth is shaped on the workstation's network device, every",
    "packet is delayed on its way, and a proxy at the registries cuts connections.",
    "",
    `Measured on ${machine.cores} cores of ${machine.processor || "an unnamed processor"} with ${machine.memory},`,
    `kernel ${machine.kernel}, Node ${machine.node}; the registries run on the same cores.`,
    "compose-mirror is started as `task mirror` starts it, with limits for Node's heap; without them it takes more memory.",
    "",
    ...[...versions].map(([tool, version]) => `- ${tool}: ${version}`),
    "",
    'CPU is user and system time of the tool and its children, "+" that of its daemon. Memory is the most that the',
    'tool and its children had resident at once, "+" that of its daemon. Disk is the most that the tool kept at once.',
    'Requests are those that a registry answered, "+" those for tokens: the 401 that asks for one, and the token',
    "server's answer. Bytes are what crossed the workstation's network device, TLS and TCP included; in parentheses,",
    "what that is more than the least possible.",
    ...stages.flatMap(stageSection),
    "",
    ...targetSection(stages),
    "",
  ].join("\n");
}

/** Share of the machine that other work took in the median run. */
function othersOf({ tools }: StageResult): number {
  return median(tools.flatMap(({ runs }) => runs.map(({ othersShare }) => othersShare)));
}

function stageSection(stage: StageResult): readonly string[] {
  const { id, title, images, least, limitSeconds, tools, note, date, load } = stage;
  const rows = tools.filter(({ runs }) => runs.length > 0).map((tool) => row(stage, tool));
  return [
    "",
    `## (${id}) ${title}`,
    "",
    least.down === 0
      ? "Least possible: no content in either direction."
      : `Least possible: ${megabytes(least.down)} down, ${megabytes(least.up)} up` +
        (limitSeconds === undefined ? "." : `; the link takes ${limitSeconds.toFixed(1)} s for that.`),
    ...plainLines(stage),
    `${date}, load average ${load[0].toFixed(1)} before and ${load[1].toFixed(1)} after; other work took`,
    `${percent(othersOf(stage))} of the machine in the median run.`,
    ...(note === undefined ? [] : [note]),
    "",
    "| tool | rounds | images there | wall s (least to most) | CPU s | memory MB | disk MB | requests source, target | MB down | MB up |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    ...(tools.some(({ runs }) => runs.some(({ isLate }) => isLate))
      ? ["", `Runs were stopped after ${LIMIT_NOTE}.`]
      : []),
    ...(rows.length > 0 && images > 0 ? [] : ["", "Nothing was measured."]),
  ];
}

/** What plain HTTP transfers reach on the link. */
function plainLines({ plainSeconds }: StageResult): readonly string[] {
  if (plainSeconds === undefined) return [];
  const [middle, least, most] = [median(plainSeconds), Math.min(...plainSeconds), Math.max(...plainSeconds)];
  return [
    `${PLAIN_CONNECTIONS} plain HTTP transfers each way, all at once, take ${inSeconds(middle)} s (${inSeconds(least)} to`,
    `${inSeconds(most)}) for the same bytes: no login, no manifests, no checks, and uploads do not wait for downloads.`,
  ];
}

const LIMIT_NOTE = "10 minutes";

function row(stage: StageResult, tool: ToolResult): readonly string[] {
  const { images, least } = stage;
  const { runs } = tool;
  const figure = (read: (run: Run) => number): number => medianOf(tool, read);
  const walls = runs.map(({ seconds }) => seconds);
  const right = runs.map((run) => run.right);
  const there =
    Math.min(...right) === Math.max(...right) ? `${right[0]}` : `${Math.min(...right)} to ${Math.max(...right)}`;
  const tokens = figure(({ requests }) => requests.tokens);
  return [
    tool.tool,
    String(runs.length),
    `${there} of ${images}${runs.every(({ exit }) => exit === 0) ? "" : ", failed"}`,
    `${inSeconds(figure((run) => run.seconds))} (${inSeconds(Math.min(...walls))} to ${inSeconds(Math.max(...walls))})`,
    plus(
      inSeconds(figure((run) => run.cpuSeconds)),
      figure((run) => run.daemonCpuSeconds),
      inSeconds,
    ),
    plus(
      inWholeMegabytes(figure((run) => run.memory)),
      figure((run) => run.daemonMemory),
      inWholeMegabytes,
    ),
    inWholeMegabytes(figure((run) => run.disk)),
    `${figure(({ requests }) => requests.source)}, ${figure(({ requests }) => requests.target)} + ${tokens}`,
    overLeast(
      figure(({ wire }) => wire.down),
      least.down,
    ),
    overLeast(
      figure(({ wire }) => wire.up),
      least.up,
    ),
  ];
}

/** A figure of the tool, and that of its daemon if there is one. */
function plus(main: string, extra: number, text: (value: number) => string): string {
  return extra === 0 ? main : `${main} + ${text(extra)}`;
}

function targetSection(stages: readonly StageResult[]): readonly string[] {
  const lines = [...stages.flatMap(targetsOf), ...growthOf(stages)];
  return lines.length === 0 ? [] : ["## Targets", "", ...lines.map((line) => `- ${line}`)];
}

function wall(tool: ToolResult): number {
  return medianOf(tool, (run) => run.seconds);
}

/** The engine that the targets are for, if it was measured. */
function directOf({ tools }: StageResult): ToolResult | undefined {
  return tools.find(({ tool, runs }) => tool.endsWith("direct") && runs.length > 0);
}

/** Whether four times as many images take four times as long. */
function growthOf(stages: readonly StageResult[]): readonly string[] {
  return ["", "-warm"].flatMap((warm) => {
    const [many, few] = [`e${warm}`, `e250${warm}`].map((id) =>
      stages
        .filter((stage) => stage.id === id)
        .map(directOf)
        .at(0),
    );
    if (many === undefined || few === undefined) return [];
    const growth = wall(many) / wall(few);
    const verdict = growth <= 4 * LINEAR ? "met" : "**not met**";
    return [`(e${warm}) 1,000 images take ${growth.toFixed(1)} times as long as 250, linear is 4: ${verdict}`];
  });
}

/** The targets of the direct engine in a stage, and whether they are met. */
function targetsOf(stage: StageResult): readonly string[] {
  const direct = directOf(stage);
  if (direct === undefined) return [];
  const peers = stage.tools.filter((tool) => !tool.isOwn && tool.runs.length > 0 && isComplete(stage, tool));
  const fastest = peers.toSorted((a, b) => wall(a) - wall(b))[0];
  const say = (text: string, isMet: boolean): string => `(${stage.id}) ${text}: ${isMet ? "met" : "**not met**"}`;
  const toFastest = (part: number, words: string): readonly string[] => {
    if (fastest === undefined) return [`(${stage.id}) no other tool copied every image`];
    const isMet = wall(direct) <= part * wall(fastest);
    return [say(`${inSeconds(wall(direct))} s, ${words} of ${fastest.tool}, ${inSeconds(wall(fastest))} s`, isMet)];
  };
  const complete = isComplete(stage, direct) ? [] : [say("every image arrives in every round", false)];
  const ask = medianOf(direct, ({ requests }) => requests.source + requests.target);
  switch (stage.id) {
    case "a":
      return [...complete, ...toFastest(1, "no more than the time")];
    case "b":
    case "b-large": {
      const ratio = wall(direct) / (stage.limitSeconds ?? 0);
      return [
        ...complete,
        say(`${ratio.toFixed(2)} times what the link takes, no more than 1.10`, ratio <= 1.1),
        ...toPlain(stage, wall(direct)),
        ...toFastest(1, "no more than the time"),
      ];
    }
    case "c": {
      const extra = Math.max(
        medianOf(direct, ({ wire }) => wire.down / stage.least.down),
        medianOf(direct, ({ wire }) => wire.up / stage.least.up),
      );
      return [...complete, say(`${percent(extra - 1)} more bytes than the least, no more than 5 %`, extra <= 1.05)];
    }
    case "d":
    case "d-fast":
      return [
        ...complete,
        say(`${ask} requests for ${stage.images} images, no more than 2 for each`, ask <= 2 * stage.images),
        ...toFastest(0.5, "no more than half the time"),
      ];
    case "e":
    case "e-warm": {
      const memory = medianOf(direct, (run) => run.memory);
      return [...complete, say(`${inWholeMegabytes(memory)} MB of memory, no more than 150`, memory <= 150 * MB)];
    }
    default:
      return complete;
  }
}

/** The time as a ratio to the best plain transfer; not a target. */
function toPlain({ id, plainSeconds }: StageResult, seconds: number): readonly string[] {
  if (plainSeconds === undefined) return [];
  return [`(${id}) ${(seconds / Math.min(...plainSeconds)).toFixed(2)} times what plain transfers take at their best`];
}

function inSeconds(value: number): string {
  return value.toFixed(value < 9.95 ? 2 : 1);
}

function inWholeMegabytes(value: number): string {
  return String(Math.round(value / MB));
}

function megabytes(value: number): string {
  return `${(value / MB).toFixed(1)} MB`;
}

function overLeast(value: number, least: number): string {
  const text = (value / MB).toFixed(1);
  return least === 0 ? text : `${text} (${percent(value / least - 1)})`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

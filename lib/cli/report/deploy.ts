/** How work on hosts is shown: one row for all of them, the step and its last line for each, a table at the end. */
import type { Config } from "../../config/config.ts";
import { type DeployStage, deployTo, type HostStatus, type KeptRelease } from "../../deploy/deploy.ts";
import type { DeployResult } from "../../deploy/execute.ts";
import { stateText } from "../../deploy/host/containers.ts";
import type { Drift } from "../../deploy/host/drift.ts";
import type { DeployOptions } from "../../deploy/options.ts";
import { MirrorError } from "../../messages/errors.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import type { Context } from "../command.ts";
import { HostBoard } from "./host-board.ts";
import { planHead, rollbackHead, sentLines, stepTitle } from "./deploy-plan.ts";
import { formatTable } from "../format.ts";
import type { Row } from "../pipeline.ts";
import { errorText } from "./images.ts";
import type { Terminal } from "../output.ts";
import { withSpinner } from "../spinner.ts";
import { portsText, webAddresses } from "./web-addresses.ts";

/** What became of one host; exactly one of `result` and `error` is there. */
export interface HostOutcome {
  readonly host: string;
  readonly result?: DeployResult | HostStatus;
  readonly error?: unknown;
}

export function deployTitle(terminal: Terminal, hosts: readonly string[]): string {
  if (hosts.length === 0) return terminal.text("stepDeployNowhere");
  return terminal.text("stepDeploy", { host: hosts.join(", ") });
}

/**
 * Why a mirrored project is not deployed: no host was named, or `unmirrored` images are at no mirror, and the host might
 * not reach their registries.
 */
export function skipDeploy(
  { config, terminal }: Pick<Context, "config" | "terminal">,
  unmirrored: readonly Transfer[],
): string | undefined {
  if (config.hosts.length === 0) return terminal.text("skipNoHost");
  return unmirrored.length === 0 ? undefined : terminal.text("skipOthers", { count: unmirrored.length });
}

/** Deploys to all hosts at once and shows it in `row`. Throws `interrupted` only. */
export async function showDeploy(
  context: Pick<Context, "terminal" | "recorder">,
  row: Row,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<readonly HostOutcome[]> {
  return showWork(context, row, hosts, (host, onStage) => deployTo(host, options, onStage));
}

/** Does `work` for all hosts at once and shows it in `row`. Throws as `onEveryHost` does. */
export async function showWork(
  { terminal, recorder }: Pick<Context, "terminal" | "recorder">,
  row: Row,
  hosts: readonly string[],
  work: (host: string, onStage: (stage: DeployStage) => void) => Promise<DeployResult>,
): Promise<readonly HostOutcome[]> {
  const boards = new Map<string, HostBoard>();
  const prefix = (host: string): string => (hosts.length === 1 ? "" : `${host}: `);
  const show = (host: string, stage: DeployStage): void => {
    recorder.stage(host, stage);
    const { live, notes } = stageLines(terminal, stage);
    for (const note of notes) row.note(prefix(host) + note);
    boards.get(host)?.take(stage, live);
    const shown = [...boards];
    row.live(
      shown.map(([name, board]) => prefix(name) + board.summary()),
      shown.flatMap(([, board]) => board.rows()),
    );
  };
  const outcomes = await onEveryHost(hosts, async (host) => {
    boards.set(host, new HostBoard(terminal));
    try {
      return await work(host, (stage) => show(host, stage));
    } finally {
      boards.delete(host);
    }
  });
  for (const outcome of outcomes) recorder.host(outcome);
  return outcomes;
}

/** Does `work` for all hosts at once. Throws `interrupted` only. */
export async function onEveryHost(
  hosts: readonly string[],
  work: (host: string) => Promise<DeployResult>,
): Promise<readonly HostOutcome[]> {
  const outcomes = await Promise.all(
    hosts.map((host) =>
      work(host).then(
        (result): HostOutcome => ({ host, result }),
        (error: unknown): HostOutcome => ({ host, error }),
      ),
    ),
  );
  const interrupted = outcomes.find(({ error }) => error instanceof MirrorError && error.code === "interrupted");
  if (interrupted !== undefined) throw interrupted.error;
  return outcomes;
}

/** Gives the result, then does what `reportFailedHosts` does. */
export function reportDeploy(
  terminal: Terminal,
  { json }: Pick<Config, "json">,
  outcomes: readonly HostOutcome[],
): boolean {
  if (json) terminal.json(deployJson(outcomes));
  else for (const outcome of outcomes) reportHost(terminal, outcome, outcomes.length > 1);
  return reportFailedHosts(terminal, outcomes);
}

/** Says which of several hosts failed and why, and gives whether all went well; throws the only host's error. */
export function reportFailedHosts(terminal: Terminal, outcomes: readonly HostOutcome[]): boolean {
  const [only, ...others] = outcomes;
  if (only?.error !== undefined && others.length === 0) throw only.error;
  for (const { host, error } of outcomes) {
    if (error !== undefined) terminal.note(`✖ ${host}\n${terminal.explain(error)}`);
  }
  return allWell(outcomes);
}

export function allWell(outcomes: readonly HostOutcome[]): boolean {
  return outcomes.every(({ error }) => error === undefined);
}

/** What `--json` shows: one object for one host, an array for several. */
export function deployJson(outcomes: readonly HostOutcome[]): unknown {
  const rows = outcomes.map(({ host, result, error }) =>
    result === undefined ? { host, error: errorText(error) } : result,
  );
  return rows.length === 1 ? rows[0] : rows;
}

function reportHost(terminal: Terminal, { host, result }: HostOutcome, isOneOfMany: boolean): void {
  if (result === undefined) return;
  if (isOneOfMany) terminal.result(`${host}:`);
  const { dir, services } = result;
  if (services.length === 0) terminal.result(terminal.text("noContainers", { host, dir }));
  else if ("drift" in result) showContainers(terminal, result);
  else terminal.result(formatTable(services.map((service) => [service.name, stateText(service), service.image])));
  if ("drift" in result) for (const line of statusLines(terminal, result)) terminal.note(line);
}

/** Every container with what matters of it, below a head. */
function showContainers(terminal: Terminal, { containers, orphans, drift }: HostStatus): void {
  const driftOf = (name: string): string =>
    orphans.includes(name)
      ? terminal.text("statusOrphan")
      : drift
          .filter(({ service }) => service === name)
          .map(({ kind }) => kind)
          .join(", ");
  const head = (
    [
      "columnService",
      "columnState",
      "columnHealth",
      "columnSince",
      "columnRestarts",
      "columnPorts",
      "columnImage",
      "columnDrift",
    ] as const
  ).map((code) => terminal.text(code));
  const rows = containers.map((container) => {
    const { name, health = "", startedAt, restarts, image } = container;
    const since = /^\d{4}-\d\d-\d\dT[\d:]+/.exec(startedAt)?.[0] ?? "";
    const state = stateText({ ...container, health: undefined });
    return [name, state, health, since, String(restarts), portsText(container), image, driftOf(name)];
  });
  terminal.table(head, rows);
}

function statusLines(
  terminal: Terminal,
  { host, containers, release, deployed, history, unfinished, drift }: HostStatus,
): readonly string[] {
  return [
    ...webAddresses(host, containers).map((address) => terminal.text("statusOpen", address)),
    release === undefined
      ? terminal.text("statusNoRelease")
      : terminal.text("statusRelease", { release, time: deployed ?? "" }),
    ...releaseLines(terminal, withoutOlderFailures(history)),
    ...unfinished.map((id) =>
      terminal.text("warning", { text: terminal.text("statusUnfinished", { time: timeOf(id) }) }),
    ),
    ...drift.map((each) => terminal.text("warning", { text: driftText(terminal, each) })),
  ];
}

/** `rollback --list` shows all that failed; here the last one is enough. */
function withoutOlderFailures(history: readonly KeptRelease[]): readonly KeptRelease[] {
  const last = history.findLast(({ state }) => state === "failed");
  return history.filter((release) => release.state !== "failed" || release === last);
}

function driftText(terminal: Terminal, drift: Drift): string {
  const { service } = drift;
  switch (drift.kind) {
    case "missing":
      return terminal.text("drift-missing", { service });
    case "other-image":
      return terminal.text("drift-other-image", { service });
    case "behind-lock":
      return terminal.text("drift-behind-lock", { service, found: drift.found, expected: drift.expected });
  }
}

/** The releases that a host keeps, below a head; nothing where there are none. */
function releaseLines(terminal: Terminal, history: readonly KeptRelease[]): readonly string[] {
  if (history.length === 0) return [];
  const head = (["columnRelease", "columnDeployed", "columnState", "columnImages"] as const).map((code) =>
    terminal.text(code),
  );
  const rows = history.map(({ id, time, state, images }) => [
    id,
    time,
    terminal.text(`release-${state}`),
    [...new Set(Object.values(images))].join(" "),
  ]);
  return formatTable([head, ...rows]).split("\n");
}

/** Shows the releases of every host, looked at but not touched. Gives whether every host answered. */
export async function showReleases(
  terminal: Terminal,
  { json }: Pick<Config, "json">,
  hosts: readonly string[],
  status: (host: string) => Promise<HostStatus>,
): Promise<boolean> {
  const found = await withSpinner(terminal, terminal.text("lookingAt", { host: hosts.join(", ") }), () =>
    Promise.all(hosts.map(status)),
  );
  const rows = found.map(({ host, dir, history }) => ({ host, dir, releases: history }));
  if (json) terminal.json(rows.length === 1 ? rows[0] : rows);
  else {
    for (const { host, dir, releases } of rows) {
      if (hosts.length > 1) terminal.result(`${host}:`);
      terminal.result(
        releases.length === 0
          ? terminal.text("noContainers", { host, dir })
          : releaseLines(terminal, releases).join("\n"),
      );
    }
  }
  return true;
}

/** When a release was started, from its id. */
function timeOf(id: string): string {
  return id.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*$/, "$1-$2-$3 $4:$5:$6Z");
}

/** What a stage shows for as long as it lasts, and what stays. */
function stageLines(
  terminal: Terminal,
  stage: DeployStage,
): { readonly live?: string; readonly notes: readonly string[] } {
  switch (stage.kind) {
    case "connecting":
    case "probing":
      return { live: terminal.text(`deploy-${stage.kind}`), notes: [] };
    case "planned":
      return { notes: planHead(terminal, stage.plan) };
    case "rolling-back":
      return { notes: rollbackHead(terminal, stage.plan) };
    case "unchanged":
      return { notes: [terminal.text("deploy-unchanged")] };
    case "locked":
      return { notes: [terminal.text("deploy-locked", { holder: stage.holder })] };
    case "started":
      return {
        live: stepTitle(terminal, stage.step),
        // What leaves this machine is always named.
        notes: [
          ...(terminal.interactive && stage.step.files === undefined ? [] : [stepTitle(terminal, stage.step)]),
          ...sentLines(stage.step),
        ],
      };
    case "line":
      return { live: `${stepTitle(terminal, stage.step)}  ${stage.line}`, notes: [] };
    case "waiting": {
      const { services } = stage;
      const live =
        services.length === 0 ? terminal.text("deployHealthy") : terminal.text("deployWaitingFor", { services });
      return { live, notes: terminal.interactive ? [] : [live] };
    }
    case "layer":
    case "finished":
      return { notes: [] };
    case "returning":
      return { notes: [terminal.text("deploy-returning", { reason: messageOf(terminal, stage.error) })] };
    case "left":
      return {
        notes: [
          terminal.text(`deploy-left-${stage.state}`),
          ...(stage.error === undefined ? [] : terminal.explain(stage.error).split("\n")),
        ],
      };
  }
}

/** The first line of what went wrong; the end says it all. */
function messageOf(terminal: Terminal, error: unknown): string {
  return terminal.errorJson(error).message.split("\n")[0]!;
}

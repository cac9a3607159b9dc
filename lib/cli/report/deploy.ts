/** How work on hosts is shown: one row for all of them, the step and its last line for each, a table at the end. */
import type { Config } from "../../config/config.ts";
import { type DeployOptions, type DeployStage, deployTo, type HostStatus } from "../../deploy/deploy.ts";
import type { DeployResult } from "../../deploy/execute.ts";
import type { ServiceState } from "../../deploy/host/containers.ts";
import { MirrorError } from "../../messages/errors.ts";
import type { Context } from "../command.ts";
import { planHead } from "./deploy-plan.ts";
import { stepTitle } from "./step-title.ts";
import { formatTable } from "../format.ts";
import type { Row } from "../pipeline.ts";
import { errorText } from "./images.ts";
import type { Terminal } from "../output.ts";

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
  const doing = new Map<string, string>();
  const prefix = (host: string): string => (hosts.length === 1 ? "" : `${host}: `);
  const show = (host: string, stage: DeployStage): void => {
    recorder.stage(host, stage);
    const { live, notes } = stageLines(terminal, stage);
    for (const note of notes) row.note(prefix(host) + note);
    if (live === undefined) return;
    doing.set(host, live);
    row.live([...doing].map(([name, text]) => prefix(name) + text).join("\n"));
  };
  const outcomes = await onEveryHost(hosts, async (host) => {
    try {
      return await work(host, (stage) => show(host, stage));
    } finally {
      doing.delete(host);
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
  terminal.result(
    services.length === 0
      ? terminal.text("noContainers", { host, dir })
      : formatTable(services.map((service) => [service.name, stateOf(service), service.image])),
  );
  if ("drift" in result) for (const line of statusLines(terminal, result)) terminal.note(line);
}

function statusLines(terminal: Terminal, { release, deployed, releases, drift }: HostStatus): readonly string[] {
  return [
    release === undefined
      ? terminal.text("statusNoRelease")
      : terminal.text("statusRelease", { release, time: deployed ?? "" }),
    ...(releases.length === 0 ? [] : [terminal.text("statusKept", { releases: releases.join(", ") })]),
    ...drift.map((each) =>
      terminal.text("warning", { text: terminal.text(`drift-${each.kind}`, { ...each } as never) }),
    ),
  ];
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
    case "locked":
      return { notes: [terminal.text("deploy-locked", { holder: stage.holder })] };
    case "started":
      return {
        live: stepTitle(terminal, stage.step),
        notes: terminal.interactive ? [] : [stepTitle(terminal, stage.step)],
      };
    case "line":
      return { live: `${stepTitle(terminal, stage.step)}  ${stage.line}`, notes: [] };
    case "waiting": {
      const names = stage.services.join(", ");
      const live = names === "" ? terminal.text("deployWell") : terminal.text("deployWaitingFor", { services: names });
      return { live, notes: terminal.interactive ? [] : [live] };
    }
    case "finished":
      return { notes: [] };
    case "returning":
      return { notes: [terminal.text("deploy-returning", { reason: messageOf(stage.error) })] };
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
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

function stateOf({ state, health, exitCode }: ServiceState): string {
  if (health !== undefined && state === "running") return `${state} (${health})`;
  return exitCode === undefined ? state : `${state} (${exitCode})`;
}

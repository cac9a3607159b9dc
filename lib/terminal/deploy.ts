/** How a deploy is shown: one row for all hosts, the step and its last line for each while it runs, a table at the end. */
import type { CheckWarning } from "../check.ts";
import type { Config } from "../config.ts";
import { type DeployOptions, type DeployStage, deployTo, planFor } from "../deploy/deploy.ts";
import type { DeployResult } from "../deploy/execute.ts";
import type { DeployPlan, DeployStep } from "../deploy/plan.ts";
import { commandLine } from "../quote.ts";
import type { ServiceState } from "../deploy/status.ts";
import { MirrorError } from "../errors.ts";
import { formatBytes, formatTable } from "./format.ts";
import type { Row } from "./pipeline.ts";
import type { Terminal } from "./terminal.ts";

/** What became of one host; exactly one of `result` and `error` is there. */
export interface HostOutcome {
  readonly host: string;
  readonly result?: DeployResult;
  readonly error?: unknown;
}

/** Deploys to all hosts at once and shows it in `row`. Throws `interrupted`, and the only host's error. */
export async function showDeploy(
  terminal: Terminal,
  row: Row,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<readonly HostOutcome[]> {
  const doing = new Map<string, string>();
  const prefix = (host: string): string => (hosts.length === 1 ? "" : `${host}: `);
  const show = (host: string, stage: DeployStage): void => {
    const line = stageLine(terminal, stage);
    if (stage.kind === "planned") for (const text of planHead(terminal, stage.plan)) row.note(prefix(host) + text);
    else if (stage.kind === "left") row.note(prefix(host) + line);
    else if (stage.kind === "started" && !terminal.interactive) row.note(prefix(host) + line);
    if (stage.kind === "finished") return;
    const step = stage.kind === "line" ? `${stepTitle(terminal, stage.step)}  ${stage.line}` : line;
    doing.set(host, step);
    row.live([...doing].map(([name, text]) => prefix(name) + text).join("\n"));
  };
  return onEveryHost(hosts, async (host) => {
    try {
      return await deployTo(host, options, (stage) => show(host, stage));
    } finally {
      doing.delete(host);
    }
  });
}

/** Does `work` for all hosts at once. Throws `interrupted`, and the only host's error. */
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
  const fatal = outcomes.find(
    ({ error }) =>
      (error instanceof MirrorError && error.code === "interrupted") || (error !== undefined && hosts.length === 1),
  );
  if (fatal !== undefined) throw fatal.error;
  return outcomes;
}

/** Gives the result and says which hosts failed and why; gives whether all went well. */
export function reportDeploy(
  terminal: Terminal,
  { json }: Pick<Config, "json">,
  outcomes: readonly HostOutcome[],
): boolean {
  if (json) terminal.json(deployJson(outcomes));
  else for (const outcome of outcomes) reportServices(terminal, outcome, outcomes.length > 1);
  return reportFailedHosts(terminal, outcomes);
}

/** Says which hosts failed and why; gives whether all went well. */
export function reportFailedHosts(terminal: Terminal, outcomes: readonly HostOutcome[]): boolean {
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
    result === undefined ? { host, error: error instanceof Error ? error.message : String(error) } : result,
  );
  return rows.length === 1 ? rows[0] : rows;
}

/** The plan of every host, looked at but not touched. */
export async function dryRunOf(
  terminal: Terminal,
  { json }: Pick<Config, "json">,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const plans = await Promise.all(hosts.map((host) => planFor(host, options)));
  if (json) return terminal.json(plans.length === 1 ? plans[0] : plans);
  terminal.result([terminal.text("planTitle"), ...plans.flatMap((plan) => planLines(terminal, plan))].join("\n"));
}

function planLines(terminal: Terminal, plan: DeployPlan): readonly string[] {
  return [
    terminal.text("planDeploy", { host: plan.host, dir: plan.dir }),
    ...planHead(terminal, plan).map((line) => `  ${line}`),
    ...plan.steps.flatMap((step) => [
      `  ${stepTitle(terminal, step)}`,
      `    ${terminal.text("planRun", { command: commandLine(step.command) })}`,
    ]),
  ];
}

function reportServices(terminal: Terminal, { host, result }: HostOutcome, isOneOfMany: boolean): void {
  if (result === undefined) return;
  if (isOneOfMany) terminal.result(`${host}:`);
  const { dir, services } = result;
  terminal.result(
    services.length === 0
      ? terminal.text("noContainers", { host, dir })
      : formatTable(services.map((service) => [service.name, stateOf(service), service.image])),
  );
}

export function warningLine(terminal: Terminal, { code, values }: CheckWarning): string {
  const shown = typeof values["bytes"] === "number" ? { ...values, bytes: formatBytes(values["bytes"]) } : values;
  return terminal.text("warning", { text: terminal.text(`warning-${code}`, shown) });
}

function planHead(terminal: Terminal, { host, probe, compose, warnings }: DeployPlan): readonly string[] {
  const { user, system, platform, engine } = probe;
  const place = terminal.text("deployHost", {
    host,
    user,
    system,
    platform,
    engine: `${engine?.kind ?? ""} ${engine?.server ?? engine?.client ?? ""}`.trim(),
    compose: compose.version,
  });
  return [place, ...warnings.map((warning) => warningLine(terminal, warning))];
}

function stageLine(terminal: Terminal, stage: DeployStage): string {
  switch (stage.kind) {
    case "connecting":
    case "probing":
      return terminal.text(`deploy-${stage.kind}`);
    case "planned":
      return "";
    case "left":
      return terminal.text(`deploy-left-${stage.state}`);
    default:
      return stepTitle(terminal, stage.step);
  }
}

function stepTitle(terminal: Terminal, { kind, values }: DeployStep): string {
  return terminal.text(`deploy-${kind}`, values);
}

function stateOf({ state, health, exitCode }: ServiceState): string {
  if (health !== undefined && state === "running") return `${state} (${health})`;
  return exitCode === undefined ? state : `${state} (${exitCode})`;
}

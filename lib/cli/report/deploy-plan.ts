/** A deploy or rollback before it happens: what a dry run shows. */
import type { CheckWarning } from "../../preflight.ts";
import type { Config } from "../../config/config.ts";
import { type DeployOptions, planFor, rollbackPlanFor } from "../../deploy/deploy.ts";
import type { DeployPlan, ServiceChange } from "../../deploy/plan/plan.ts";
import type { RollbackPlan } from "../../deploy/plan/rollback.ts";
import type { DeployStep } from "../../deploy/plan/steps.ts";
import { commandLine } from "../../system/shell-quote.ts";
import { formatBytes } from "../../messages/format.ts";
import { withSpinner } from "../spinner.ts";
import { stepTitle } from "./step-title.ts";
import type { Terminal } from "../output.ts";

/** Shows the plan of every host, looked at but not touched. */
export async function dryRunOf(
  terminal: Terminal,
  config: Pick<Config, "json">,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const plans = await lookAt(terminal, hosts, (host) => planFor(host, options));
  show(terminal, config, plans, (plan) => planLines(terminal, plan));
}

/** Shows what going back would do on every host. */
export async function rollbackDryRunOf(
  terminal: Terminal,
  config: Pick<Config, "json">,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const plans = await lookAt(terminal, hosts, (host) => rollbackPlanFor(host, options));
  show(terminal, config, plans, (plan) => rollbackLines(terminal, plan));
}

function lookAt<Plan>(
  terminal: Terminal,
  hosts: readonly string[],
  look: (host: string) => Promise<Plan>,
): Promise<readonly Plan[]> {
  const text = terminal.text("lookingAt", { host: hosts.join(", ") });
  return withSpinner(terminal, text, () => Promise.all(hosts.map(look)));
}

/** Where a plan leads and what is to be said about it. */
export function planHead(terminal: Terminal, { host, probe, compose, warnings }: DeployPlan): readonly string[] {
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

export function warningLine(terminal: Terminal, { code, values }: CheckWarning): string {
  const shown = typeof values["bytes"] === "number" ? { ...values, bytes: formatBytes(values["bytes"]) } : values;
  return terminal.text("warning", { text: terminal.text(`warning-${code}`, shown as never) });
}

function show<Plan>(
  terminal: Terminal,
  { json }: Pick<Config, "json">,
  plans: readonly Plan[],
  lines: (plan: Plan) => readonly string[],
): void {
  if (json) terminal.json(plans.length === 1 ? plans[0] : plans);
  else terminal.result([terminal.text("planTitle"), ...plans.flatMap(lines)].join("\n"));
}

function planLines(terminal: Terminal, plan: DeployPlan): readonly string[] {
  const { host, dir, shipped, kept, changes, hold, steps, rollback } = plan;
  return [
    terminal.text("planDeploy", { host, dir }),
    ...planHead(terminal, plan),
    ...changes.map((change) => changeLine(terminal, change)),
    ...downloadLines(terminal, plan),
    terminal.text("planSend", { files: shipped.map(({ name }) => name).join(", ") }),
    ...(kept.length === 0 ? [] : [terminal.text("planKept", { files: kept.join(", ") })]),
    terminal.text("planLock"),
    ...commandLines(terminal, hold),
    ...stepLines(terminal, steps),
    ...(rollback.length === 0 ? [] : [terminal.text("planReturn"), ...indented(stepLines(terminal, rollback))]),
  ].map((line, index) => (index === 0 ? line : `  ${line}`));
}

function rollbackLines(terminal: Terminal, { host, dir, hold, steps }: RollbackPlan): readonly string[] {
  return [
    terminal.text("planDeploy", { host, dir }),
    ...indented([terminal.text("planLock"), ...commandLines(terminal, hold), ...stepLines(terminal, steps)]),
  ];
}

function stepLines(terminal: Terminal, steps: readonly DeployStep[]): readonly string[] {
  return steps.flatMap((step) => [stepTitle(terminal, step), ...commandLines(terminal, step.command)]);
}

function commandLines(terminal: Terminal, command: readonly string[]): readonly string[] {
  return [`  ${terminal.text("planRun", { command: commandLine(command) })}`];
}

function changeLine(terminal: Terminal, { service, from, to }: ServiceChange): string {
  return from === undefined
    ? terminal.text("planNew", { service, to: imageOf(to) })
    : terminal.text("planChange", { service, from: imageOf(from), to: imageOf(to) });
}

function imageOf({ image, digest }: ServiceChange["to"]): string {
  return digest === undefined ? image : `${image} (${digest.slice(0, "sha256:".length + 12)})`;
}

/** What pulling may need against what is free, where the lock tells sizes and the host its space. */
function downloadLines(terminal: Terminal, { downloadBytes, probe }: DeployPlan): readonly string[] {
  const free = probe.engine?.freeBytes;
  return downloadBytes === undefined || free === undefined
    ? []
    : [terminal.text("planDownload", { bytes: formatBytes(downloadBytes), free: formatBytes(free) })];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** A deploy or rollback before it happens: what a dry run shows. Commands are shown with `--verbose`. */
import type { Config } from "../../config/config.ts";
import { planFor, rollbackPlanFor } from "../../deploy/deploy.ts";
import type { DeployOptions } from "../../deploy/options.ts";
import type { NamedImage, ServiceChange } from "../../deploy/plan/desired-state.ts";
import type { DeployPlan } from "../../deploy/plan/plan.ts";
import type { RollbackPlan } from "../../deploy/plan/rollback.ts";
import type { DeployStep } from "../../deploy/plan/step.ts";
import { formatBytes } from "../../messages/format.ts";
import { commandLine } from "../../system/shell-quote.ts";
import { formatTable } from "../format.ts";
import type { Terminal } from "../output.ts";
import { withSpinner } from "../spinner.ts";

type Shown = Pick<Config, "json" | "verbose">;

/** Shows the plan of every host, looked at but not touched. */
export async function dryRunOf(
  terminal: Terminal,
  config: Shown,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const plans = await lookAt(terminal, hosts, (host) => planFor(host, options));
  if (config.json) return printJson(terminal, plans.map(deployJson));
  show(terminal, plans, (plan) => planLines(terminal, plan, config.verbose));
}

/** Shows what going back would do on every host. */
export async function rollbackDryRunOf(
  terminal: Terminal,
  config: Shown,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const plans = await rollbackPlans(terminal, hosts, options);
  if (config.json) return printJson(terminal, plans.map(rollbackJson));
  show(terminal, plans, (plan) => rollbackLines(terminal, plan, config.verbose));
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
  const version = `${engine?.kind ?? ""} ${engine?.server ?? engine?.client ?? ""}`.trim();
  const code = compose.flavour === "stack" ? "deployHostSwarm" : "deployHost";
  const values = { host, user, system, platform, engine: version, compose: compose.version };
  return [terminal.text(code, values), ...warnings.map((warning) => terminal.warning(warning))];
}

export function stepTitle(terminal: Terminal, { title }: DeployStep): string {
  return terminal.message(title);
}

/** From which release to which one a rollback goes, and the services that are then different. */
export function rollbackHead(
  terminal: Terminal,
  { current, target, changes, unfinished }: RollbackPlan,
): readonly string[] {
  const { id: to, time } = target;
  const differing = changes.filter(({ change }) => change !== "same");
  return [
    unfinished.length > 0
      ? terminal.text("planGoBackUnfinished", { to, time })
      : current === undefined
        ? terminal.text("planGoBackTo", { to, time })
        : terminal.text("planGoBack", { from: current.id, fromTime: current.time, to, time }),
    ...(differing.length === 0
      ? [terminal.text("planSameServices")]
      : indented(tableLines(differing.map((change) => changeRow(terminal, change, { returns: true }))))),
  ];
}

/** Looks at every host and gives what going back would lead to there; changes nothing. */
export async function rollbackPlans(
  terminal: Terminal,
  hosts: readonly string[],
  options: DeployOptions,
): Promise<readonly RollbackPlan[]> {
  return lookAt(terminal, hosts, (host) => rollbackPlanFor(host, options));
}

function show<Plan>(terminal: Terminal, plans: readonly Plan[], lines: (plan: Plan) => readonly string[]): void {
  terminal.result([terminal.text("planTitle"), ...plans.flatMap(lines)].join("\n"));
}

function printJson(terminal: Terminal, plans: readonly unknown[]): void {
  terminal.json(plans.length === 1 ? plans[0] : plans);
}

function stepJson({ kind, command, phase, title: { values } }: DeployStep) {
  return { kind, phase, command, ...(Object.keys(values).length === 0 ? {} : { values }) };
}

function deployJson({ steps, rollback, warnings, ...plan }: DeployPlan) {
  return {
    ...plan,
    steps: steps.map(stepJson),
    rollback: rollback.map(stepJson),
    warnings: warnings.map(({ code, values }) => ({ code: code.replace(/^warning-/, ""), values })),
  };
}

function rollbackJson({ steps, ...plan }: RollbackPlan) {
  return { ...plan, steps: steps.map(stepJson) };
}

function planLines(terminal: Terminal, plan: DeployPlan, verbose: boolean): readonly string[] {
  const { host, dir, changes, lock, steps, rollback } = plan;
  return [
    terminal.text("planDeploy", { host, dir }),
    ...indented([
      ...planHead(terminal, plan),
      terminal.text("planServices"),
      ...indented(tableLines(changes.map((change) => changeRow(terminal, change, plan)))),
      ...downloadLines(terminal, plan),
      terminal.text("planFiles"),
      ...indented(tableLines(fileRows(terminal, plan))),
      terminal.text("planSteps"),
      ...indented([
        terminal.text("planLock"),
        ...commandLines(terminal, lock, verbose),
        ...stepLines(terminal, steps, verbose),
      ]),
      ...(rollback.length === 0
        ? []
        : [terminal.text("planReturn"), ...indented(stepLines(terminal, rollback, verbose))]),
    ]),
  ];
}

function rollbackLines(terminal: Terminal, plan: RollbackPlan, verbose: boolean): readonly string[] {
  const { host, dir, lock, steps } = plan;
  return [
    terminal.text("planDeploy", { host, dir }),
    ...indented([
      ...rollbackHead(terminal, plan),
      terminal.text("planLock"),
      ...commandLines(terminal, lock, verbose),
      ...stepLines(terminal, steps, verbose),
    ]),
  ];
}

function stepLines(terminal: Terminal, steps: readonly DeployStep[], verbose: boolean): readonly string[] {
  return steps.flatMap((step) => [stepTitle(terminal, step), ...commandLines(terminal, step.command, verbose)]);
}

function commandLines(terminal: Terminal, command: readonly string[], verbose: boolean): readonly string[] {
  return verbose ? [`  ${terminal.text("planRun", { command: commandLine(command) })}`] : [];
}

function changeRow(
  terminal: Terminal,
  { service, change, from, to, reasons = [] }: ServiceChange,
  { images = [], returns = false }: { readonly images?: DeployPlan["images"]; readonly returns?: boolean },
): readonly string[] {
  const now = to ?? from;
  const image =
    change === "changed" && from !== undefined && to !== undefined && imageOf(from) !== imageOf(to)
      ? `${imageOf(from)} -> ${imageOf(to)}`
      : now === undefined
        ? ""
        : imageOf(now);
  const size = images.find(({ services }) => to !== undefined && services.includes(service))?.size;
  const why = reasons.map((reason) => terminal.text(`change-reason-${reason}`)).join(", ");
  const word = terminal.text(change === "added" && returns ? "change-returns" : `change-${change}`);
  return [service, why === "" ? word : `${word}: ${why}`, image, size === undefined ? "" : formatBytes(size)];
}

function imageOf({ image, digest }: NamedImage): string {
  return digest === undefined ? image : `${image} (${digest.slice(0, "sha256:".length + 12)})`;
}

function fileRows(terminal: Terminal, { shipped, kept, removedFiles }: DeployPlan): readonly (readonly string[])[] {
  return [
    ...shipped.map(({ name, size = 0 }) => [name, terminal.text("change-sent"), formatBytes(size)]),
    ...kept.map((name) => [name, terminal.text("change-kept"), ""]),
    ...removedFiles.map((name) => [name, terminal.text("change-removed"), ""]),
  ];
}

/** What a step sends, a line for each file. */
export function sentLines({ files = [] }: DeployStep): readonly string[] {
  return indented(tableLines(files.map(({ name, size = 0 }) => [name, formatBytes(size)])));
}

function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : formatTable(rows).split("\n");
}

/** What pulling may need against what is free, where the lock tells sizes and the host its space. */
function downloadLines(terminal: Terminal, { downloadBytes: bytes, probe }: DeployPlan): readonly string[] {
  const free = probe.engine?.freeBytes;
  return bytes === undefined || free === undefined ? [] : [terminal.text("planDownload", { bytes, free })];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** How the checks before the work are shown: a line for each, then every failure with its remedy. */
import { type Finding, programsOf, runChecks } from "../../preflight.ts";
import type { Project } from "../../compose/project.ts";
import { isLocked } from "../../engine/lock-update.ts";
import { askSources, probeMirror, requirementsOf } from "../../engine/session.ts";
import type { HostPrograms } from "../../deploy/host/probe.ts";
import type { MirrorError } from "../../messages/errors.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";
import type { Plan } from "../../mirror/transfers.ts";
import { run } from "../../system/process.ts";
import type { Registries } from "../../registry/registries.ts";
import type { Context } from "../command.ts";
import type { Row } from "../pipeline.ts";
import type { Terminal } from "../output.ts";

/** What is checked. */
interface Checked {
  readonly project: Project;
  readonly plan: Plan;
  readonly registries: Registries;
  /** What earlier runs mirrored. */
  readonly locked?: readonly LockedImage[];
  /** The registries that images come from are looked at too. */
  readonly withSources?: boolean;
}

/** Runs the checks and tells what they found in `row`. Throws `interrupted` only. */
export async function showChecks(
  { config, terminal, signal }: Context,
  row: Row,
  { project, plan, registries, locked = [], withSources = false }: Checked,
): Promise<readonly Finding[]> {
  const registry = probeMirror(config, registries, signal);
  const isKnown = plan.transfers.some(isLocked(locked));
  const askSource = withSources ? askSources(registries, signal) : undefined;
  const requirements = requirementsOf(config);
  const findings = await runChecks({ config, project, plan, requirements, registry, askSource, isKnown, run, signal });
  const first = failedCheck(findings);
  for (const finding of findings) for (const line of findingLines(terminal, finding, first)) row.note(line);
  return findings;
}

/** Does what `showChecks` does; gives what it found of the hosts, by their names. Throws the first obstacle. */
export async function passChecks(
  context: Context,
  row: Row,
  checked: Checked,
): Promise<ReadonlyMap<string, HostPrograms>> {
  const findings = await showChecks(context, row, checked);
  const failure = failedCheck(findings);
  if (failure) throw failure;
  return programsOf(findings);
}

/** `last` is said at the end of the command, so it is not said here too. */
function findingLines(
  terminal: Terminal,
  { check, values, errors, warnings }: Finding,
  last: MirrorError | undefined,
): readonly string[] {
  const key =
    check === "registry" && values["login"] === "no" ? "check-registry-anonymous" : (`check-${check}` as const);
  return [
    ...(errors.length === 0 ? [`✔ ${terminal.text(key, values as never)}`] : []),
    ...errors.filter((error) => error !== last).map((error) => `✖ ${terminal.explain(error)}`),
    ...warnings.map((warning) => terminal.warning(warning)),
  ];
}

/** The first obstacle: the error a command ends with. */
export function failedCheck(findings: readonly Finding[]): MirrorError | undefined {
  return findings.flatMap(({ errors }) => errors)[0];
}

/** The finding as JSON shows it. */
export function findingJson(terminal: Terminal, { check, values, errors, warnings }: Finding) {
  return {
    check,
    ok: errors.length === 0,
    ...values,
    warnings: warnings.map(({ code }) => code.replace(/^warning-/, "")),
    errors: errors.map((error) => terminal.errorJson(error)),
  };
}

/** A deploy step in words. */
import type { DeployStep } from "../../deploy/plan/steps.ts";
import type { Terminal } from "../output.ts";

export function stepTitle(terminal: Pick<Terminal, "text">, { kind, values }: DeployStep): string {
  return terminal.text(`deploy-${kind}`, values as never);
}

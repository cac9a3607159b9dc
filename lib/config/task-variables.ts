/**
 * Variables on go-task's command line, `task mirror HOST=server`. go-task takes any name and tells nobody that nothing
 * reads it, so `task mirror DRY_RUN=1` would run for real: Taskfile.yml passes on the names.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Environment } from "./values.ts";

/** Those that Taskfile.yml gives a meaning. */
const READ = ["HOST", "DIR", "FILE", "REGISTRY", "NAMESPACE", "PROFILE"];

/** go-task's own (https://taskfile.dev/docs/reference/templating#special-variables), and the one of our Taskfile. */
const SPECIAL =
  /^(?:ALIAS|MATCH|ITEM|KEY|CHECKSUM|TIMESTAMP|EXIT_CODE|USER_WORKING_DIR|SCRIPT|(?:CLI|ROOT)_.*|TASK.*|.*_SEPARATOR)$/;

/** Throws `task-variable-unknown` for a name that nothing reads. */
export function checkTaskVariables(environment: Environment): void {
  const names = (environment["TASK_VARIABLES"] ?? "").split(" ").filter((name) => name !== "");
  const unknown = names.find((name) => !READ.includes(name) && !SPECIAL.test(name));
  if (unknown !== undefined) throw new MirrorError("task-variable-unknown", { name: unknown, known: READ });
}

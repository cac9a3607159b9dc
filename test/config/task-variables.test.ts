import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTaskVariables } from "../../lib/config/task-variables.ts";

/** What go-task 3.54 has for `task mirror`. */
const OWN =
  "ALIAS CLI_ARGS CLI_ARGS_LIST CLI_ASSUME_YES CLI_FORCE CLI_OFFLINE CLI_SILENT CLI_VERBOSE FILE_PATH_SEPARATOR MATCH " +
  "PATH_LIST_SEPARATOR ROOT_DIR ROOT_TASKFILE SCRIPT TASK TASKFILE TASKFILE_DIR TASK_DIR TASK_EXE TASK_VERSION USER_WORKING_DIR";

for (const names of [undefined, "", OWN, `${OWN} HOST DIR FILE REGISTRY NAMESPACE PROFILE `]) {
  test(`nothing is wrong with ${names === OWN ? "task's own variables" : JSON.stringify(names)}`, () =>
    checkTaskVariables({ TASK_VARIABLES: names }));
}

for (const name of ["DRY_RUN", "dry-run", "HOSTS", "PATH", "SEPARATOR"]) {
  test(`${name} is refused`, () =>
    assert.throws(() => checkTaskVariables({ TASK_VARIABLES: `${OWN} ${name} HOST` }), {
      code: "task-variable-unknown",
      message: `task was given the variable "${name}", which nothing reads`,
    }));
}

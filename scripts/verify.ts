import "../lib/cli/node-version.ts";
import { withMirror } from "../lib/config/config.ts";
import { openConfigured } from "../lib/engine/session.ts";
import { MirrorError } from "../lib/messages/errors.ts";
import { lockFileOf, readLock } from "../lib/mirror/lock-file.ts";
import { outputPath, preparePlan } from "../lib/mirror/prepare.ts";
import { openStore } from "../lib/store/open.ts";
import { command } from "../lib/cli/command.ts";
import * as report from "../lib/cli/report/verify.ts";
import { withSpinner } from "../lib/cli/spinner.ts";
import { verify } from "../lib/mirror/verify.ts";

await command("verify", async ({ config, terminal, signal, recorder }) => {
  const { project, plan } = await preparePlan(withMirror(config));
  const file = lockFileOf(outputPath(config, project, "docker-compose-mirror.yaml"));
  const locked = await readLock(file);
  if (locked === undefined) throw new MirrorError("lock-missing", { file });
  const registries = await openConfigured(config);
  const store = config.embedded ? await openStore(config.store, { access: "read" }) : undefined;
  try {
    const { sourceMirrors } = config;
    const verified = await withSpinner(terminal, terminal.text("askingRegistries"), () =>
      verify(locked, plan.transfers, { registries, sourceMirrors, store, signal }),
    );
    for (const finding of report.verifiedFindings(terminal, verified)) recorder.finding(finding);
    if (config.json) terminal.json(verified.map((each) => report.verifiedJson(terminal, each)));
    else for (const line of report.verifiedLines(terminal, verified)) terminal.result(line);
    terminal.note(report.verifiedSummary(terminal, verified));
    return !verified.some(report.hasDrifted);
  } finally {
    registries.close();
    await store?.close();
  }
});

import { openConfigured } from "../lib/engine/open.ts";
import { lockFileOf } from "../lib/engine/locked.ts";
import { MirrorError } from "../lib/errors.ts";
import { readLock } from "../lib/lock.ts";
import { outputPath, preparePlan } from "../lib/prepare.ts";
import { openStore } from "../lib/store/open.ts";
import { command } from "../lib/terminal/command.ts";
import { MIRROR_FLAGS, PROJECT_FLAGS } from "../lib/terminal/flag-sets.ts";
import { hasDrifted, verifiedJson, verifiedLines, verifiedSummary } from "../lib/terminal/verified.ts";
import { withSpinner } from "../lib/terminal/spinner.ts";
import { verify } from "../lib/verify.ts";

const FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  "source-mirror",
  "insecure",
  "output",
  "store",
  "port",
  "json",
] as const;

await command({ name: "verify", flags: FLAGS }, async ({ config, terminal, signal }) => {
  const { project, plan } = await preparePlan(config);
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
    if (config.json) terminal.json(verified.map(verifiedJson));
    else for (const line of verifiedLines(terminal, verified)) terminal.result(line);
    terminal.note(verifiedSummary(terminal, verified));
    return !verified.some(hasDrifted);
  } finally {
    registries.close();
    await store?.close();
  }
});

import "../lib/cli/node-version.ts";
import { requireStoreLimit } from "../lib/config/config.ts";
import { openStore } from "../lib/store/open.ts";
import { command } from "../lib/cli/command.ts";
import { confirm } from "../lib/cli/question.ts";

await command("prune", async (context) => {
  const { config, terminal } = context;
  const limit = requireStoreLimit(config);
  const store = await openStore(config.store, { ...context, access: config.dryRun ? "read" : "write" });
  try {
    const plan = await store.planPrune({ limit });
    if (!config.dryRun && plan.blobs > 0) {
      const { references, blobs, bytes } = plan;
      const question = { folder: store.folder, limit, names: references.length, blobs, size: bytes };
      if (!(await confirm(context, terminal.text("askPrune", question)))) return;
    }
    const { references, blobs, bytes, left } = config.dryRun ? plan : await store.prune({ limit });
    if (config.json) {
      terminal.json({ store: store.folder, limit, dryRun: config.dryRun, references, blobs, bytes, left });
    } else for (const name of references) terminal.result(name);
    const done = { names: references.length, blobs, size: bytes };
    terminal.note(terminal.text(config.dryRun ? "wouldPrune" : "pruned", done));
    terminal.note(
      terminal.text(config.dryRun ? "storeWouldHold" : "storeHolds", {
        folder: store.folder,
        count: left.references,
        size: left.bytes,
        partials: left.partials,
      }),
    );
  } finally {
    await store.close();
  }
});

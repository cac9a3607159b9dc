import "../lib/cli/node-version.ts";
import { requireStoreLimit } from "../lib/config/config.ts";
import { openStore } from "../lib/store/open.ts";
import { command } from "../lib/cli/command.ts";
import { confirm } from "../lib/cli/question.ts";

await command("prune", async (context) => {
  const { config, terminal } = context;
  const limit = requireStoreLimit(config);
  const store = await openStore(config.store);
  try {
    if ((await store.size()).bytes > limit) {
      const isWanted = await confirm(context, terminal.text("askPrune", { folder: store.folder, limit }));
      if (!isWanted) return;
    }
    const { references, blobs, bytes, left } = await store.prune({ limit });
    if (config.json) terminal.json({ store: store.folder, limit, references, blobs, bytes, left });
    else for (const name of references) terminal.result(name);
    terminal.note(terminal.text("pruned", { names: references.length, blobs, size: bytes }));
    terminal.note(
      terminal.text("storeHolds", {
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

import "../lib/cli/node-version.ts";
import { readArchive } from "../lib/archive/read.ts";
import { openArchive } from "../lib/archive/source.ts";
import { placeImages, storeArchive, type StoredArchive } from "../lib/archive/store-archive.ts";
import { folderOf, refuseOthers, unpack } from "../lib/archive/unpack.ts";
import { command } from "../lib/cli/command.ts";
import { reportImport } from "../lib/cli/report/archive.ts";
import { pipeline } from "../lib/cli/pipeline.ts";
import { requireArchive, withStore } from "../lib/config/config.ts";
import { openStore } from "../lib/store/open.ts";

await command("import", async (given) => {
  const config = withStore(given.config);
  const context = { ...given, config };
  const { terminal, signal } = context;
  const source = await openArchive(requireArchive(config));
  try {
    const archive = await readArchive(source);
    const placed = placeImages(archive.images, config);
    const files = await folderOf(archive.files, placed);
    if (config.into !== undefined && !config.yes) await refuseOthers(files, config.into);
    const store = await openStore(config.store);
    try {
      let stored: StoredArchive = { copied: 0, present: 0 };
      await pipeline(terminal, [
        {
          title: terminal.text("stepImport"),
          run: async (row) => {
            const onBytes = (done: number, total: number): void =>
              row.live([terminal.text("archiveBytes", { done, total })]);
            stored = await storeArchive(source, archive, { store, placed }, { signal, onBytes });
            if (config.into !== undefined) await unpack(files, config.into);
          },
        },
      ]);
      reportImport(context, { placed, stored, files, folder: store.folder });
    } finally {
      await store.close();
    }
  } finally {
    await source.close();
  }
});

import "../lib/cli/node-version.ts";
import { once } from "node:events";
import { serve } from "../lib/store/registry-server.ts";
import { openStore } from "../lib/store/open.ts";
import { command } from "../lib/cli/command.ts";
import { formatBytes } from "../lib/messages/format.ts";

await command("serve", async ({ config, terminal, signal }) => {
  const store = await openStore(config.store, { access: "read" });
  const { host, close } = await serve(store, {
    port: config.port,
    onServed: ({ method, path, status, bytes }) => terminal.note(`${method} ${path} ${status} ${formatBytes(bytes)}`),
  });
  try {
    const images = [...(await store.references()).keys()].map((name) => `${host}/${name}`);
    const { bytes } = await store.size();
    if (config.json) terminal.json({ host, store: store.folder, bytes, images });
    else for (const image of images) terminal.result(image);
    terminal.note(terminal.text("serving", { folder: store.folder, host, count: images.length, size: bytes }));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await close();
    await store.close();
  }
});

/** One run of the direct engine in a process of its own, to be killed: SOURCE TARGET STORE IMAGE... */
import { createDirectEngine } from "../../lib/engine/direct/direct.ts";
import { mapConcurrent } from "../../lib/async/map-concurrent.ts";
import { run } from "../../lib/system/process.ts";
import { openRegistries } from "../../lib/registry/registries.ts";
import { openStore } from "../../lib/store/open.ts";

const [source, target, folder, ...names] = process.argv.slice(2) as [string, string, string, ...string[]];
const registries = await openRegistries({ environment: {}, home: folder, run });
const store = await openStore(folder);
const engine = createDirectEngine({ registries, store, chunkSize: 1024 * 1024 });
const transfers = names.map((repository) => ({
  source: { registry: source, repository, tag: "1" },
  target: { registry: target, repository: `team/${repository}`, tag: "1" },
  platform: "linux/amd64",
  uses: [{ image: repository, services: [] }] as const,
}));
const outcomes = await mapConcurrent(transfers, engine.mirror, { concurrency: names.length });
registries.close();
await store.close();
for (const { error } of outcomes) if (error !== undefined) throw error;

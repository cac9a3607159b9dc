/** The commands that work on the store, as a user runs them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openStore } from "../../lib/store/open.ts";
import { runScript } from "../_helpers/run-script.ts";
import { addBlob, addImage, inStoreFolder, startChild, withStore } from "../_helpers/store-folder.ts";

test("serve answers until it is interrupted", () =>
  withStore(async (store) => {
    await addImage(store, "team/nginx:1.27", ["layer"]);
    const abort = new AbortController();
    const lines: string[] = [];
    let answered: Promise<Response> | undefined;
    const onLine = (line: string): void => {
      lines.push(line);
      const host = /^(localhost:\d+)\/team\/nginx:1\.27$/.exec(line)?.[1];
      if (host !== undefined) answered = fetch(`http://${host}/v2/team/nginx/manifests/1.27`);
      if (line.startsWith("GET ")) abort.abort();
    };
    const running = runScript("serve", ["--store", store.folder, "--port", "0"], { signal: abort.signal, onLine });
    await assert.rejects(running, { code: "interrupted" });
    assert.equal((await answered!).status, 200);
    assert.ok(
      lines.some((line) => line.startsWith("GET /v2/team/nginx/manifests/1.27 200 ")),
      lines.join("\n"),
    );
  }));

test("serve says what it serves as JSON, and refuses what is no store", () =>
  inStoreFolder(async (folder) => {
    const store = await openStore(folder);
    await addImage(store, "team/nginx:1.27", []);
    await store.close();
    const abort = new AbortController();
    let text = "";
    const onLine = (line: string, stream: "stdout" | "stderr"): void => {
      if (stream === "stdout") text += line;
      if (line === "}") abort.abort();
    };
    const args = ["--store", folder, "--port", "0", "--json"];
    await assert.rejects(runScript("serve", args, { signal: abort.signal, onLine }), { code: "interrupted" });
    const said = JSON.parse(text) as { host: string; images: readonly string[] };
    assert.deepEqual(said.images, [`${said.host}/team/nginx:1.27`]);
    const foreign = await runScript("serve", ["--store", fileURLToPath(new URL(".", import.meta.url)), "--port", "0"]);
    assert.equal(foreign.code, 2);
    assert.match(foreign.stderr, /is not a content store/);
  }));

test("prune keeps to its limit and says what it did", () =>
  inStoreFolder(async (folder) => {
    const store = await openStore(folder);
    await addImage(store, "team/nginx:1.27", ["layer"]);
    await addBlob(store, "x".repeat(5000));
    await store.close();
    const without = await runScript("prune", ["--store", folder]);
    assert.equal(without.code, 2);
    assert.match(without.stderr, /--store-limit/);

    const planned = await runScript("prune", ["--store", folder, "--store-limit", "0", "--json", "--dry-run"]);
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stderr, /would remove 1 image and 4 blobs/);

    const ran = await runScript("prune", ["--store", folder, "--store-limit", "0", "--json"]);
    assert.equal(ran.code, 0, ran.stderr);
    const { references, blobs, left } = JSON.parse(ran.stdout) as Record<string, unknown>;
    assert.deepEqual([references, blobs], [["team/nginx:1.27"], 4]);
    assert.deepEqual(left, { bytes: 0, blobs: 0, partials: 0, references: 0 });
    assert.deepEqual({ ...JSON.parse(planned.stdout), dryRun: false }, JSON.parse(ran.stdout), "the plan came true");

    const busy = await openStore(folder);
    const refused = await runScript("prune", ["--store", folder, "--store-limit", "1GB"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`in use by process ${process.pid}`));
    await busy.close();
  }));

test("a run that waits for a prune says so in one line, and goes on after it", () =>
  inStoreFolder(async (folder) => {
    await (await openStore(folder)).close();
    const child = startChild(["lock", join(folder, "locks", "prune")]);
    assert.equal(await child.line(), "locked");
    const waiting: string[] = [];
    const onLine = (line: string): void => {
      if (!/waiting for it/.test(line)) return;
      waiting.push(line);
      void child.kill();
    };
    const { code } = await runScript("prune", ["--store", folder, "--store-limit", "0"], { onLine });
    assert.equal(code, 0);
    assert.deepEqual(waiting, [
      `another run (process ${child.process.pid}) is pruning the content store: waiting for it`,
    ]);
  }));

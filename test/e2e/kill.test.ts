/** The direct engine killed at random moments: the next run repeats less than a chunk for each blob in flight. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../lib/image/digest.ts";
import { noise, putImage } from "../_helpers/registry-images.ts";
import { registryServer, type Seen } from "../_helpers/registry-server.ts";

const MIB = 1024 * 1024;
const KILLS = 20;
const CHUNK = MIB;
/** Large blobs transferred at once, at each end. */
const LANES = 4;
const SCRIPT = fileURLToPath(new URL("mirror-once.ts", import.meta.url));

const isBlob = ({ url }: Seen): boolean => url.includes("/blobs/");
const total = (seen: readonly Seen[], bytes: (each: Seen) => number): number =>
  seen.filter(isBlob).reduce((sum, each) => sum + bytes(each), 0);

test(`${KILLS} kills at random moments cost less than a chunk for each blob in flight`, async (t) => {
  const source = await registryServer({ pace: 2000 });
  const target = await registryServer({ pace: 2000, onDisconnect: "keep" });
  const folder = mkdtempSync(join(tmpdir(), "kill-"));
  t.after(async () => {
    await Promise.all([source.close(), target.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
  const names = ["one", "two", "three", "four", "five", "six"];
  const shared = noise("shared", 20 * MIB);
  for (const name of names) {
    putImage(source, {
      repository: name,
      tag: "1",
      layers: [shared, noise(name, 15 * MIB), noise(`${name} small`, 50_000)],
    });
  }
  const start = () =>
    spawn(process.execPath, ["--import", "tsx", SCRIPT, source.host, target.host, join(folder, "store"), ...names], {
      stdio: ["ignore", "ignore", "inherit"],
    });

  let killed = 0;
  while (killed < KILLS) {
    const child = start();
    const ended = once(child, "exit");
    // from before the first request to the middle of the transfers
    const timer = setTimeout(() => child.kill("SIGKILL"), randomInt(300, 1500));
    const [code] = await ended;
    clearTimeout(timer);
    if (code === 0) break;
    killed += 1;
  }
  const [code] = await once(start(), "exit");
  assert.equal(code, 0);

  const distinct = (20 + 6 * 15) * MIB + 6 * 50_000;
  const down = total(source.seen, ({ sent }) => sent) - distinct;
  const up = total(target.seen, ({ received }) => received) - distinct;
  t.diagnostic(`${killed} kills; repeated down ${down} bytes, up ${up} bytes of ${distinct}`);
  assert.ok(down < killed * LANES * CHUNK, `${down} bytes came down again`);
  assert.ok(up < killed * LANES * CHUNK, `${up} bytes went up again`);
  for (const name of names) {
    const blobs = target.blobs.get(`team/${name}`);
    for (const layer of [shared, noise(name, 15 * MIB)]) assert.deepEqual(blobs?.get(digestOf(layer)), layer);
    assert.ok(target.manifests.get(`team/${name}`)?.has("1"));
  }
  const stored = join(folder, "store", "blobs", "sha256");
  for (const name of readdirSync(stored)) assert.equal(digestOf(readFileSync(join(stored, name))), `sha256:${name}`);
});

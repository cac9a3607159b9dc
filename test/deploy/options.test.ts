import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { credentialsFor } from "../../lib/deploy/options.ts";
import { Secret } from "../../lib/system/secret.ts";

const OWN = { username: "team", password: new Secret("team's") };

test("MIRROR_USERNAME goes to the mirror registry and its name for pulling alone", async () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  mkdirSync(join(home, ".docker"));
  const auths = Object.fromEntries(
    ["r.example", "third.example"].map((host) => [host, { auth: Buffer.from(`${host}:stored`).toString("base64") }]),
  );
  writeFileSync(join(home, ".docker", "config.json"), JSON.stringify({ auths }));
  const settings = { registry: "r.example", pullRegistry: "r-vpc.example", environment: {}, home };
  for (const [named, credentials, username, warnings] of [
    ["r.example", OWN, "team", []],
    ["r-vpc.example", OWN, "team", []],
    ["evil.example", OWN, undefined, ["warning-other-registry"]],
    ["third.example", OWN, "third.example", ["warning-other-registry"]],
    ["r.example", undefined, "r.example", []],
    ["r-vpc.example", undefined, "r.example", []],
    ["evil.example", undefined, undefined, ["warning-other-registry"]],
    [undefined, OWN, undefined, []],
  ] as const) {
    const found = await credentialsFor(named, { ...settings, ...(credentials === undefined ? {} : { credentials }) });
    assert.equal(found.credentials?.username, username, named);
    assert.deepEqual(
      found.warnings.map(({ code }) => code),
      warnings,
      named,
    );
  }
  rmSync(home, { recursive: true });
});

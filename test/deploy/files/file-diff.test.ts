import assert from "node:assert/strict";
import { test } from "node:test";
import type { NeededFile } from "../../../lib/deploy/files/project-files.ts";
import type { FoundFile, HostProbe } from "../../../lib/deploy/host/probe.ts";
import { message } from "../../../lib/messages/texts.ts";
import { diffFiles, isReplaced, type SendMode } from "../../../lib/deploy/files/file-diff.ts";

const FILE: NeededFile = {
  name: "web.conf",
  source: "/p/web.conf",
  services: ["web"],
  mounted: true,
  required: true,
  content: { sha256: "new", size: 1, mode: 0o644 },
};

interface Scene {
  readonly file?: Partial<NeededFile>;
  /** What the host has in its place. */
  readonly there?: FoundFile;
  /** What the last release sent. */
  readonly last?: string;
  readonly mode?: SendMode;
}

function decide({ file, there, last, mode = "missing" }: Scene) {
  const needed = { ...FILE, ...file };
  const release = {
    id: "20260101-000000-0001",
    time: "t",
    files: [],
    envFiles: [],
    profiles: [],
    images: [],
    sent: last === undefined ? {} : { [needed.name]: { sha256: last, services: [] } },
  };
  const probe = {
    host: "box",
    folder: { path: "/srv" },
    files: new Map(there === undefined ? [] : [[needed.name, there]]),
    releases: [release],
    current: release.id,
  } as unknown as HostProbe;
  const { sent, kept, affected, warnings } = diffFiles({
    needed: [needed],
    probe,
    services: new Set(["web"]),
    mode,
  });
  assert.equal(isReplaced(needed, probe, mode), there !== undefined && sent.length > 0);
  return [sent.length > 0 ? "sent" : kept.length > 0 ? "kept" : "none", affected, warnings.map(({ code }) => code)];
}
const there = (sha256: string): FoundFile => ({ kind: "file", sha256 });

test("what the host lacks is sent; what it has alike stays", () => {
  assert.deepEqual(decide({}), ["sent", [], []]);
  assert.deepEqual(decide({ there: there("new") }), ["kept", [], []]);
  assert.deepEqual(decide({ there: { kind: "other" } }), ["sent", ["web"], []]);
});

test("what an earlier deploy sent is replaced, what was changed there is not, unless all is asked for", () => {
  assert.deepEqual(decide({ there: there("old"), last: "old" }), ["sent", ["web"], []]);
  assert.deepEqual(decide({ there: there("edited"), last: "old" }), ["kept", [], ["warning-file-kept"]]);
  assert.deepEqual(decide({ there: there("edited") }), ["kept", [], ["warning-file-kept"]]);
  assert.deepEqual(decide({ there: there("edited"), mode: "all" }), ["sent", ["web"], []]);
  assert.deepEqual(decide({ there: there("old"), last: "old", mode: "none" }), ["kept", [], ["warning-file-kept"]]);
});

test("a file that is read at the start only affects nothing that runs", () => {
  assert.deepEqual(decide({ file: { mounted: false }, there: there("old"), last: "old" }), ["sent", [], []]);
});

test("a needed file that is missing here and on the host is refused", () => {
  const { content: _, ...gone } = FILE;
  const missing = { ...gone, content: undefined } as unknown as NeededFile;
  assert.throws(() => decide({ file: missing }), { code: "ship-missing", exit: 2, message: /"web".*web\.conf.*\/srv/ });
  assert.deepEqual(decide({ file: missing, there: there("x") })[2], []);
  assert.deepEqual(decide({ file: { ...missing, required: false } }), ["none", [], []]);
  assert.throws(() => decide({ mode: "none" }), { code: "ship-missing" });
  assert.throws(() => decide({ mode: "none", file: { services: [] } }), { code: "ship-compose-file", exit: 2 });
});

test("what lies above the project's folder must be there already", () => {
  const file = { name: "../web.conf" };
  assert.throws(() => decide({ file }), { code: "ship-outside" });
  assert.deepEqual(decide({ file, there: there("other") }), ["kept", [], ["warning-file-kept"]]);
});

test("files of services that do not run there are skipped", () => {
  assert.deepEqual(decide({ file: { services: ["idle"] } }), ["none", [], []]);
  assert.deepEqual(decide({ file: { services: [] } }), ["sent", [], []]);
});

test("a link that leads out of the project is refused by name, whatever the host has; --no-ship sends nothing", () => {
  const { content: _, ...link } = FILE;
  const stray = { link: "/p/web.conf", target: "/home/me/.ssh/id_rsa" };
  const file = { ...link, stray, content: undefined } as unknown as NeededFile;
  const refusal = { code: "ship-link", exit: 2, message: /"\/p\/web\.conf".*"\/home\/me\/\.ssh\/id_rsa"/ };
  assert.throws(() => decide({ file }), refusal);
  assert.throws(() => decide({ file, there: there("x") }), refusal);
  assert.deepEqual(decide({ file: { ...file, services: ["idle"] } }), ["none", [], []]);
  assert.deepEqual(decide({ file, there: there("x"), mode: "none" })[0], "none");
});

test("what is sent has its size and its mode", () => {
  const probe = { host: "box", folder: { path: "/srv" }, files: new Map(), releases: [] } as unknown as HostProbe;
  const { sent } = diffFiles({ needed: [FILE], probe, services: new Set(["web"]), mode: "missing" });
  assert.deepEqual(sent, [{ name: "web.conf", source: "/p/web.conf", size: 1, mode: 0o644 }]);
});

test("a FIFO must be on the host already; it is never sent", () => {
  const file = { content: undefined, special: message("file-is-fifo") } as unknown as Partial<NeededFile>;
  assert.throws(() => decide({ file }), { code: "ship-special", exit: 2, message: /FIFO/ });
  assert.deepEqual(decide({ file, there: { kind: "other" } }), ["none", [], []]);
});

import type { HostProbe } from "../../lib/deploy/host/probe.ts";

/** What a probe finds on a host that lacks nothing and has no project yet. */
export const GOOD_HOST: HostProbe = {
  host: "box",
  user: "me",
  home: "/home/me",
  system: "CentOS Linux 7 (Core)",
  platform: "linux/amd64",
  engine: { kind: "docker", client: "26.1.4", server: "26.1.4", root: "/d", freeBytes: 5e10 },
  compose: { flavour: "v2", version: "2.26.1", command: ["docker", "compose"] },
  folder: { path: "/srv", state: "folder", writable: true, hasEnvFile: true, freeBytes: 5e10 },
  files: new Map(),
  releases: [],
  failed: [],
  stamp: "",
  history: [],
  unfinished: [],
};

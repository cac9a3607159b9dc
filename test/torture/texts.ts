/** What users write: names, flags, lists, env files, compose files, the lock file. */
import assert from "node:assert/strict";
import { parseFile } from "../../lib/compose/document.ts";
import { imagesOfDockerfile } from "../../lib/compose/build-bases.ts";
import { parseEnvFile } from "../../lib/compose/env-file.ts";
import { escapeDollars, interpolate, variablesIn } from "../../lib/compose/interpolation.ts";
import { rewrite } from "../../lib/compose/rewrite.ts";
import { v1Problems } from "../../lib/compose/v1.ts";
import { languageOf, readConfig } from "../../lib/config/config.ts";
import { FLAG_NAMES } from "../../lib/config/flags.ts";
import { parseHost } from "../../lib/config/host-address.ts";
import { stackFile } from "../../lib/deploy/orchestrator/stack-file.ts";
import { parseDigest } from "../../lib/image/digest.ts";
import { formatPlatform, parsePlatform, wantedPlatform } from "../../lib/image/platform.ts";
import {
  engineName,
  familiarName,
  formatReference,
  parseReference,
  withDefaultTag,
} from "../../lib/image/reference.ts";
import { parseIgnoreList } from "../../lib/mirror/ignore.ts";
import { formatLock, parseLock } from "../../lib/mirror/lock-file.ts";
import { mapReferences, parseRename } from "../../lib/mirror/mapping.ts";
import { compareTags } from "../../lib/mirror/outdated.ts";
import { proxyFor, readProxies } from "../../lib/registry/proxy.ts";
import { parseSourceMirror, placesOf } from "../../lib/registry/source-mirror.ts";
import { formatTable, printable } from "../../lib/cli/format.ts";
import { commandLine } from "../../lib/system/shell-quote.ts";
import { inFolder, loadFrom } from "../_helpers/compose-folder.ts";
import { readCorpus } from "../differential/sample.ts";
import { check, type Target } from "./fuzz.ts";

const HEX = "a".repeat(64);
const SECRET = "s3cr3t-Pa55";
const REFERENCES = [
  "nginx",
  "nginx:1.27-alpine",
  "library/redis@sha256:" + HEX,
  "ghcr.io/team/app/worker:v1.2.3@sha256:" + HEX,
  "localhost:5000/a__b/c-d.e:latest",
  "[2001:db8::1]:5000/x/y:z",
  "registry.example.com:443/Upper/case",
];
const LOCK = formatLock([
  {
    source: parseReference("nginx:1.27"),
    platform: "linux/amd64",
    sourceDigest: `sha256:${HEX}`,
    platformDigest: `sha256:${"b".repeat(64)}`,
    mirror: parseReference("registry.example/team/nginx:1.27"),
    mirrorDigest: `sha256:${"b".repeat(64)}`,
    size: 72_955_310,
  },
  {
    source: parseReference("ghcr.io/a/b@sha256:" + HEX),
    platform: "linux/arm/v7",
    sourceDigest: `sha256:${HEX}`,
    mirror: parseReference("registry.example/team/a-b:sha256-" + HEX),
    mirrorDigest: `sha256:${HEX}`,
    size: 0,
  },
]);
const ENV = `# settings
TAG=1.27
export A="x $TAG \\n \\" \\101" # comment
B='literal $A'
C=plain \${TAG:-1} #c
D: yaml style
E
MULTI="one
two"
`;
const TEMPLATES = [
  "a $A ${A} ${B:-x} ${C-${D:+e}} ${A:+f} $$ ${E-}",
  "${A:?must be set} ${B?}",
  '${A:-{"a": {"b": "c"}}}',
  "$A$B$",
];
const FLAG_LINES = [
  "-f compose.yml --env-file .env --profile a --registry r.example:5000 --namespace team --platform linux/arm64",
  "--rename a/b=c --on-collision prefix-host --concurrency 8 --store-limit 20GiB --lang zh",
  "--source-mirror docker.io=m.example/hub --insecure r.example --host a,b --dir ~/x --wait 60 --keep 3",
  "--engine docker --dry-run --json --yes --pin --overwrite --no-rollback --orchestrator swarm",
];
const COMPOSE = readCorpus().flatMap(({ files }) => Object.values(files).map(String));
const PROXY = `http://user:${SECRET}@proxy.example:3128`;

/** The samples of the corpus as texts to mutate: their number, and their files. */
const PROJECTS = readCorpus().map(({ files, options }) => JSON.stringify({ files, options }));

export const TEXTS: readonly Target[] = [
  {
    name: "image reference",
    weight: 20,
    seeds: REFERENCES,
    read: (text) => {
      const reference = parseReference(text);
      assert.deepEqual(parseReference(formatReference(reference)), withDefaultTag(reference));
      assert.deepEqual(parseReference(familiarName(reference)), reference);
      parseReference(engineName(reference));
      const [target] = mapReferences([reference], { registry: "r.example:5000", namespace: "team" });
      assert.deepEqual(parseReference(formatReference(target!)), target);
      check(target!.repository.slice("team/".length).length <= 64);
    },
  },
  {
    name: "platform",
    weight: 8,
    seeds: ["linux/amd64", "linux/arm/v7", "arm64/v8", "amd64", "windows/amd64", "linux/x86_64", "unknown/unknown"],
    read: (text) => {
      const platform = formatPlatform(parsePlatform(text));
      assert.equal(formatPlatform(parsePlatform(platform)), platform);
      assert.equal(wantedPlatform(text), platform);
    },
  },
  { name: "digest", weight: 3, seeds: [`sha256:${HEX}`, `sha512:${HEX}${HEX}`], read: parseDigest },
  {
    name: "rename",
    weight: 4,
    seeds: ["nginx=web", "ghcr.io/a/b:1 = a-b", `x@sha256:${HEX}=y.z`],
    read: (text) => {
      const rename = parseRename(text);
      mapReferences([rename.source], { registry: "r.example", namespace: "t", renames: [rename] });
    },
  },
  {
    name: "ignore list",
    weight: 8,
    seeds: ["# own images\nvast/db\nghcr.io/*/x:*\nnginx:1.2=web # renamed\n\n*\n", "\uFEFFa*b*c*d\r\n"],
    read: (text) => {
      const list = parseIgnoreList(text);
      const name = "ghcr.io/team/x:1";
      assert.equal(typeof list.ignores(parseReference(name), name, "a".repeat(5000)), "boolean");
    },
  },
  {
    name: "env file",
    weight: 16,
    seeds: [ENV, "A=1\r\nB=2\r\n", "\uFEFFexport X='y\nz'\n"],
    read: (text) => parseEnvFile(text, (name) => (name === "E" ? "inherited" : undefined), ".env"),
  },
  {
    name: "interpolation",
    weight: 16,
    seeds: TEMPLATES,
    read: (text) => {
      assert.equal(
        interpolate(escapeDollars(text), () => "x"),
        text,
      );
      variablesIn(text);
      interpolate(text, (name) => (name === "A" ? "${B}" : undefined));
    },
  },
  { name: "yaml", weight: 12, seeds: COMPOSE, read: (text) => parseFile("/p/compose.yml", text) },
  { name: "project", weight: 5, seeds: PROJECTS, json: true, read: readProject },
  {
    name: "Dockerfile",
    weight: 6,
    seeds: [
      "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=linux/amd64 node:${V:-2} AS build\nCOPY --from=other:1 a b\nRUN --mount=type=bind,from=x:2,target=/y \\\n  make\nFROM scratch\nCOPY --from=build /a /b\nCOPY <<EOF /x\nFROM y\nEOF\n",
    ],
    read: (text) => imagesOfDockerfile(text, { args: new Map([["V", "3"]]), contexts: new Map(), target: "build" }),
  },
  {
    name: "flags",
    weight: 12,
    seeds: FLAG_LINES,
    read: (text) =>
      readConfig({
        argv: text.split(" "),
        environment: { HOME: "/home/me" },
        cwd: "/p",
        flags: FLAG_NAMES,
        settingsFile: "/nowhere/.env",
      }),
  },
  {
    name: "settings",
    weight: 8,
    seeds: [
      "MIRROR_REGISTRY=r.example:5000\nMIRROR_NAMESPACE=team\nMIRROR_PLATFORM=linux/arm64\nMIRROR_CONCURRENCY=8\nMIRROR_ENGINE=docker\nMIRROR_SOURCES=docker.io=m.example,ghcr.io=n.example/x\nMIRROR_STORE_LIMIT=20GB\nDEPLOY_HOST=a, b\nLANG=zh_CN.UTF-8",
    ],
    read: (text) => {
      const environment = Object.fromEntries(text.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
      languageOf(undefined, environment);
      return readConfig({ argv: [], environment, cwd: "/p", flags: FLAG_NAMES, settingsFile: "/nowhere/.env" });
    },
  },
  {
    name: "lock file",
    weight: 12,
    json: true,
    seeds: [LOCK, '{"version": 1, "images": []}'],
    read: (text) => {
      const images = parseLock(text, "mirror.lock.json");
      const again = formatLock(images);
      assert.equal(formatLock(parseLock(again, "mirror.lock.json")), again);
    },
  },
  {
    name: "host address",
    weight: 6,
    seeds: ["box", "me@10.0.0.5", "ssh://me@box:2222", "ssh://[2001:db8::1]:22", "me@root@10.0.0.5@bastion", "fe80::1"],
    read: (text) => {
      const { name, user, port } = parseHost(text);
      check(!name.startsWith("-") && user?.startsWith("-") !== true && !/[\s;'"`$|&<>()]/.test(name + (user ?? "")));
      check(port === undefined || (port > 0 && port < 65_536));
    },
  },
  {
    name: "proxy",
    weight: 10,
    seeds: [PROXY, `socks5h://user:${SECRET}@[::1]:1080`, `user:${SECRET}@proxy.example`, "https://p%40x:y@p:8443/"],
    read: (text) => {
      // where the login was torn apart, nobody can tell its parts from a host's
      const secret = new RegExp(`^(?:[a-z0-9+.-]+://)?[^:/@]+:${SECRET}@`, "i").test(text);
      try {
        const proxies = readProxies({ HTTPS_PROXY: text, NO_PROXY: "10.*,.x" });
        const proxy = proxyFor(new URL("https://r.example/"), proxies);
        check(!secret || !JSON.stringify({ proxies, proxy }).includes(SECRET));
      } catch (error) {
        check(!secret || !String(error).includes(SECRET), "shows the password");
        throw error;
      }
    },
  },
  {
    name: "NO_PROXY",
    weight: 6,
    seeds: ["localhost,.example.com, host:8080;10.*,192.168.0.0/16,[::1]:80,fe80::/10,*a*b*c*d*e*", "*"],
    read: (text) => {
      const proxies = readProxies({ ALL_PROXY: "proxy:1", NO_PROXY: text });
      for (const url of [
        "https://r.example:5000/",
        "http://10.1.2.3/",
        "https://[fe80::1]/",
        `https://${"ab".repeat(30)}/`,
      ])
        proxyFor(new URL(url), proxies);
    },
  },
  {
    name: "source mirror",
    weight: 5,
    seeds: ["docker.io=mirror.example/hub", "ghcr.io = m.example:5000/a/b/", "index.docker.io=localhost"],
    read: (text) => placesOf({ registry: "docker.io", repository: "library/x" }, [parseSourceMirror(text)]),
  },
  {
    name: "tags",
    weight: 4,
    seeds: [
      "1.27-alpine 1.28-alpine 2.0-alpine",
      "v1.2.3-rc1 v1.2.3 v1.3.0-rc.2",
      "20240101 20250101",
      "16 15.2 latest",
    ],
    read: (text) => {
      const [tag = "", ...tags] = text.split(" ");
      return compareTags(tag, tags);
    },
  },
  {
    name: "printable",
    weight: 4,
    seeds: ["plain", "a\u001B[31mred\u0007", "镜像\u202Egnp", "a\nb\tc"],
    read: (text) => {
      const shown = printable(text);
      assert.equal(printable(shown), shown);
      formatTable([[shown, "x"], [text]]);
      check(commandLine(["x", text]).length > 0);
    },
  },
];

/** Whether a file can have the name in a folder of ours. */
function isName(name: string): boolean {
  return /^[\w./-]{1,80}$/.test(name) && !/(?:^|\/)\.\.?(?:\/|$)|^\/|\/$|\/\//.test(name);
}

/** Loads a project, and makes of it all that is made of projects. */
async function readProject(text: string): Promise<void> {
  let sample: { files?: Record<string, unknown>; options?: { profiles?: unknown; environment?: unknown } };
  try {
    sample = JSON.parse(text) as typeof sample;
  } catch {
    return;
  }
  const files = Object.fromEntries(
    Object.entries(sample?.files ?? {}).filter(([name, contents]) => isName(name) && typeof contents === "string"),
  ) as Record<string, string>;
  const names = Object.keys(files);
  if (names.some((name) => names.some((other) => other.startsWith(`${name}/`)))) return;
  await inFolder(files, async (folder) => {
    const project = await loadFrom(folder, { environment: { TAG: "7" } });
    v1Problems(project);
    const targets = new Map(
      project.services.flatMap(({ image }) => (image === undefined ? [] : [[image, "r.example/team/x$y:1"] as const])),
    );
    const { files: written } = rewrite(project, targets);
    for (const { path, text: contents } of written) parseFile(path, contents);
    const services = new Set(project.services.map(({ name }) => name));
    stackFile({ project, services, name: "fuzzed", placed: [] });
  });
}

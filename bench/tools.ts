/** The tools that are compared, each with the command that a user would run for a list of images. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "../lib/system/process.ts";
import { CHECKOUT, CREDENTIALS, SETTINGS, STATE } from "../test/bed/state.ts";
import { logIn } from "./bed.ts";
import { DOCKER_DATA, PLATFORM, STORE, TEMPORARY, WORK } from "./places.ts";

const BIN = "/opt/compose-mirror-bed/bin";
export const COMPOSE_FILE = join(WORK, "docker-compose.yaml");
const [OS = "", ARCHITECTURE = ""] = PLATFORM.split("/");

const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C",
};

/** The command that runs `scripts/NAME.ts`, as `task NAME` does. */
export function script(name: string): Command {
  const limits = ["--max-semi-space-size=4", "--max-old-space-size=1024"];
  const loader = join(CHECKOUT, "node_modules/tsx/dist/esm/index.mjs");
  return ["node", ...limits, "--import", loader, "--", join(CHECKOUT, "scripts", `${name}.ts`)];
}

/** The source and target name of one image. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

export interface Tool {
  readonly name: string;
  /** One of this project's engines. */
  readonly isOwn: boolean;
  /** Prints the version. */
  readonly version: Command;
  readonly environment: Readonly<Record<string, string>>;
  /** Writes the files that the command reads, and returns the command. */
  readonly prepare: (pairs: readonly Pair[]) => Promise<Command>;
  /** Names of its daemons. */
  readonly daemons: readonly string[];
  /** Folders that it keeps its data in. */
  readonly folders: readonly string[];
}

const PEER = {
  isOwn: false,
  environment: { ...ENVIRONMENT, TMPDIR: TEMPORARY },
  daemons: [],
  folders: [TEMPORARY],
} as const;

interface Caller {
  readonly name: string;
  readonly version: Command;
  /** Copies one image; source and target are added. */
  readonly copy: Command;
  /** Processes at once. */
  readonly atOnce: number;
  /** Formats a source or target name for the tool. */
  readonly write: (image: string) => string;
}

/** A tool that copies one image per process. */
function caller({ name, version, copy, atOnce, write }: Caller): Tool {
  return {
    ...PEER,
    name,
    version,
    prepare: async (pairs) => {
      const lines = pairs.map(({ source, target }) => `${write(source)} ${write(target)}\n`);
      const list = await save("pairs", lines.join(""));
      await logIn();
      return ["xargs", "-a", list, "-n", "2", "-P", String(atOnce), ...copy];
    },
  };
}

function skopeo(name: string, atOnce: number): Tool {
  return caller({
    name,
    version: ["skopeo", "--version"],
    copy: ["skopeo", `--override-os=${OS}`, `--override-arch=${ARCHITECTURE}`, "copy", "-q", "--retry-times=3"],
    atOnce,
    write: (image) => `docker://${image}`,
  });
}

function own(engine: "direct" | "docker"): Tool {
  const isDocker = engine === "docker";
  return {
    name: `compose-mirror --engine ${engine}`,
    isOwn: true,
    environment: { ...ENVIRONMENT, ...SETTINGS, NODE_EXTRA_CA_CERTS: join(STATE, "ca.crt") },
    version: isDocker ? ["docker", "--version"] : ["node", "--version"],
    daemons: isDocker ? ["dockerd", "containerd"] : [],
    folders: isDocker ? [DOCKER_DATA] : [STORE],
    prepare: async () => [
      ...script("mirror"),
      "-f",
      COMPOSE_FILE,
      `--output=${join(WORK, "mirrored.yaml")}`,
      "--ignore=/dev/null",
      `--engine=${engine}`,
      ...(isDocker ? [] : [`--store=${STORE}`]),
    ],
  };
}

export const TOOLS: readonly Tool[] = [
  own("direct"),
  caller({
    name: "crane, 4 at once",
    version: [join(BIN, "crane"), "version"],
    copy: [join(BIN, "crane"), "copy", "--platform", PLATFORM],
    atOnce: 4,
    // its default host name for Docker Hub, index.docker.io, is not on the test bed
    write: (image) => image.replace(/^docker\.io\//, "registry-1.docker.io/"),
  }),
  {
    ...PEER,
    name: "regsync, 4 at once",
    version: [join(BIN, "regsync"), "version", "--format", "{{.VCSTag}}"],
    prepare: async (pairs) => {
      const sync = pairs.map(({ source, target }) => ({ source, target, type: "image", platform: PLATFORM }));
      const settings = { version: 1, defaults: { parallel: 4 }, sync };
      await logIn();
      return [join(BIN, "regsync"), "once", "--config", await save("regsync.yaml", JSON.stringify(settings))];
    },
  },
  caller({
    name: "regctl, 4 at once",
    version: [join(BIN, "regctl"), "version", "--format", "{{.VCSTag}}"],
    copy: [join(BIN, "regctl"), "image", "copy", "--platform", PLATFORM],
    atOnce: 4,
    write: (image) => image,
  }),
  skopeo("skopeo, one by one", 1),
  skopeo("skopeo, 4 at once", 4),
  {
    ...PEER,
    name: "image-syncer",
    version: ["cat", join(BIN, "image-syncer.version")],
    prepare: async (pairs) => {
      const { registry, username, password } = CREDENTIALS;
      const auth = await save("auth.json", JSON.stringify({ [registry]: { username, password } }));
      const images = Object.fromEntries(pairs.map(({ source, target }) => [source, target]));
      const list = await save("images.json", JSON.stringify(images));
      const files = ["--auth", auth, "--images", list];
      return [join(BIN, "image-syncer"), ...files, "--os", OS, "--arch", ARCHITECTURE, "--retries", "3"];
    },
  },
  own("docker"),
];

async function save(name: string, text: string): Promise<string> {
  const file = join(WORK, name);
  await writeFile(file, text);
  return file;
}

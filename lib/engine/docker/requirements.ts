/** What docker, podman and nerdctl need before they can work: a daemon or a runtime that answers. */
import type { Reader } from "../../image/readability.ts";
import { MirrorError } from "../../messages/errors.ts";
import { theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import type { Run } from "../../system/process.ts";
import type { Requirements } from "../engine.ts";
import { engineError } from "./docker-errors.ts";

/** How each program tells the version of what does the work, and the folder where it keeps images. */
const QUESTIONS = {
  docker: {
    version: ["version", "--format", "{{.Server.Version}}"],
    folder: ["info", "--format", "{{.DockerRootDir}}"],
  },
  podman: {
    version: ["info", "--format", "{{.Version.Version}}"],
    folder: ["info", "--format", "{{.Store.GraphRoot}}"],
  },
  nerdctl: { version: ["info", "--format", "{{.ServerVersion}}"], folder: ["info", "--format", "{{.DockerRootDir}}"] },
} as const;

/** Milliseconds. A daemon that is up answers in far less, also in a virtual machine. */
const TIMEOUT = 20_000;

/** The kinds of reader that the programs' versions count by. */
const KINDS = { docker: "docker", podman: "podman", nerdctl: "containerd" } as const;

/** What reads images for the program; `undefined` where it does not tell. Throws `interrupted` and `command-missing`. */
export async function readerOf(
  program: keyof typeof QUESTIONS,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<Reader | undefined> {
  const { code, stdout } = await run([program, ...QUESTIONS[program].version], {
    signal,
    timeout: TIMEOUT,
    env: { LC_ALL: "C" },
  });
  return code === 0 ? { kind: KINDS[program], version: stdout.trim() } : undefined;
}

/** Its `check` throws `command-missing`, `engine-permission` and `engine-stopped`. */
export function dockerRequirements(program: keyof typeof QUESTIONS, run: Run): Requirements {
  return {
    engine: program,
    check: async (signal) => {
      const options = { signal, timeout: TIMEOUT, env: { LC_ALL: "C" } };
      const ran = await run([program, ...QUESTIONS[program].version], options);
      if (ran.code !== 0) {
        const output = ran.stderr.trim() || ran.stdout.trim();
        const error = engineError({ engine: program, action: "pull", image: "", registry: "", code: ran.code, output });
        const detail = output === "" ? message("engine-silent") : theirs(output.split("\n").at(-1)!);
        throw error.code === "engine-permission"
          ? error
          : new MirrorError("engine-stopped", { engine: program, detail });
      }
      const asked = await run([program, ...QUESTIONS[program].folder], options);
      const folder = asked.stdout.trim();
      const isKnown = asked.code === 0 && folder.startsWith("/");
      return { version: ran.stdout.trim(), ...(isKnown ? { folder } : {}) };
    },
  };
}

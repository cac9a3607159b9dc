/** What docker, podman and nerdctl need before they can work: a daemon or a runtime that answers. */
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

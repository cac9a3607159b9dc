/** The benchmark's folders, and the platform that every tool copies. */
import { join } from "node:path";
import { STATE } from "../test/bed/state.ts";

/** Where the tools keep their data: on a real disk, unlike the rest of the workstation. */
export const WORK = join(STATE, "work");
/** The content store of the direct engine. */
export const STORE = join(WORK, "store");
/** TMPDIR of the other tools. */
export const TEMPORARY = join(WORK, "tmp");
/** /var/lib/docker of the workstation. */
export const DOCKER_DATA = join(STATE, "docker/ws");

export const PLATFORM = "linux/amd64";

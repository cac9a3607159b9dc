/** Where the bed keeps its state, and the credentials of its mirror registry. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const CHECKOUT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The bed's state folder; `bed.sh exec` and `bench/run.sh` set BED_STATE. */
export const STATE = process.env["BED_STATE"] ?? "/var/tmp/compose-mirror-bed/main";

/** The mirror registry and the login that may push to the namespace. */
export const CREDENTIALS = JSON.parse(readFileSync(join(STATE, "credentials.json"), "utf8")) as Readonly<
  Record<"registry" | "namespace" | "username" | "password", string>
>;

/** The settings that every command of the user gets from the environment. */
export const SETTINGS: Readonly<Record<string, string>> = {
  MIRROR_REGISTRY: CREDENTIALS.registry,
  MIRROR_NAMESPACE: CREDENTIALS.namespace,
  MIRROR_USERNAME: CREDENTIALS.username,
  MIRROR_PASSWORD: CREDENTIALS.password,
};

/**
 * A private configuration for docker or nerdctl, for as long as a run is logged in: what the user has, with a login of
 * ours in place of the user's own file and credential store, which stay as they are.
 */
import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { causeOf, MirrorError } from "../../messages/errors.ts";
import { DOCKER_HUB } from "../../image/reference.ts";
import { HUB_KEY } from "../../registry/credentials.ts";

export interface LoginFolder {
  /** For the variable DOCKER_CONFIG. */
  readonly path: string;
  remove(): Promise<void>;
}

const FILE = "config.json";

/**
 * Makes the folder, mode 700, out of the configuration in `own`: logins, credential helpers and proxies of its
 * `config.json` are copied, contexts, certificates and plugins linked. The login for `registry` stays in the new file,
 * whatever helper the user has. It is removed at the end of the process at the latest. Throws `file-write`.
 */
export async function makeLoginFolder(own: string | undefined, registry: string): Promise<LoginFolder> {
  const path = await mkdtemp(join(tmpdir(), "compose-mirror-login-")).catch((error: unknown) => {
    throw new MirrorError("file-write", { file: tmpdir(), detail: causeOf(error) }, { cause: error });
  });
  const atExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once("exit", atExit);
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    process.off("exit", atExit);
  };
  try {
    const config = own === undefined ? {} : await readConfig(join(own, FILE));
    const names = own === undefined ? [] : await readdir(own).catch(() => []);
    for (const name of names) if (name !== FILE) await symlink(resolve(own!, name), join(path, name));
    await writeFile(join(path, FILE), JSON.stringify(withoutHelper(config, registry)), { mode: 0o600 });
  } catch (error) {
    await remove();
    throw new MirrorError("file-write", { file: path, detail: causeOf(error) }, { cause: error });
  }
  return { path, remove };
}

/** docker warns of a file that it cannot read, and goes on without. */
async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const found: unknown = JSON.parse(await readFile(file, "utf8"));
    return isTable(found) ? found : {};
  } catch {
    return {};
  }
}

/** An empty name means no helper: docker then keeps the login in the file itself. */
function withoutHelper(config: Readonly<Record<string, unknown>>, registry: string) {
  const helpers = isTable(config["credHelpers"]) ? config["credHelpers"] : {};
  const keys = registry === DOCKER_HUB ? [registry, HUB_KEY] : [registry];
  return { ...config, credHelpers: { ...helpers, ...Object.fromEntries(keys.map((key) => [key, ""])) } };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The questions of `init`: what is missing is asked for, tried at once, and asked for again where it does not work. */
import { readRegistryAnswer } from "../config/registry-answer.ts";
import type { MirrorError } from "../messages/errors.ts";
import { Secret } from "../system/secret.ts";
import type { Config } from "../config/config.ts";
import type { Ask } from "./question.ts";
import type { Terminal } from "./output.ts";

export interface InitOptions {
  readonly terminal: Terminal;
  readonly ask: Ask;
  /** What is set already, which becomes the answer that is offered. */
  readonly config: Config;
  /** Tries settings; gives what is wrong with them. */
  readonly check: (config: Config) => Promise<MirrorError | undefined>;
}

/** Asks for all settings. Gives them by variable, in the order of the questions. Throws `interrupted`. */
export async function askSettings({ terminal, ask, config, check }: InitOptions): Promise<ReadonlyMap<string, string>> {
  const text = (code: Question): string => terminal.text(`init-${code}`);

  const askRegistry = async (known: Config): Promise<Config> => {
    const pasted = readRegistryAnswer(await ask(text("registry"), { fallback: known.registry }));
    const namespace = await ask(text("namespace"), { fallback: pasted.namespace ?? known.namespace });
    const username = await ask(text("username"), { fallback: pasted.username ?? known.credentials?.username });
    const password = new Secret(await ask(text("password"), { hidden: true }));
    return { ...known, embedded: false, registry: pasted.registry, namespace, credentials: { username, password } };
  };
  const askHost = async (known: Config): Promise<Config> => {
    const host = await ask(text("host"), { fallback: known.hosts[0] ?? "" });
    if (host === "") return { ...known, hosts: [] };
    const dir = await ask(text("dir"), { fallback: known.dir ?? "" });
    return { ...known, hosts: [host], ...(dir === "" ? {} : { dir }) };
  };
  /** Asks again with the last answers until they work. */
  const untilRight = async (askFor: (known: Config) => Promise<Config>, known: Config): Promise<Config> => {
    const answered = await askFor(known);
    const error = await check(answered);
    if (error === undefined) return answered;
    terminal.note(terminal.explain(error));
    return untilRight(askFor, answered);
  };

  const mirrored = await untilRight(askRegistry, { ...(config.embedded ? without(config) : config), hosts: [] });
  return settingsOf(await untilRight(askHost, { ...mirrored, hosts: config.hosts }));
}

type Question = "registry" | "namespace" | "username" | "password" | "host" | "dir";

function without({ registry: _registry, namespace: _namespace, ...config }: Config): Config {
  return config;
}

function settingsOf({ registry = "", namespace = "", credentials, hosts, dir }: Config): ReadonlyMap<string, string> {
  return new Map([
    ["MIRROR_REGISTRY", registry],
    ["MIRROR_NAMESPACE", namespace],
    ...(credentials === undefined
      ? []
      : ([
          ["MIRROR_USERNAME", credentials.username],
          ["MIRROR_PASSWORD", credentials.password.reveal()],
        ] as const)),
    ...(hosts.length === 0 ? [] : ([["DEPLOY_HOST", hosts.join(",")]] as const)),
    ...(dir === undefined ? [] : ([["DEPLOY_DIR", dir]] as const)),
  ]);
}

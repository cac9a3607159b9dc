/** The address of a registry as people paste it from the web page of a registry. */

export interface RegistryAnswer {
  /** HOST or HOST:PORT, not yet checked. */
  readonly registry: string;
  /** The first part of a path, which names where the images go. */
  readonly namespace?: string;
  readonly username?: string;
}

/**
 * Reads what was pasted: an address, with or without `https://` and a path (`HOST/NAMESPACE/NAME:[TAG]`), or the whole
 * line `docker login --username=USER HOST`, as Alibaba Cloud's console shows it.
 */
export function readRegistryAnswer(text: string): RegistryAnswer {
  const words = text.trim().split(/\s+/);
  const flagged = words.findIndex((word) => word === "--username" || word === "-u");
  const username = /--username=(\S+)/.exec(text)?.[1] ?? (flagged < 0 ? undefined : words[flagged + 1]);
  // Of a command line the address is the last word.
  const address = (words.at(-1) ?? "").replace(/^https?:\/\//i, "");
  const [registry = "", namespace = ""] = address.split("/");
  return {
    registry: registry.toLowerCase(),
    ...(namespace === "" ? {} : { namespace }),
    ...(username === undefined ? {} : { username }),
  };
}

/** What is in force in this run: a hint never recommends what is set already, or what cannot help. */

export interface Facts {
  /** What moves the images. */
  readonly engine: "direct" | "docker" | "podman" | "nerdctl";
  /** Images come from the content store, through the ssh connection: the deploy uses no registry. */
  readonly tunnel: boolean;
  /** The variables of proxies that are set (`HTTPS_PROXY`, …). */
  readonly proxies: readonly string[];
  /** The registries that have a source mirror (`docker.io`). */
  readonly sourceMirrors: readonly string[];
  /** The hosts that are named as source mirrors. */
  readonly sourceMirrorHosts?: readonly string[];
  /** The name that the host pulls by, where it is another one than the mirror's. */
  readonly pullRegistry?: string;
  /** The mirror registry; absent when images stay in the store. */
  readonly mirror?: string;
  /** MIRROR_USERNAME and MIRROR_PASSWORD are set. */
  readonly credentials: boolean;
}

/** What holds before any setting was read. */
export const NO_FACTS: Facts = { engine: "direct", tunnel: false, proxies: [], sourceMirrors: [], credentials: false };

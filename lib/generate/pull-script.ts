import type { Transfer } from "../mirror/transfers.ts";
import { engineName } from "../image/reference.ts";
import { renderScript } from "./script.ts";

/** The file name of the pull script for `platform`. */
export function pullScriptName(platform: string): string {
  return `pull-all-images-${platform.replaceAll("/", "-")}.sh`;
}

/** A bash script that pulls every image in its platform and checks what arrived. */
export function renderPullScript(images: readonly Pick<Transfer, "source" | "platform">[]): string {
  return renderScript(
    "pull-images.sh",
    images.map(({ source, platform }) => [engineName(source), platform]),
  );
}

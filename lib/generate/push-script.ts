import type { Transfer } from "../mirror/transfers.ts";
import { engineName, formatReference } from "../image/reference.ts";
import { renderScript } from "./script.ts";

export const PUSH_SCRIPT_NAME = "push-to-aliyun-registry.sh";

/** A bash script that tags every image with its mirror name and pushes it. */
export function renderPushScript(transfers: readonly Pick<Transfer, "source" | "platform" | "target">[]): string {
  return renderScript(
    "push-images.sh",
    transfers.map(({ source, platform, target }) => [engineName(source), platform, formatReference(target)]),
  );
}

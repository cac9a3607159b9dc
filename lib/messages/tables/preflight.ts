/** Messages about the checks before the work. */
import type { Text } from "../message.ts";

export const PREFLIGHT_TEXTS = {
  "warning-local-disk-low": {
    en: "only {bytes:bytes} are free in {folder} on this machine",
    zh: "本机 {folder} 仅剩 {bytes:bytes}",
  },
} as const satisfies Record<string, Text>;

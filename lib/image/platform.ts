/**
 * A platform as `os/arch[/variant]`, with the spellings containerd's platforms package accepts brought to one:
 * `amd64` alone means linux/amd64, x86_64 is amd64, aarch64 and arm64/v8 are arm64, armhf is arm/v7.
 */
import { MirrorError } from "../messages/errors.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ALIASES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  i386: ["386"],
  i486: ["386"],
  i586: ["386"],
  i686: ["386"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};
const PART = /^[a-z0-9][a-z0-9_.-]*$/;

/** Reads a platform. Throws `platform-invalid`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || parts.some((part) => !PART.test(part)))
    throw new MirrorError("platform-invalid", { platform: text });
  const [os, arch, written] = parts.length === 1 ? ["linux", parts[0]!] : (parts as [string, string, string?]);
  const [architecture, implied] = ALIASES[arch] ?? [arch];
  const variant = written ?? implied ?? (architecture === "arm" ? "v7" : undefined);
  const plain = (architecture === "arm64" && variant === "v8") || (architecture === "amd64" && variant === "v1");
  return { os, architecture, ...(variant === undefined || plain ? {} : { variant }) };
}

/** The one spelling of a platform. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

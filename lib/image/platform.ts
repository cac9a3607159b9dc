/**
 * A platform as `os/arch[/variant]`, with the spellings that containerd's platforms package accepts normalized:
 * `amd64` alone means linux/amd64, x86_64 is amd64, aarch64 and arm64/v8 are arm64, armhf is arm/v7.
 * https://pkg.go.dev/github.com/containerd/platforms#hdr-Normalization
 */
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Other names of an architecture, as containerd's `normalizeArch` reads them. */
const ALIASES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ["x86_64", ["amd64"]],
  ["x86-64", ["amd64"]],
  ["i386", ["386"]],
  ["i486", ["386"]],
  ["i586", ["386"]],
  ["i686", ["386"]],
  ["aarch64", ["arm64"]],
  ["armhf", ["arm", "v7"]],
  ["armel", ["arm", "v6"]],
]);
/** GOOS values that images exist for or docker takes (containerd's `isKnownOS`), and docker's name for WASI. */
const SYSTEMS: ReadonlySet<string> = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux netbsd openbsd plan9 solaris wasi wasip1 windows zos".split(
    " ",
  ),
);
/** GOARCH values (containerd's `isKnownArch`). */
const ARCHITECTURES: ReadonlySet<string> = new Set(
  "386 amd64 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm".split(
    " ",
  ),
);
const PART = /^[a-z0-9][a-z0-9_.-]*$/;

/**
 * Reads a platform that a registry, a program or a file of ours says: its parts may be names that are not known here
 * (`unknown/unknown` of an attestation). Throws `platform-invalid` when it is no platform by its form.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || parts.some((part) => !PART.test(part)))
    throw new MirrorError("platform-invalid", { platform: text, detail: message("platform-form") });
  const [os, arch, written] = parts.length === 1 ? ["linux", parts[0]!] : (parts as [string, string, string?]);
  const [architecture, implied] = ALIASES.get(arch) ?? [arch];
  const variant = written ?? implied ?? (architecture === "arm" ? "v7" : undefined);
  const plain = (architecture === "arm64" && variant === "v8") || (architecture === "amd64" && variant === "v1");
  return { os, architecture, ...(variant === undefined || plain ? {} : { variant }) };
}

/**
 * Reads a platform that somebody asks for and gives its one spelling. Throws `platform-invalid`, also for an operating
 * system or an architecture that no image can have (`linux/foo`, `all`).
 */
export function wantedPlatform(text: string): string {
  const platform = parsePlatform(text);
  const { os, architecture } = platform;
  if (!SYSTEMS.has(os)) {
    throw new MirrorError("platform-invalid", { platform: text, detail: message("platform-os-unknown", { os }) });
  }
  if (!ARCHITECTURES.has(architecture)) {
    const detail = message("platform-architecture-unknown", { architecture });
    throw new MirrorError("platform-invalid", { platform: text, detail });
  }
  return formatPlatform(platform);
}

/** The one spelling of a platform. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * A digest names content by its hash: `ALGORITHM:HEX`, of the algorithms that the OCI image specification registers.
 * Digests come from registries and files, so they are read here before they become part of a path or a URL.
 */
import { createHash, type Hash } from "node:crypto";
import { MirrorError } from "../messages/errors.ts";

export interface Digest {
  readonly algorithm: "sha256" | "sha512";
  /** Lower-case hexadecimal digits, as many as the algorithm gives. */
  readonly hex: string;
}

const DIGEST = /^(?:(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128}))$/;

/** Reads a digest. Throws `digest-invalid`. */
export function parseDigest(text: string): Digest {
  const [, sha256, short, sha512, long] = DIGEST.exec(text) ?? [];
  if (sha256 !== undefined) return { algorithm: "sha256", hex: short! };
  if (sha512 !== undefined) return { algorithm: "sha512", hex: long! };
  throw new MirrorError("digest-invalid", { digest: text.length > 200 ? `${text.slice(0, 200)}…` : text });
}

export function formatDigest({ algorithm, hex }: Digest): string {
  return `${algorithm}:${hex}`;
}

/** The digest of `bytes`, by sha256. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether `bytes` are what `digest` names. Throws `digest-invalid`. */
export function matchesDigest(bytes: Uint8Array, digest: string): boolean {
  return hashFor(digest).update(bytes).digest("hex") === parseDigest(digest).hex;
}

/** A fresh hash of the algorithm that `digest` is of, for content that comes in pieces. Throws `digest-invalid`. */
export function hashFor(digest: string): Hash {
  return createHash(parseDigest(digest).algorithm);
}

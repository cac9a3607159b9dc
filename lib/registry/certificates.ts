/**
 * Whom TLS trusts besides the well-known authorities, and whose certificate a server shows. A file of authorities is in
 * PEM (RFC 7468, section 5): `-----BEGIN CERTIFICATE-----` and base64, any number of them, with any text between.
 */
import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  rootCertificates,
  type SecureContext,
} from "node:tls";
import { causeOf, MirrorError } from "../messages/errors.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import type { ShownCertificate } from "./errors.ts";

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** The first byte of a certificate in DER: an ASN.1 SEQUENCE. */
const SEQUENCE = 0x30;
/** Bytes. The well-known authorities of a system are a quarter of a megabyte. */
const FILE_LIMIT = 16 * 1000 * 1000;
const MOST_NAMES = 3;
const NONBLOCKING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The certificates in the file that `variable` names. Throws `authorities-invalid` where there is none. */
export async function readAuthorities(variable: string, file: string | undefined): Promise<readonly string[]> {
  if (file === undefined || file === "") return [];
  const fail: Fail = (detail, fault, cause) =>
    new MirrorError("authorities-invalid", { variable, file, detail, fault }, { cause });
  const bytes = await readRegular(file, fail);
  const found = bytes.toString("latin1").match(PEM) ?? [];
  if (found.length === 0) {
    const fault = faultOf(bytes);
    throw fail(message(fault), fault === "authorities-der" ? "der" : "content");
  }
  for (const [index, certificate] of found.entries()) {
    const damage = damageOf(certificate);
    if (damage !== undefined) throw fail(message("authorities-broken", { number: index + 1 }), "content", damage);
  }
  return found;
}

/** The well-known authorities and `extra`; `undefined` leaves it to the runtime. */
export function trust(extra: readonly string[]): SecureContext | undefined {
  return extra.length === 0 ? undefined : createSecureContext({ ca: [...rootCertificates, ...extra] });
}

/** What is to be said of the certificate that a server showed for `host`; `undefined` where it showed none. */
export function describeCertificate(host: string, certificate: PeerCertificate): ShownCertificate | undefined {
  const { subject, issuer, subjectaltname = "" } = certificate as Partial<PeerCertificate>;
  if (subject === undefined && subjectaltname === "") return undefined;
  const names = [...subjectaltname.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name]) => name!);
  const subjectName = [subject?.CN, subject?.O].flat().find((name) => name !== undefined && name !== "");
  return {
    names: (names.length > 0 ? names : [subjectName ?? ""]).filter((name) => name !== "").slice(0, MOST_NAMES),
    issuer: [issuer?.O, issuer?.CN].flat().find((name) => name !== undefined && name !== "") ?? "",
    fits: checkServerIdentity(host, certificate) === undefined,
  };
}

/** For the hint: the file cannot be read, is in DER format, or holds something else. */
type Fail = (detail: Cause, fault: "unread" | "der" | "content", cause?: unknown) => MirrorError;

async function readRegular(file: string, fail: Fail): Promise<Buffer> {
  try {
    // without waiting for the other end of a pipe
    const handle = await open(file, NONBLOCKING);
    try {
      const { size, isFile } = await handle.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
      if (!isFile) throw fail(message("authorities-no-file"), "unread");
      if (size > FILE_LIMIT) throw fail(message("authorities-large", { limit: FILE_LIMIT }), "unread");
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof MirrorError ? error : fail(causeOf(error), "unread", error);
  }
}

/** What keeps a certificate from being read. */
function damageOf(certificate: string): unknown {
  try {
    void new X509Certificate(certificate);
    return undefined;
  } catch (error) {
    return error;
  }
}

function faultOf(bytes: Buffer) {
  const text = bytes.toString("latin1").trim();
  if (text === "") return "authorities-empty";
  if (bytes[0] === SEQUENCE && bytes[1]! >= 0x80) return "authorities-der";
  if (KEY.test(text)) return "authorities-key";
  return text.startsWith("<") ? "authorities-html" : "authorities-none";
}

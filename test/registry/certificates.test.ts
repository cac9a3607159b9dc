import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { PeerCertificate } from "node:tls";
import type { MirrorError } from "../../lib/messages/errors.ts";
import { describeCertificate, readAuthorities } from "../../lib/registry/certificates.ts";

const TLS = fileURLToPath(new URL("../fixtures/tls/", import.meta.url));
const PEM = readFileSync(join(TLS, "certificate.pem"), "utf8");
const KEY = readFileSync(join(TLS, "key.pem"), "utf8");

function folder(t: TestContext): (name: string, content: string | Uint8Array) => string {
  const path = mkdtempSync(join(tmpdir(), "authorities-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return (name, content) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
}

test("certificates in PEM, whatever stands between them", async (t) => {
  const put = folder(t);
  assert.deepEqual(await readAuthorities("CA_FILE", undefined), []);
  assert.deepEqual(await readAuthorities("CA_FILE", ""), []);
  const file = put("ca.pem", `Company root, 2024\r\n${PEM}# the second one\n${PEM}${KEY}`);
  assert.equal((await readAuthorities("CA_FILE", file)).length, 2);
});

test("a file without a certificate is an error that names file and variable", async (t) => {
  const put = folder(t);
  const damaged = PEM.replace(/\n[A-Za-z0-9+/]{64}\n/, "\n");
  const cases: readonly (readonly [file: string, message: RegExp, hint: RegExp])[] = [
    [put("ca.der", new X509Certificate(PEM).raw), /DER format/, /openssl x509 -inform der/],
    [put("empty", ""), /it is empty/, /PEM format/],
    [put("page", "<!doctype html><html>log in</html>"), /web page/, /PEM format/],
    [put("key", KEY), /private key/, /PEM format/],
    [put("words", "to be filled in"), /no certificate in PEM/, /PEM format/],
    [put("damaged", PEM + damaged), /certificate 2 in it is damaged/, /PEM format/],
    [TLS, /not a regular file/, /check the path/],
    [join(TLS, "nowhere"), /ENOENT/, /check the path/],
  ];
  for (const [file, message, hint] of cases) {
    await assert.rejects(readAuthorities("CA_FILE", file), (error: MirrorError) => {
      assert.deepEqual([error.code, error.exit], ["authorities-invalid", 2], file);
      assert.match(error.message, message);
      assert.ok(error.message.includes(file) && error.message.includes("CA_FILE"), error.message);
      assert.match(error.hint, hint);
      return true;
    });
  }
});

const shown = (host: string, value: object) => describeCertificate(host, value as PeerCertificate);

test("whose certificate a server showed", () => {
  const site = {
    subject: { CN: "shop.example", O: "Shop" },
    issuer: { O: "Public CA", CN: "R1" },
    subjectaltname: "DNS:shop.example, DNS:*.shop.example, IP Address:10.0.0.1",
  };
  const names = ["shop.example", "*.shop.example", "10.0.0.1"];
  assert.deepEqual(shown("registry.example", site), { names, issuer: "Public CA", fits: false });
  assert.deepEqual(shown("shop.example", site), { names, issuer: "Public CA", fits: true });
  assert.deepEqual(shown("r.example", { subject: { CN: "router" }, issuer: { CN: "router" } })?.names, ["router"]);
  assert.equal(shown("r.example", {}), undefined);
});

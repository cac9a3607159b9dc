import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cause, renderCause } from "../../lib/messages/message.ts";
import { answerError, networkError, type Question, RegistryError } from "../../lib/registry/errors.ts";

const ACR = "registry.cn-hangzhou.aliyuncs.com";
const body = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });

const ANSWERS: readonly (readonly [
  what: string,
  question: Partial<Question>,
  status: number,
  text: string,
  code: string,
  helps?: boolean,
])[] = [
  [
    "a public name that is not there",
    { login: { kind: "none" } },
    401,
    body("UNAUTHORIZED", "authentication required"),
    "registry-login-missing",
  ],
  ["a wrong password", {}, 401, body("UNAUTHORIZED", "authentication required"), "registry-unauthorized"],
  [
    "a wrong password at ACR",
    { host: ACR },
    401,
    body("UNAUTHORIZED", "authentication required"),
    "registry-unauthorized-aliyun",
  ],
  [
    "a push that is denied",
    { action: "push" },
    403,
    body("DENIED", "requested access to the resource is denied"),
    "registry-push-denied",
  ],
  [
    "a push that ACR denies",
    { host: ACR, action: "push" },
    403,
    body("DENIED", "denied"),
    "registry-push-denied-aliyun",
  ],
  ["a pull that is denied", {}, 403, body("DENIED", "denied"), "registry-pull-denied"],
  ["an unknown tag", {}, 404, body("MANIFEST_UNKNOWN", "manifest unknown"), "registry-not-found"],
  ["an unknown namespace", { action: "push" }, 404, body("NAME_UNKNOWN", "no such namespace"), "registry-push-unknown"],
  [
    "the rate limit",
    {},
    429,
    body("TOOMANYREQUESTS", "You have reached your pull rate limit"),
    "registry-rate-limit",
    true,
  ],
  ["a fault of the registry", {}, 502, "<html>Bad Gateway</html>", "registry-server", true],
  ["a request that took too long", {}, 408, "", "registry-server", true],
  ["what a registry never does", {}, 501, "", "registry-refused"],
  [
    "attestations",
    { action: "push" },
    403,
    body("DENIED", "unknown manifest class for application/vnd.oci.empty.v1+json"),
    "registry-artifact",
  ],
  [
    "a manifest it does not like",
    { action: "push" },
    400,
    body("MANIFEST_INVALID", "manifest invalid"),
    "registry-refused",
  ],
];

for (const [what, question, status, text, code, helps = false] of ANSWERS) {
  test(`${what} is ${code}`, () => {
    const asked: Question = {
      host: "r.example",
      action: "pull",
      name: "team/app:1",
      login: { kind: "settings" },
      ...question,
    };
    const error = answerError(asked, { status, headers: {}, text });
    assert.equal(error.code, code);
    assert.equal(error.retryHelps, helps);
    assert.equal(error.status, status);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /\{\w+\}|<html>/);
  });
}

test("the registry's own words are kept, on one line and not without end", () => {
  const question: Question = { host: "r.example", action: "pull", name: "app:1", login: { kind: "settings" } };
  const detail = (text: string): unknown =>
    renderCause(answerError(question, { status: 400, headers: {}, text }).values["detail"] as Cause, "en");
  assert.equal(detail(body("NAME_INVALID", "two\nlines")), "name_invalid: two lines");
  assert.equal(detail(JSON.stringify({ message: "plain" })), "plain");
  assert.equal(detail("some text"), "some text");
  assert.equal(detail(""), "HTTP 400");
  assert.equal(detail("null"), "null");
  assert.equal(detail(JSON.stringify({ errors: [null, { code: 5, message: {} }] })), "HTTP 400");
  assert.ok(String(detail("x".repeat(10_000))).length <= 300);
});

const after = (value: string): number | undefined =>
  answerError(
    { host: "r.example", action: "pull", name: "app", login: { kind: "settings" } },
    { status: 429, headers: { "retry-after": value }, text: "" },
  ).retryAfter;

test("Retry-After in seconds and as a date", () => {
  assert.equal(after("7"), 7000);
  const due = after(new Date(Date.now() + 60_000).toUTCString());
  assert.ok(due !== undefined && due > 50_000 && due <= 60_000);
  assert.equal(after("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  assert.equal(after("soon"), undefined);
});

const NETWORK: readonly (readonly [host: string, code: string, message: string, expected: string, helps: boolean])[] = [
  ["r.example", "ECONNREFUSED", "connect ECONNREFUSED", "registry-unreachable", true],
  ["r.example", "ENOTFOUND", "getaddrinfo ENOTFOUND r.example", "registry-unreachable", true],
  ["registry-vpc.cn-hangzhou.aliyuncs.com", "ETIMEDOUT", "connect ETIMEDOUT", "registry-unreachable-vpc", false],
  ["crpi-x-vpc.cn-hangzhou.personal.cr.aliyuncs.com", "ENOTFOUND", "getaddrinfo", "registry-unreachable-vpc", false],
  ["vpc-registry.example", "ENOTFOUND", "getaddrinfo", "registry-unreachable", true],
  ["r.example", "ECONNRESET", "socket hang up", "registry-cut", true],
  ["r.example", "EPIPE", "write EPIPE", "registry-cut", true],
  ["r.example", "HPE_INVALID_CONSTANT", "Parse Error: Expected HTTP/", "registry-cut", true],
  ["r.example", "DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", "registry-certificate", false],
  ["r.example", "CERT_HAS_EXPIRED", "certificate has expired", "registry-certificate", false],
  ["r.example", "ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match", "registry-certificate", false],
  [
    "r.example",
    "EPROTO",
    "write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number",
    "registry-plain",
    false,
  ],
  [
    "r.example",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "(SSL routines:ssl3_get_record:wrong version number)",
    "registry-plain",
    false,
  ],
];

for (const [host, code, message, expected, helps] of NETWORK) {
  test(`${code} at ${host} is ${expected}`, () => {
    const error = networkError(host, Object.assign(new Error(message), { code }));
    assert.equal(error.code, expected);
    assert.equal(error.retryHelps, helps);
  });
}

test("an error that is one already stays", () => {
  const known = new RegistryError("registry-cut", { host: "r.example", detail: "x" });
  assert.equal(networkError("other.example", known), known);
});

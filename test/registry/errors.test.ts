import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, type MirrorError } from "../../lib/messages/errors.ts";
import { type Facts, NO_FACTS } from "../../lib/messages/facts.ts";
import { type Cause, renderCause, theirs } from "../../lib/messages/message.ts";
import { REGISTRY_ERRORS } from "../../lib/messages/tables/registry.ts";
import { answerError, networkError, type Question, RegistryError, type SentLogin } from "../../lib/registry/errors.ts";
import { readProxies } from "../../lib/registry/proxy.ts";

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
  ["a front that lets nobody in", { action: "login" }, 403, "<html>403 Forbidden</html>", "registry-forbidden"],
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
  ["r.example", "HPE_HEADER_OVERFLOW", "Parse Error: Header overflow", "registry-answer", false],
  ["r.example", "HPE_INVALID_HEADER_TOKEN", "Parse Error: Invalid header token", "registry-answer", false],
  ["r.example", "HPE_UNEXPECTED_CONTENT_LENGTH", "Parse Error: Duplicate Content-Length", "registry-answer", false],
  ["r.example", "HPE_INVALID_CHUNK_SIZE", "Parse Error: Invalid character in chunk size", "registry-cut", true],
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
  const known = new RegistryError("registry-cut", { host: "r.example", detail: theirs("x") });
  assert.equal(networkError("other.example", known), known);
});

/** What registries in use say with the status at hand; their code and words come first. */
const SAID: readonly (readonly [status: number, code: string, message: string, expected: string, action?: "push"])[] = [
  [
    403,
    "DENIED",
    "adding 9 MiB of storage resource will exceed the configured upper limit of 1.0 GiB.",
    "registry-quota",
    "push",
  ],
  [403, "DENIED", "The number of repositories has reached the limit of this instance", "registry-quota", "push"],
  [400, "QUOTA_EXCEEDED", "namespace is full", "registry-quota", "push"],
  [507, "", "", "registry-quota", "push"],
  [
    412,
    "PRECONDITION",
    "Failed to process request due to 'app:1' configured as immutable.",
    "registry-immutable",
    "push",
  ],
  [400, "TAG_INVALID", "tag '1' already exists and cannot be overwritten", "registry-immutable", "push"],
  [412, "PROJECTPOLICYVIOLATION", "current image with 3 vulnerabilities cannot be pulled", "registry-policy"],
  [403, "TOOMANYREQUESTS", "slow down", "registry-rate-limit"],
  [503, "TOOMANYREQUESTS", "slow down", "registry-rate-limit"],
  [403, "DENIED", "You have reached your pull rate limit", "registry-rate-limit"],
  [403, "DENIED", "service is not available in your country", "registry-region"],
  [451, "", "", "registry-region"],
  [402, "", "", "registry-account", "push"],
  [403, "DENIED", "the account is overdue", "registry-account", "push"],
  [405, "UNSUPPORTED", "the registry is in read-only mode", "registry-read-only", "push"],
  [403, "NAME_UNKNOWN", "repository name not known", "registry-not-found"],
  [400, "MANIFEST_UNKNOWN", "manifest unknown", "registry-not-found"],
  [404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", "registry-push-unknown", "push"],
  [404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", "registry-push-unknown", "push"],
  [401, "DENIED", "requested access to the resource is denied", "registry-pull-denied"],
  [500, "UNKNOWN", "unknown error", "registry-server"],
  [400, "UNKNOWN", "unknown error", "registry-refused"],
];

for (const [status, code, words, expected, action = "pull"] of SAID) {
  test(`${status} ${code} "${words}" is ${expected}`, () => {
    const question: Question = { host: "r.example", action, name: "team/app:1", login: { kind: "settings" } };
    const error = answerError(question, { status, headers: {}, text: code === "" ? "" : body(code, words) });
    assert.equal(error.code, expected);
    assert.deepEqual(error.codes, code === "" ? [] : [code]);
  });
}

test("what was lost is not taken for a missing namespace", () => {
  for (const [code, hint] of [
    ["MANIFEST_BLOB_UNKNOWN", /do not share their storage/],
    ["BLOB_UPLOAD_UNKNOWN", /do not share the state of uploads/],
    ["NAME_UNKNOWN", /create the namespace/],
  ] as const) {
    const question: Question = { host: "r.example", action: "push", name: "app", login: { kind: "none" } };
    const error = answerError(question, { status: 404, headers: {}, text: body(code, "unknown") });
    assert.match(error.hint, hint);
    assert.equal(hint.test(error.hint) && /namespace/.test(error.hint), code === "NAME_UNKNOWN");
  }
});

test("Retry-After as it should not be", () => {
  assert.equal(after("1.5"), 1500);
  assert.equal(after(" 3 "), 3000);
  const epoch = after(String(Math.floor(Date.now() / 1000) + 30));
  assert.ok(epoch !== undefined && epoch > 25_000 && epoch <= 30_000);
  assert.equal(after(String(Math.floor(Date.now() / 1000) - 30)), 0);
  for (const absurd of ["99999999", "-1", "", "1e99", "NaN", new Date(Date.now() + 1e10).toUTCString()])
    assert.equal(after(absurd), undefined, absurd);
});

const SENT: readonly SentLogin[] = [
  { kind: "none" },
  { kind: "settings" },
  { kind: "stored", file: "/home/me/.docker/config.json" },
];
const DOCKER_PROXY = readProxies({ HTTPS_PROXY: "http://proxy.example:3128" }).https!;
const SHOWN = { names: ["shop.example"], issuer: "CA", fits: false };

/** Every error that an answer or the network leads to, at every kind of registry, with every login. */
function everyError(): readonly {
  readonly error: MirrorError;
  readonly host: string;
  readonly login: string;
  readonly via: string;
}[] {
  const hosts = ["docker.io", "acr.example", "pull.example", "m.example", ACR, "registry-vpc.cn-x.aliyuncs.com"];
  return hosts.flatMap((host) => [
    ...SENT.flatMap((login) =>
      [
        ...SAID.map(([status, code, words]) => [status, code, words] as const),
        ...ANSWERS.map((row) => [row[2], "", row[3]] as const),
      ].flatMap(([status, code, words]) =>
        (["pull", "push", "login"] as const).map((action) => ({
          error: answerError(
            { host, action, name: "team/app:1", login },
            { status, headers: {}, text: code === "" ? words : body(code, words) },
          ),
          host,
          login: login.kind,
          via: "unknown",
        })),
      ),
    ),
    ...NETWORK.flatMap(([, code, text]) =>
      [undefined, DOCKER_PROXY].flatMap((proxy) =>
        [true, false].flatMap((hasAuthorities) =>
          [undefined, SHOWN].map((shown) => ({
            error: networkError(host, Object.assign(new Error(text), { code }), { proxy, hasAuthorities, shown }),
            host,
            login: "none",
            via: proxy?.variable ?? "",
          })),
        ),
      ),
    ),
  ]);
}

test("advice never recommends what is set, was never sent, or cannot help", () => {
  const all = everyError();
  assert.ok(all.length > 1000);
  const seen = new Set<string>();
  for (const engine of ["direct", "docker"] as const) {
    for (const proxies of [[], ["HTTPS_PROXY"]]) {
      for (const [sourceMirrors, sourceMirrorHosts] of [
        [[], []],
        [["docker.io"], ["m.example"]],
      ] as const) {
        for (const credentials of [true, false]) {
          const facts: Facts = {
            engine,
            tunnel: false,
            proxies,
            sourceMirrors,
            sourceMirrorHosts,
            mirror: "acr.example",
            pullRegistry: "pull.example",
            credentials,
          };
          for (const { error, host, login, via } of all) {
            if (via !== "" && via !== "unknown" && proxies.length === 0) continue;
            for (const language of ["en", "zh"] as const) {
              const { message, hint } = explain(error, language, facts);
              const about = `${error.code} at ${host}, ${login}, ${JSON.stringify(facts)}: ${hint}`;
              seen.add(error.code);
              assert.notEqual(hint, "", about);
              assert.doesNotMatch(`${message} ${hint}`, /\{\w+|undefined|\[object/, about);
              if (proxies.length > 0 || engine === "docker")
                assert.doesNotMatch(hint, /(?:set|设置) HTTPS_PROXY/, about);
              const isTarget = host === "acr.example" || host === "pull.example";
              const hasMirror = sourceMirrors.length > 0 && host === "docker.io";
              if (isTarget || hasMirror || engine === "docker") assert.doesNotMatch(hint, /--source-mirror/, about);
              if (login !== "none" || !isTarget || credentials)
                assert.doesNotMatch(hint, /(?:set|设置) MIRROR_USERNAME/, about);
              if (login !== "settings") assert.doesNotMatch(hint, /(?:correct|改正) MIRROR_USERNAME/, about);
              if (login !== "stored") assert.doesNotMatch(hint, /docker logout/, about);
              if (
                login !== "none" &&
                error.code !== "registry-unauthorized" &&
                error.code !== "registry-unauthorized-aliyun"
              )
                assert.doesNotMatch(hint, /docker login/, about);
              if (login === "stored" && (error as RegistryError).status === 401)
                assert.match(message, /config\.json/, about);
              if (language === "zh")
                assert.doesNotMatch(message.replaceAll(/“[^”]*”/g, ""), /[a-z]{3,} [a-z]{3,}/, about);
            }
          }
        }
      }
    }
  }
  for (const code of Object.keys(REGISTRY_ERRORS).filter((each) => !OTHERWHERE.has(each)))
    assert.ok(seen.has(code), code);
});

/** Errors that are not made of an answer or of the network's words. */
const OTHERWHERE = new Set([
  "source-mirror-invalid",
  "proxy-invalid",
  "authorities-invalid",
  "registry-timeout",
  "registry-stalled",
  "registry-proxy",
  "registry-proxy-login",
  "registry-redirects",
  "registry-answer",
  "registry-helper",
  "registry-login-method",
  "registry-login-stale",
  "registry-digest",
  "registry-stored-other",
]);

const facts = (more: Partial<Facts>): Facts => ({ ...NO_FACTS, mirror: "acr.example", ...more });

test("a blocked registry: what is advised where nothing is set, and where it is", () => {
  const error = networkError(
    "registry-1.docker.io",
    Object.assign(
      new Error("read ECONNRESET: Client network socket disconnected before secure TLS connection was established"),
      { code: "ECONNRESET" },
    ),
  );
  assert.equal(error.code, "registry-unreachable");
  assert.match(explain(error, "en", facts({})).hint, /HTTPS_PROXY.*--source-mirror/);
  assert.match(explain(error, "en", facts({ proxies: ["ALL_PROXY"] })).hint, /NO_PROXY excludes/);
  assert.doesNotMatch(explain(error, "en", facts({ sourceMirrors: ["docker.io"] })).hint, /--source-mirror/);
  assert.match(explain(error, "en", facts({ engine: "docker" })).hint, /its own configuration/);
});

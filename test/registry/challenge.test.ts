import assert from "node:assert/strict";
import { test } from "node:test";
import { type Challenge, readChallenge, schemesOf } from "../../lib/registry/challenge.ts";

const CHALLENGES: readonly (readonly [
  header: string | readonly string[] | undefined,
  challenge: Challenge | undefined,
])[] = [
  [undefined, undefined],
  ["", undefined],
  ["Basic", { scheme: "basic" }],
  ['Basic realm="Registry"', { scheme: "basic" }],
  ['bearer realm="https://auth.example/token"', { scheme: "bearer", realm: "https://auth.example/token" }],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push"',
    {
      scheme: "bearer",
      realm: "https://auth.docker.io/token",
      service: "registry.docker.io",
      scope: "repository:library/nginx:pull,push",
    },
  ],
  [
    'Bearer realm="https://a.example", service=plain , scope="x"',
    { scheme: "bearer", realm: "https://a.example", service: "plain", scope: "x" },
  ],
  ['Basic realm="x", Bearer realm="https://a.example"', { scheme: "bearer", realm: "https://a.example" }],
  [["Negotiate", 'Basic realm="x"'], { scheme: "basic" }],
  ['Bearer realm="https://a.example/\\"quoted\\""', { scheme: "bearer", realm: 'https://a.example/"quoted"' }],
  ['Bearer service="x"', undefined],
  ['Bearer realm="/token",service="x"', undefined],
  ['Bearer realm="nonsense"', undefined],
  ['Bearer realm="/token", Basic realm="x"', { scheme: "basic" }],
  ["Negotiate abc", undefined],
];

for (const [header, challenge] of CHALLENGES) {
  test(`the challenge ${JSON.stringify(header)}`, () => assert.deepEqual(readChallenge(header), challenge));
}

test("the schemes that are offered, known or not", () => {
  const cases: readonly (readonly [header: string | readonly string[] | undefined, schemes: readonly string[]])[] = [
    [undefined, []],
    ["", []],
    ['Digest realm="r", nonce="a=b", qop="auth"', ["Digest"]],
    [
      ["Negotiate", 'NTLM realm="x"'],
      ["Negotiate", "NTLM"],
    ],
    ['Bearer service="x"', ["Bearer"]],
  ];
  for (const [header, schemes] of cases) assert.deepEqual(schemesOf(header), schemes, String(header));
});

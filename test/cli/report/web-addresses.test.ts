import assert from "node:assert/strict";
import { test } from "node:test";
import { portsText, webAddresses } from "../../../lib/cli/report/web-addresses.ts";
import type { Container, PublishedPort } from "../../../lib/deploy/host/containers.ts";

function container(name: string, ...ports: readonly PublishedPort[]): Container {
  return {
    name,
    state: "running",
    image: "x",
    id: name,
    imageId: "i",
    restarts: 0,
    project: "app",
    files: [],
    restartPolicy: "no",
    startedAt: "t",
    ports,
  };
}

const at = (port: number, target: string, address = "0.0.0.0"): PublishedPort => ({ address, port, target });

test("what a browser can open: each address once, by the name that ssh has", () => {
  const containers = [
    container("web", at(8080, "80/tcp"), at(8080, "80/tcp", "::"), at(443, "8443/tcp")),
    container("api", at(80, "3000/tcp"), at(5353, "53/udp")),
    container("db", at(5432, "5432/tcp"), at(9000, "80/tcp", "127.0.0.1"), at(9001, "80/tcp", "::1")),
    { ...container("gone", at(8081, "80/tcp")), state: "exited" },
  ];
  assert.deepEqual(webAddresses("ssh://me@box:2222", containers), [
    { url: "http://box", service: "api" },
    { url: "http://box:8080", service: "web" },
    { url: "https://box", service: "web" },
  ]);
  assert.deepEqual(webAddresses("me@fe80::1", [containers[1]!]), [{ url: "http://[fe80::1]", service: "api" }]);
  assert.deepEqual(webAddresses("box", []), []);
});

test("ports as docker ps shows them", () => {
  assert.equal(
    portsText(container("x", at(8080, "80/tcp"), at(8080, "80/tcp", "::"), at(53, "53/udp", "127.0.0.1"))),
    "8080->80/tcp 127.0.0.1:53->53/udp",
  );
});

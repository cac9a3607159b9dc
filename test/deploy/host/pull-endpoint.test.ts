import assert from "node:assert/strict";
import { test } from "node:test";
import { type Endpoints, endpointFor } from "../../../lib/deploy/host/pull-endpoint.ts";
import { connect } from "../../../lib/deploy/ssh/connection.ts";
import { fakeHost } from "../../_helpers/fake-host.ts";

/** A curl that reaches what its name says it does. */
const CURL =
  '#!/bin/sh\nfor last; do :; done\necho "$last" >>"$ROOT/asked"\ncase $last in *near*) ;; *) exit 28 ;; esac\n';

async function chosen(endpoints: Endpoints) {
  const host = fakeHost();
  host.program("curl", CURL);
  const connection = await connect("box", host);
  const endpoint = await endpointFor(connection, endpoints);
  await connection.close();
  const asked = host.read("asked");
  host.remove();
  return { endpoint, asked };
}

test("with one possible name the host is not asked", async () => {
  for (const endpoints of [
    { named: "r.example" },
    { named: "r.example", registry: "r.example", pullRegistry: "r.example" },
    { named: "third.example", registry: "r.example", pullRegistry: "near.example" },
    { named: undefined, registry: "r.example", pullRegistry: "near.example" },
  ]) {
    assert.deepEqual(await chosen(endpoints), { endpoint: {}, asked: undefined });
  }
});

test("the host pulls by the name that it reaches, the wanted one first", async () => {
  const near = { registry: "r.example", pullRegistry: "near.example" };
  assert.deepEqual(await chosen({ named: "near.example", ...near }), {
    endpoint: {},
    asked: "https://near.example/v2/\n",
  });
  assert.deepEqual((await chosen({ named: "r.example", ...near })).endpoint, { pullFrom: "near.example" });
  const far = { registry: "near.example", pullRegistry: "far.example" };
  assert.deepEqual((await chosen({ named: "far.example", ...far })).endpoint, {
    pullFrom: "near.example",
    unreached: "far.example",
  });
  assert.deepEqual((await chosen({ named: "near.example", ...far })).endpoint, { unreached: "far.example" });
});

test("if no name is reachable, the preferred one is tried, and the pull reports why", async () => {
  const nowhere = { registry: "a.example", pullRegistry: "b.example" };
  assert.deepEqual((await chosen({ named: "b.example", ...nowhere })).endpoint, {});
});

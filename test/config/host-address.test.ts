import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHost } from "../../lib/config/host-address.ts";

const GOOD: readonly (readonly [text: string, name: string, user?: string | undefined, port?: number])[] = [
  ["centos-server", "centos-server"],
  ["生产", "生产"],
  ["web_1.internal", "web_1.internal"],
  ["root@10.0.0.5", "10.0.0.5", "root"],
  ["me@root@10.0.0.5@bastion", "bastion", "me@root@10.0.0.5"],
  ["ssh://host", "host"],
  ["ssh://root@host:2222", "host", "root", 2222],
  ["ssh://root@host:2222/", "host", "root", 2222],
  ["ssh://[fe80::1]:22", "fe80::1", undefined, 22],
  ["::1", "::1"],
  ["root@[::1]", "::1", "root"],
];

test("reads aliases, user@host and ssh:// addresses", () => {
  for (const [given, name, user, port] of GOOD) {
    const expected = {
      given,
      name,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
    };
    assert.deepEqual(parseHost(given), expected, given);
  }
});

const BAD = [
  "",
  "-oProxyCommand=touch x",
  "root@-oProxyCommand=x",
  "-l@host",
  "ssh://-oProxyCommand=x",
  "ssh://-x@host",
  "a b",
  "host;id",
  "$(id)",
  "`id`",
  "host\n",
  "user name@host",
  "us'er@host",
  "@host",
  "user@",
  "ssh://",
  "ssh://host:0",
  "ssh://host:70000",
  "ssh://host:x",
  "ssh://host/path",
  "https://host",
  "host/path",
];

test("refuses what ssh could read as an option, and what is no host", () => {
  for (const given of BAD) {
    assert.throws(() => parseHost(given), { code: "host-invalid", exit: 2 }, given);
  }
});

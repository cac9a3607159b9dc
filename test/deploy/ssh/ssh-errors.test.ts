import assert from "node:assert/strict";
import { test } from "node:test";
import { sshError } from "../../../lib/deploy/ssh/ssh-errors.ts";
import type { ErrorCode } from "../../../lib/messages/errors.ts";

/** Texts of OpenSSH 7.4 to 9.9. */
const SAID: readonly (readonly [text: string, code: ErrorCode])[] = [
  [
    "@@@@@@@@@@@@@@@@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nOffending ECDSA key in /root/.ssh/known_hosts:3\nHost key verification failed.",
    "ssh-host-key-changed",
  ],
  ["Host key verification failed.", "ssh-host-key-unknown"],
  [
    "No ED25519 host key is known for box and you have requested strict checking.\nHost key verification failed.",
    "ssh-host-key-unknown",
  ],
  ["root@box: Permission denied (publickey,gssapi-keyex,gssapi-with-mic,password).", "ssh-denied"],
  ["Received disconnect from 10.0.0.5 port 22:2: Too many authentication failures", "ssh-denied"],
  [
    '@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\nLoad key "/k": bad permissions\nroot@box: Permission denied (publickey).',
    "ssh-key-permissions",
  ],
  ["ssh: Could not resolve hostname nowhere: Name or service not known", "ssh-no-such-host"],
  ["ssh: Could not resolve hostname nowhere: Temporary failure in name resolution", "ssh-no-such-host"],
  ["ssh: connect to host 10.0.0.5 port 22: Connection refused", "ssh-refused"],
  ["ssh: connect to host 10.0.0.5 port 22: Connection timed out", "ssh-timeout"],
  ["ssh: connect to host 10.0.0.5 port 22: Operation timed out", "ssh-timeout"],
  ["ssh: connect to host 10.0.0.5 port 22: No route to host", "ssh-timeout"],
  ["Connection timed out during banner exchange", "ssh-timeout"],
  ["Connection timed out during banner exchange\nConnection to 10.0.0.5 port 22 timed out", "ssh-timeout"],
  ["kex_exchange_identification: Connection closed by remote host", "ssh-rejected"],
  ["ssh_exchange_identification: read: Connection reset by peer", "ssh-rejected"],
  [
    "Unable to negotiate with 10.0.0.5 port 22: no matching host key type found. Their offer: ssh-rsa",
    "ssh-algorithms",
  ],
  ["client_loop: send disconnect: Broken pipe", "ssh-cut"],
  ["packet_write_wait: Connection to 10.0.0.5 port 22: Broken pipe", "ssh-cut"],
  ["Timeout, server 10.0.0.5 not responding.", "ssh-cut"],
  ["Connection to 10.0.0.5 closed by remote host.", "ssh-cut"],
  ["mux_client_request_session: read from master failed: Broken pipe", "ssh-cut"],
  ["command-line: line 0: Bad configuration option: x", "ssh-failed"],
  ["", "ssh-failed"],
];

test("ssh's messages become errors with a hint", () => {
  for (const [text, code] of SAID) {
    const error = sshError("box", text);
    assert.equal(error.code, code, text);
    assert.match(error.message, /"box"/);
    assert.doesNotMatch(error.message + error.hint, /\{\w+\}/);
  }
});

test("an exit without a message becomes the caller's default error", () => {
  assert.equal(sshError("box", "\n", "ssh-cut").code, "ssh-cut");
});

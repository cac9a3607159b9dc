/**
 * What ssh says when it fails (exit 255), read from its English text (LC_ALL=C), as errors with a hint. The first
 * rule that fits wins: ssh often prints several lines, the telling one before the general one.
 */
import { type ErrorsWith, MirrorError } from "../../messages/errors.ts";
import { type Cause, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";

type SshErrorCode = ErrorsWith<{ readonly host: string; readonly detail: Cause }>;

const RULES: readonly (readonly [pattern: RegExp, code: SshErrorCode])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .+ has changed/, "ssh-host-key-changed"],
  [/Host key verification failed|No \S+ host key is known/, "ssh-host-key-unknown"],
  [/UNPROTECTED PRIVATE KEY FILE|bad permissions/, "ssh-key-permissions"],
  [/Permission denied \(|Permission denied, please|Too many authentication failures/, "ssh-denied"],
  [/Could not resolve hostname/, "ssh-no-such-host"],
  [/Unable to negotiate|no matching (?:host key type|key exchange method|cipher|MAC) found/, "ssh-algorithms"],
  [/_exchange_identification: |banner exchange: .*(?:reset|closed|invalid)/i, "ssh-rejected"],
  [/connect to host .*: Connection refused/, "ssh-refused"],
  [
    /(?:connect to host .*|banner exchange.*|key exchange.*|Connection to .*) ?(?:Connection |Operation )?timed out/,
    "ssh-timeout",
  ],
  [/Connection timed out during banner exchange|No route to host|Network is (?:unreachable|down)/, "ssh-timeout"],
  [/Broken pipe|Connection reset|closed by|server \S+ not responding|from master failed/, "ssh-cut"],
];

/**
 * The error for `output`, what ssh printed on stderr before it ended with 255 on its way to `host`; `otherwise` is
 * the code where no rule fits.
 */
export function sshError(host: string, output: string, otherwise: SshErrorCode = "ssh-failed"): MirrorError {
  const code = RULES.find(([pattern]) => pattern.test(output))?.[1] ?? otherwise;
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const last = lines.at(-1);
  const detail = last === undefined ? message("exit-code", { code: 255 }) : theirs(last);
  return new MirrorError(code, { host, detail });
}

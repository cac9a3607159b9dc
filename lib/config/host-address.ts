/**
 * The address of a host as ssh takes it: an alias of the user's ssh configuration, `user@host`, or
 * `ssh://user@host:port`. It becomes arguments of a program that runs commands by its options, so it is checked here:
 * nothing that reads as an option, no space and no character that a ProxyCommand's shell would interpret.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

export interface HostAddress {
  /** As the user wrote it: how messages name the host. */
  readonly given: string;
  /** Host name, address or alias. */
  readonly name: string;
  readonly user?: string;
  readonly port?: number;
}

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.:-]*$/u;
// Bastion hosts put more into the user's name, as in `me@root@10.0.0.5@bastion`.
const USER = /^[\p{L}\p{N}_.][\p{L}\p{N}_.@+#:/-]*$/u;

/** Reads a host address. Throws `host-invalid`. */
export function parseHost(given: string): HostAddress {
  const fail = (detail: Message): never => {
    throw new MirrorError("host-invalid", { host: given, detail });
  };
  const isUri = given.startsWith("ssh://");
  const text = isUri ? given.slice("ssh://".length).replace(/\/$/, "") : given;
  if (text === "") fail(message("host-empty"));
  const at = text.lastIndexOf("@");
  const user = at < 0 ? undefined : text.slice(0, at);
  const place = text.slice(at + 1);
  const [, bracketed, plain, digits] = (isUri
    ? /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(place)
    : /^(?:\[([^\]]*)\]|(.*))$/.exec(place)) ?? [undefined, undefined, place];
  const name = bracketed ?? plain ?? "";
  if (given.startsWith("-") || user?.startsWith("-") || name.startsWith("-")) fail(message("host-dash"));
  if (name.includes("://")) fail(message("host-scheme"));
  if (!NAME.test(name) && !/^[A-Fa-f0-9:.]*:[A-Fa-f0-9:.]*$/.test(name)) {
    fail(message("host-name", { name }));
  }
  if (user !== undefined && !USER.test(user)) fail(message("host-user", { user }));
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && !(/^\d{1,5}$/.test(digits!) && port >= 1 && port <= 65535)) {
    fail(message("host-port", { port: digits ?? "" }));
  }
  return { given, name, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/**
 * The address of a host as ssh takes it: an alias of the user's ssh configuration, `user@host`, or
 * `ssh://user@host:port`. It becomes arguments of a program that runs commands by its options, so it is checked here:
 * nothing that reads as an option, no space and no character that a ProxyCommand's shell would interpret.
 */
import { MirrorError } from "../../messages/errors.ts";

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
  const fail = (detail: string): never => {
    throw new MirrorError("host-invalid", { host: given, detail });
  };
  const isUri = given.startsWith("ssh://");
  const text = isUri ? given.slice("ssh://".length).replace(/\/$/, "") : given;
  if (text === "") fail("it is empty");
  const at = text.lastIndexOf("@");
  const user = at < 0 ? undefined : text.slice(0, at);
  const place = text.slice(at + 1);
  const [, bracketed, plain, digits] = (isUri
    ? /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(place)
    : /^(?:\[([^\]]*)\]|(.*))$/.exec(place)) ?? [undefined, undefined, place];
  const name = bracketed ?? plain ?? "";
  if (given.startsWith("-") || user?.startsWith("-") || name.startsWith("-")) fail('it begins with "-"');
  if (name.includes("://")) fail("only ssh:// is known");
  if (!NAME.test(name) && !/^[A-Fa-f0-9:.]*:[A-Fa-f0-9:.]*$/.test(name)) {
    fail(`"${name}" cannot be the name of a host`);
  }
  if (user !== undefined && !USER.test(user)) fail(`"${user}" cannot be the name of a user`);
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && !(/^\d{1,5}$/.test(digits!) && port >= 1 && port <= 65535)) {
    fail(`"${digits}" is not a port`);
  }
  return { given, name, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

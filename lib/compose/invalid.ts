/** The error for what compose would refuse in a file, with its line. */
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { type Value, whereIs } from "./document.ts";

/** `compose-invalid` at the place where `value` is written. */
export function invalid(value: Value, detail: Message): MirrorError {
  return new MirrorError("compose-invalid", { where: whereIs(value), detail });
}

/**
 * One row of an error table: what happened, in every language, what the exit code is, and what to do about it. A
 * sentence names the action, the value (quoted) and the state; neither it nor its hint ends in a period.
 */
import type { Facts } from "./facts.ts";
import type { Text, Values } from "./message.ts";

/** A hint that holds in some circumstances. */
export interface Advice extends Text {
  /** Whether it can help; always where absent. */
  readonly when?: (facts: Facts, values: Values) => boolean;
}

export interface ErrorRow extends Text {
  /** 2 when the user's input or configuration is wrong, 1 when the work itself failed. */
  readonly exit: 1 | 2;
  /** The same action may succeed when it is tried again. */
  readonly retry?: true;
  /** What to do; of a list all that hold, in this order, joined by a semicolon. */
  readonly hint: Text | readonly Advice[];
}

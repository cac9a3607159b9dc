/** Every message that is no error: titles, warnings, reasons, what a command says at its end. */
import type { Language } from "./format.ts";
import { fill, type Message, type ValuesOf } from "./message.ts";
import { ARCHIVE_TEXTS } from "./tables/archive.ts";
import { CLI_TEXTS } from "./tables/cli.ts";
import { COMPOSE_TEXTS } from "./tables/compose.ts";
import { DEPLOY_TEXTS } from "./tables/deploy.ts";
import { CONFIG_TEXTS } from "./tables/config.ts";
import { ENGINE_TEXTS } from "./tables/engine.ts";
import { IMAGE_TEXTS } from "./tables/image.ts";
import { MIRROR_TEXTS } from "./tables/mirror.ts";
import { REGISTRY_TEXTS } from "./tables/registry.ts";
import { STORE_TEXTS } from "./tables/store.ts";
import { SYSTEM_TEXTS } from "./tables/system.ts";
import { PAGE_TEXTS } from "./tables/page.ts";
import { PREFLIGHT_TEXTS } from "./tables/preflight.ts";

export const TEXTS = {
  ...SYSTEM_TEXTS,
  ...CONFIG_TEXTS,
  ...IMAGE_TEXTS,
  ...MIRROR_TEXTS,
  ...COMPOSE_TEXTS,
  ...STORE_TEXTS,
  ...REGISTRY_TEXTS,
  ...ENGINE_TEXTS,
  ...DEPLOY_TEXTS,
  ...ARCHIVE_TEXTS,
  ...PREFLIGHT_TEXTS,
  ...CLI_TEXTS,
  ...PAGE_TEXTS,
} as const;

type Rows = typeof TEXTS;
export type TextCode = keyof Rows;
type Both<A> = (A extends unknown ? (a: A) => void : never) extends (a: infer All) => void ? All : never;

/** The values that a text needs; of several codes those of all. */
export type TextValues<C extends TextCode> = Both<C extends TextCode ? ValuesOf<Rows[C]["en"]> : never>;

/** `[values]`, which may be absent where the text needs none. */
export type TextArguments<C extends TextCode> =
  Record<never, never> extends TextValues<C> ? [values?: TextValues<C>] : [values: TextValues<C>];

/** Gives texts in one language. */
export type Say = <C extends TextCode>(code: C, ...values: TextArguments<C>) => string;

/** A message, to be put into words later or as the cause within another. */
export function message<C extends TextCode>(code: C, ...[values]: TextArguments<C>): Message & { readonly code: C } {
  return { code, values: values ?? {}, text: TEXTS[code] };
}

/** The text of `code` in `language`, its values filled in. */
export function textOf<C extends TextCode>(language: Language, code: C, ...[values]: TextArguments<C>): string {
  return fill(TEXTS[code][language], values ?? {}, language);
}

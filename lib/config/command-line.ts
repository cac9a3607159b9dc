/**
 * Splits a command line into flags and their values: `--flag VALUE`, `--flag=VALUE`, `-f VALUE`, `-fVALUE`, and `--`
 * before words that are no flags. A word that stands alone goes to the command's positional flag, where it has one.
 */
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { FLAG_NAMES, type FlagName, rowOf } from "./flags.ts";
import { nearest } from "./suggest.ts";

/** The texts that each flag was given; a switch that was given has one empty text. */
export type Given = ReadonlyMap<FlagName, readonly string[]>;

/** Throws `flag-unknown` and `flag-repeated`. */
export function parseCommandLine(argv: readonly string[], flags: readonly FlagName[]): Given {
  const given = new Map<FlagName, readonly string[]>();
  const positional = flags.find((name) => rowOf(name).positional);
  const afterDashes = flags.find((name) => rowOf(name).afterDashes) ?? positional;
  const put = (name: FlagName, value: string): void => {
    const before = given.get(name) ?? [];
    if (before.length > 0 && !rowOf(name).repeatable && rowOf(name).value !== undefined) {
      throw new MirrorError("flag-repeated", { flag: `--${name}`, values: [...before, value] });
    }
    given.set(name, [...before, value]);
  };
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--" || !/^-./.test(word)) {
      const [name, alone] = word === "--" ? [afterDashes, words.splice(0)] : [positional, [word]];
      for (const value of alone) {
        if (name === undefined || (given.has(name) && !rowOf(name).repeatable))
          throw unreadable(message("argument-unexpected", { argument: value }));
        put(name, value);
      }
      continue;
    }
    const { name, inline } = readFlag(word, flags);
    if (rowOf(name).value === undefined) {
      if (inline !== undefined) throw unreadable(message("flag-takes-no-value", { flag: `--${name}` }));
      put(name, "");
      continue;
    }
    const value = inline ?? words.shift();
    // A flag where a value should stand: the value was forgotten.
    if (value === undefined || (inline === undefined && /^-./.test(value))) {
      throw unreadable(message("flag-needs-value", { flag: `--${name} ${rowOf(name).value}` }));
    }
    put(name, value);
  }
  return given;
}

function readFlag(word: string, flags: readonly FlagName[]): { readonly name: FlagName; readonly inline?: string } {
  const [, long, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined) {
    const name = flags.find((each) => each === long);
    if (name !== undefined) return inline === undefined ? { name } : { name, inline };
    throw unknown(`--${long}`, flags);
  }
  const name = flags.find((each) => rowOf(each).short === word[1]);
  if (name === undefined) throw unknown(word.slice(0, 2), flags);
  const rest = word.slice(2).replace(/^=/, "");
  return word.length === 2 ? { name } : { name, inline: rest };
}

function unknown(flag: string, flags: readonly FlagName[]): MirrorError {
  const elsewhere = FLAG_NAMES.some((name) => `--${name}` === flag);
  if (elsewhere) return unreadable(message("flag-of-others", { flag }));
  const near = nearest(flag.replace(/^-+/, ""), flags);
  return unreadable(
    near === undefined
      ? message("flag-not-known", { flag })
      : message("flag-not-known-near", { flag, near: `--${near}` }),
  );
}

function unreadable(detail: Message): MirrorError {
  return new MirrorError("flag-unknown", { detail });
}

/** Changing parts of values and leaving the rest as it is: what is absent, or of another kind, stays. */
import { type Scalar, stringOf, type Value } from "./document.ts";

export type Entries = ReadonlyMap<string, Value>;

/** The entries with `change` of the one at `key`. */
export function mapEntry(entries: Entries, key: string, change: (value: Value) => Value): Entries {
  const value = entries.get(key);
  return value === undefined ? entries : new Map(entries).set(key, change(value));
}

/** A list with `change` of the entries of each item that is a mapping. */
export function mapItems(list: Value, change: (entries: Entries) => Entries): Value {
  if (list.kind !== "sequence") return list;
  return { ...list, items: list.items.map((item) => mapEntries(item, change)) };
}

/** A mapping with `change` of its entries. */
export function mapEntries(value: Value, change: (entries: Entries) => Entries): Value {
  return value.kind === "mapping" ? { ...value, entries: change(value.entries) } : value;
}

/** `change` of a scalar that is a string. */
export function mapScalar(value: Value, change: (scalar: Scalar) => Scalar): Value {
  return value.kind === "scalar" && value.type === "string" ? change(value) : value;
}

/** `change` of a scalar, or of each scalar of a list. */
export function mapScalars(value: Value, change: (scalar: Scalar) => Scalar): Value {
  if (value.kind !== "sequence") return mapScalar(value, change);
  return { ...value, items: value.items.map((item) => mapScalar(item, change)) };
}

/** The entry at a path of keys below a value, if it has one. */
export function entryAt(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  return keys.reduce((found, key) => (found?.kind === "mapping" ? found.entries.get(key) : undefined), value);
}

/** The text of a scalar of any type but null. */
export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === "scalar" && value.type !== "null" ? value.text : undefined;
}

/** The items of a list; a scalar counts as a list of one, and nothing as an empty one. */
export function itemsOf(value: Value | undefined): readonly Value[] {
  if (value === undefined || value.kind === "mapping") return [];
  return value.kind === "sequence" ? value.items : textOf(value) === undefined ? [] : [value];
}

/** Whether a value is a boolean that is false, in any way that YAML or compose writes it. */
export function isFalse(value: Value | undefined): boolean {
  return /^(?:false|n|no|off)$/i.test(textOf(value) ?? "");
}

/** The strings of a list. */
export function stringsOf(value: Value | undefined): readonly string[] {
  return value?.kind === "sequence" ? value.items.flatMap((item) => stringOf(item) ?? []) : [];
}

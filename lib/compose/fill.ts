/**
 * Variables filled into whole documents, before anything is merged
 * (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
 */
import { MirrorError } from "../messages/errors.ts";
import type { Variables } from "./discover.ts";
import { type Path, type Scalar, type Value, whereIs } from "./document.ts";
import { isText } from "./env-file.ts";
import { interpolate, variablesIn } from "./interpolation.ts";

/** Fills variables into the values of one document; a value shared by aliases is filled in once. */
export class Filling {
  readonly #variables: Variables;
  readonly #done = new Map<Value, { readonly value: Value; readonly unset: ReadonlySet<string> }>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /**
   * `value` with its variables filled in. `path` is where it is, for messages; the variables without a value are added
   * to `unset`. Throws `interpolation-invalid`, `variable-required`.
   */
  value(value: Value, path: Path, unset: Set<string>): Value {
    if (!value.dollars) return value;
    const done = this.#done.get(value) ?? this.#fill(value, path);
    this.#done.set(value, done);
    for (const name of done.unset) unset.add(name);
    return done.value;
  }

  #fill(value: Value, path: Path): { readonly value: Value; readonly unset: ReadonlySet<string> } {
    const unset = new Set<string>();
    if (value.kind === "scalar") return { value: this.#scalar(value, path, unset), unset };
    if (value.kind === "sequence") {
      return { value: { ...value, items: value.items.map((item) => this.value(item, path, unset)) }, unset };
    }
    const entries = new Map<string, Value>();
    for (const [key, entry] of value.entries) entries.set(key, this.value(entry, [...path, key], unset));
    return { value: { ...value, entries }, unset };
  }

  #scalar(scalar: Scalar, path: Path, unset: Set<string>): Scalar {
    if (scalar.type !== "string") return scalar;
    const lookup = (name: string): string | undefined => this.#variables.get(name);
    const empty: string[] = [];
    const listeners = {
      onUnset: (name: string) => void unset.add(name),
      onEmpty: (names: readonly string[]) => void empty.push(...names),
    };
    try {
      const text = interpolate(scalar.text, lookup, listeners);
      const filled = { ...scalar, text, template: scalar, ...(empty.length === 0 ? {} : { empty }) };
      if (isText(text)) return filled;
      return { ...filled, notText: variablesIn(scalar.text).filter((name) => !isText(lookup(name) ?? "")) };
    } catch (cause) {
      if (!(cause instanceof MirrorError)) throw cause;
      const where = `${path.join(".")} at ${whereIs(scalar)}`;
      throw new MirrorError(cause.code, { ...cause.values, where }, { cause });
    }
  }
}

/** A value that must not be seen: it prints, logs and serialises as `[REDACTED]`; only `reveal()` gives it. */

const HIDDEN = "[REDACTED]";

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that sends it (a header, a child's standard input). */
  reveal(): string {
    return this.#value;
  }

  /**
   * `text` without this value: not as it is, as in URLs and forms, as in JSON, nor in base64, alone or as the password of
   * `username` (RFC 7617). For the words of programs and registries, which may repeat what they were given.
   */
  hideIn(text: string, username = ""): string {
    const value = this.#value;
    if (value === "") return text;
    const inBase64 = [value, `${username}:${value}`].map((each) => Buffer.from(each).toString("base64"));
    const forms = [
      value,
      encodeURIComponent(value),
      new URLSearchParams({ value }).toString().slice("value=".length),
      JSON.stringify(value).slice(1, -1),
      ...inBase64,
      // the padding may be missing
      ...inBase64.map((each) => each.replace(/=+$/, "")),
    ];
    // the longest first: one form may be a part of another
    const ordered = forms.toSorted((a, b) => b.length - a.length);
    return ordered.reduce((shown, form) => shown.replaceAll(form, HIDDEN), text);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return HIDDEN;
  }
}

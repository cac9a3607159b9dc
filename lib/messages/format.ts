/** Numbers and lists as people read them. */

export type Language = "en" | "zh";

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** `bytes` in decimal units with up to three digits, as docker shows sizes: `0 B`, `8.2 MB`, `187 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit]}`;
}

const TIME = {
  en: { hour: "h", minute: "m", second: "s" },
  zh: { hour: "小时", minute: "分", second: "秒" },
} as const;

/** Milliseconds as `0.4 s`, `12 s`, `3 m 05 s`, `1 h 02 m`, and alike in Chinese. */
export function formatDuration(milliseconds: number, language: Language = "en"): string {
  const { hour, minute, second } = TIME[language];
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} ${second}`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} ${second}`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} ${minute} ${String(whole % 60).padStart(2, "0")} ${second}`;
  return `${Math.floor(minutes / 60)} ${hour} ${String(minutes % 60).padStart(2, "0")} ${minute}`;
}

/** Names one after another: `a, b, c`, in Chinese `a、b、c`. */
export function joinNames(names: readonly string[], language: Language): string {
  return names.join(language === "zh" ? "、" : ", ");
}

/** Names in quotes, as part of a sentence: `"a", "b" and "c"`, in Chinese `“a”、“b”和“c”`. */
export function quoteNames(names: readonly string[], language: Language): string {
  const quoted = names.map((name) => (language === "zh" ? `“${name}”` : `"${name}"`));
  const last = quoted.pop();
  if (last === undefined) return "";
  if (quoted.length === 0) return last;
  return language === "zh" ? `${quoted.join("、")}和${last}` : `${quoted.join(", ")} and ${last}`;
}

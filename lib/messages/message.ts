/**
 * Messages as values, put into words only where they are shown.
 *
 * A row holds one text in every language. `{name}` marks where a value goes, and `{name:format}` says what it is:
 *
 *     {file}                      a name, a path, a number, as it stands
 *     {detail:cause}              why: another message of ours, or the words of somebody else
 *     {problems:causes}           several causes, joined        a, b
 *     {size:bytes}                a number of bytes            72.9 MB
 *     {time:duration}             milliseconds                 3 m 05 s
 *     {services:list}             names, quoted and joined     "a", "b" and "c"
 *     {files:names}               names, joined                a, b, c
 *     {count:image|images}        a number and its noun        1 image, 2 images
 *
 * The type of the values follows from the text (`ValuesOf`), so a missing one does not compile. Names of values begin
 * with a lower-case letter; `${NAME}` in a text is just that.
 */
import { formatBytes, formatDuration, joinNames, type Language, quoteNames } from "./format.ts";

/** One text in every language. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

/** A message of ours: the row's code and its values. */
export interface Message {
  readonly code: string;
  readonly values: Values;
  /** The row itself, so that a message can be rendered wherever it is met. */
  readonly text: Text;
}

/** What a program, a registry or the system said, in its own words. */
export interface Quotation {
  readonly theirs: string;
  /** The system's code for it (`ENOENT`), where we have words for that in other languages. */
  readonly errno?: string;
}

/** Why something is so. */
export type Cause = Message | Quotation;

export type Value = string | number | Cause | readonly string[] | readonly Cause[];
export type Values = Readonly<Record<string, Value>>;

type Field<F extends string> = F extends `${infer Name}:${infer Format}` ? [Name, Format] : [F, "text"];
type Fields<S extends string> = S extends `${string}{${infer F}}${infer Rest}` ? Field<F> | Fields<Rest> : never;
type ValueOf<Format> = Format extends "text"
  ? string | number
  : Format extends "cause"
    ? Cause
    : Format extends "causes"
      ? readonly Cause[]
      : Format extends "list" | "names"
        ? readonly string[]
        : number;

/** The values that a text asks for. */
export type ValuesOf<S extends string> = {
  readonly [F in Fields<S> as Uncapitalize<F[0]> extends F[0] ? F[0] : never]: ValueOf<F[1]>;
};

/** Words of somebody else; they are shown as they are, and marked as theirs where the language is another. */
export function theirs(text: string): Quotation {
  return { theirs: text.trim() };
}

/** Puts `values` into `text`. A place without a value stays as it is. */
export function fill(text: string, values: Values, language: Language): string {
  return text.replace(/\{([a-z]\w*)(?::([^{}]+))?\}/g, (place, name: string, format = "text") => {
    const value = values[name];
    return value === undefined ? place : formatValue(value, String(format), language);
  });
}

/** A message in words. */
export function render({ text, values }: Message, language: Language): string {
  return fill(text[language], values, language);
}

/** A cause in words. */
export function renderCause(cause: Cause, language: Language): string {
  if ("code" in cause) return render(cause, language);
  if (language === "en") return cause.theirs;
  const known = cause.errno === undefined ? undefined : SYSTEM_ZH[cause.errno];
  return known === undefined ? `“${cause.theirs}”` : `${known}（${cause.errno}）`;
}

function formatValue(value: Value, format: string, language: Language): string {
  if (isList(value)) {
    const names = value.map((each: string | Cause) => (typeof each === "string" ? each : renderCause(each, language)));
    return format === "list" ? quoteNames(names, language) : joinNames(names, language);
  }
  if (typeof value === "object") return renderCause(value, language);
  if (typeof value === "string") return value;
  if (format === "bytes") return formatBytes(value);
  if (format === "duration") return formatDuration(value, language);
  const [one, many] = format.split("|");
  return many === undefined ? String(value) : `${value} ${value === 1 ? one : many}`;
}

function isList(value: Value): value is readonly string[] | readonly Cause[] {
  return Array.isArray(value);
}

/** What the system says most often, in Chinese; in English its own words are shown. */
const SYSTEM_ZH: Readonly<Record<string, string>> = {
  EACCES: "没有权限",
  EADDRINUSE: "端口已被占用",
  ECONNREFUSED: "连接被拒绝",
  ECONNRESET: "连接被对方重置",
  EEXIST: "已经存在",
  EHOSTUNREACH: "无法到达该主机",
  EISDIR: "是一个目录，不是文件",
  ELOOP: "符号链接层数过多",
  EMFILE: "打开的文件过多",
  ENETUNREACH: "网络不可达",
  ENOENT: "文件或目录不存在",
  ENOSPC: "磁盘空间不足",
  ENOTDIR: "路径中有一段不是目录",
  ENOTFOUND: "域名无法解析",
  EPERM: "操作不被允许",
  EPIPE: "对方已关闭连接",
  EROFS: "文件系统只读",
  ETIMEDOUT: "连接超时",
};

/**
 * What a file says of other compose files: `include` of a file, and `extends` of a service.
 * https://github.com/compose-spec/compose-spec/blob/main/14-include.md
 */
import { dirname, resolve } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { isRemote } from "./discover.ts";
import { isNull, stringOf, type Value, whereIs } from "./document.ts";
import { invalid } from "./invalid.ts";

export interface Include {
  /** Absolute paths of the files, merged in this order; never empty. */
  readonly paths: readonly string[];
  /** What relative paths in the files are relative to, absolute. */
  readonly folder: string;
  /** Absolute paths of the env files; empty = the folder's `.env`. */
  readonly envFiles: readonly string[];
}

/** The short or the long form of one include in a file whose folder is `from`. Throws `compose-invalid`, `compose-remote`. */
export function includeOf(item: Value, from: string): Include {
  const long = item.kind === "mapping" ? item.entries : new Map<string, Value>([["path", item]]);
  const strings = (key: string): readonly string[] => {
    const value = long.get(key);
    if (value === undefined || isNull(value)) return [];
    const texts = value.kind === "sequence" ? value.items.map(stringOf) : [stringOf(value)];
    if (texts.some((text) => text === undefined)) {
      throw invalid(value, message("compose-string-or-list", { key: `include.${key}` }));
    }
    return texts as string[];
  };
  const given = strings("path");
  const [main] = given;
  if (main === undefined) throw invalid(item, message("compose-include-path"));
  const remote = given.find(isRemote);
  if (remote !== undefined) throw new MirrorError("compose-remote", { file: remote, where: whereIs(item) });
  const paths = given.map((path) => resolve(from, path));
  const [directory] = strings("project_directory");
  const folder = directory === undefined || directory === "" ? dirname(paths[0]!) : resolve(from, directory);
  return { paths, folder, envFiles: strings("env_file").map((file) => resolve(from, file)) };
}

export interface Extends {
  readonly service: string;
  /** As it is written; absent = the same file. */
  readonly file?: string;
}

/**
 * What the service `name` extends. Throws `compose-invalid`.
 * https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends
 */
export function extendsOf(value: Value, name: string): Extends {
  if (value.kind !== "mapping") {
    const service = stringOf(value);
    if (service === undefined) throw invalid(value, message("compose-extends-kind", { service: name }));
    return { service };
  }
  const service = stringOf(value.entries.get("service"));
  if (service === undefined) throw invalid(value, message("compose-extends-service", { service: name }));
  const file = value.entries.get("file");
  if (file === undefined || isNull(file)) return { service };
  const path = stringOf(file);
  if (path === undefined) throw invalid(file, message("compose-extends-file", { service: name }));
  return { service, file: path };
}

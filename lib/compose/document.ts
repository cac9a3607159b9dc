/**
 * Compose files as values that remember where they were written.
 *
 * The text is parsed once, by the yaml package with its failsafe schema; what a plain scalar means is decided here, by
 * the rules of go-yaml, which compose reads with: YAML 1.2's core schema plus `0b1`, `0777`, `1_000` and timestamps,
 * so `yes`, `no`, `on` and `off` are strings. Merge keys are applied here too, and duplicate keys refused, as go-yaml
 * does. An aliased node is one shared value, so an alias costs nothing; what a document would grow to is counted.
 */
import {
  Composer,
  type CST,
  type Document as YamlDocument,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type ParsedNode,
} from "yaml";
import { MirrorError } from "../messages/errors.ts";
import { type Cause, theirs } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  /** A byte order mark, if any, is its first character. */
  readonly text: string;
  readonly documents: readonly Document[];
}

export interface Document {
  readonly root: Value;
  /** Paths tagged `!reset` or `!override`: what earlier files hold there is dropped. */
  readonly resets: readonly Path[];
  /** Some value is written by an alias. */
  readonly aliased: boolean;
  /** A value whose anchor has the name of an earlier one, which go-yaml allows. */
  readonly anchoredTwice?: Value;
}

export type Path = readonly string[];
export type Value = Scalar | Mapping | Sequence;

export interface Range {
  readonly start: number;
  readonly end: number;
}

interface Written {
  /** Somewhere in it stands a `$`. */
  readonly dollars: boolean;
  readonly file: SourceFile;
  readonly range: Range;
  /** Equal items of earlier lists, whose place this item of a merged list took. */
  readonly repeats?: readonly Value[];
}

export interface Scalar extends Written {
  readonly kind: "scalar";
  readonly type: "string" | "null" | "bool" | "int" | "float" | "timestamp";
  readonly text: string;
  /** Set when this is an alias: the anchored scalar. `range` is then the alias. */
  readonly target?: Scalar;
  /** Set when variables were filled in: the scalar as it is written. */
  readonly template?: Scalar;
  /** The variables of those of its forms that left nothing, because they are unset or empty. */
  readonly empty?: readonly string[];
  /** The variables in it whose values are bytes that are no text. */
  readonly notText?: readonly string[];
}

export interface Mapping extends Written {
  readonly kind: "mapping";
  readonly entries: ReadonlyMap<string, Value>;
}

interface Sequence extends Written {
  readonly kind: "sequence";
  readonly items: readonly Value[];
}

/** Bytes of one file; the largest compose files in the wild have some hundred kilobytes. */
export const LARGEST_FILE = 4 << 20;
/** Tokens of one file, spaces and line breaks among them: some ten times what the largest compose files have. */
const MOST_TOKENS = 500_000;
const DEEPEST = 200;
const EXPANDED_MOST = 4_000_000;
// oxlint-disable-next-line no-control-regex -- these are what YAML forbids in a stream
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/;

/**
 * Parses the text of the compose file at `path`; `shown` is the name messages give it.
 * Throws `compose-yaml` with line and column, `compose-limit`.
 */
export function parseFile(path: string, text: string): SourceFile {
  if (text.length > LARGEST_FILE) throw tooLarge(path, message("limit-file", { most: LARGEST_FILE }));
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) throw notYaml(path, text, forbidden.index, message("yaml-control"));
  const documents: Document[] = [];
  const file: SourceFile = { path, text, documents };
  let parsed = compose(file, new Lexer());
  const [error] = parsed.flatMap(({ errors }) => errors);
  if (error) {
    parsed = compose(file, lenientLexer());
    if (parsed.some(({ errors }) => errors.length > 0)) throw notYaml(path, text, error.pos[0], theirs(error.message));
  }
  for (const { directives, range } of parsed) {
    const { explicit, version } = directives.yaml;
    if (explicit && version !== "1.1") throw notYaml(path, text, range[0], message("yaml-version", { version }));
  }
  for (const { contents } of parsed) documents.push(new Converter(file).document(contents));
  return file;
}

function compose(file: SourceFile, lexer: Lexer): readonly ParsedDocument[] {
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  return [...composer.compose(tokensOf(file, lexer), false, file.text.length)] as readonly ParsedDocument[];
}

type ParsedDocument = Pick<YamlDocument.Parsed, "errors" | "contents" | "directives" | "range">;

/**
 * A lexer for what go-yaml reads although YAML forbids it: lines of quoted scalars and flow collections that are
 * indented less than what they belong to (YAML 1.2.2, 6.1 https://yaml.org/spec/1.2.2/#61-indentation-spaces). It tells
 * the yaml package's lexer, through fields that the package does not document, that such lines need no indentation; only
 * texts that do not parse otherwise get here. The fields may change with any release of the package, so package.json
 * names one exact version. This could go if the package's Lexer had an option that ignores `indentNext` within quoted
 * scalars and flow collections.
 */
function lenientLexer(): Lexer {
  const lexer = new Lexer();
  const inside = lexer as unknown as { flowLevel: number; parseQuotedScalar: () => Generator<string, unknown> };
  const parseQuotedScalar = inside.parseQuotedScalar.bind(lexer);
  let isQuoted = false;
  let indent = 0;
  Object.defineProperty(inside, "indentNext", {
    get: () => (isQuoted || inside.flowLevel > 0 ? 0 : indent),
    set: (value: number) => {
      indent = value;
    },
  });
  inside.parseQuotedScalar = function* () {
    isQuoted = true;
    try {
      return yield* parseQuotedScalar();
    } finally {
      isQuoted = false;
    }
  };
  return lexer;
}

/** `file:line:column` of an offset, counted from one; a byte order mark takes no column. */
function placeOf({ path, text }: Pick<SourceFile, "path" | "text">, offset: number): string {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at !== -1; at = before.indexOf("\n", at + 1)) line++;
  const mark = lineStart === 0 && text.startsWith("\uFEFF") ? 1 : 0;
  return `${path}:${line}:${Math.max(offset - lineStart - mark, 0) + 1}`;
}

/** Where a value is written, for messages. */
export function whereIs({ file, range }: Written): string {
  return placeOf(file, range.start);
}

export function isNull(value: Value | undefined): boolean {
  return value === undefined || (value.kind === "scalar" && value.type === "null");
}

/** The text of a string scalar, else undefined. */
export function stringOf(value: Value | undefined): string | undefined {
  return value?.kind === "scalar" && value.type === "string" ? value.text : undefined;
}

function tooLarge(path: string, detail: Cause): MirrorError {
  return new MirrorError("compose-limit", { file: path, detail });
}

function notYaml(path: string, text: string, offset: number, detail: Cause): MirrorError {
  return new MirrorError("compose-yaml", { where: placeOf({ path, text }, offset), detail });
}

/** The tokens of a file; they are counted and nesting is measured while they come, before anything recurses into it. */
function* tokensOf({ path, text }: SourceFile, lexer: Lexer): Generator<CST.Token> {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of lexer.lex(text)) {
    yield* parser.next(lexeme);
    if (++tokens > MOST_TOKENS) throw tooLarge(path, message("limit-tokens", { most: MOST_TOKENS }));
    if (parser.stack.length > DEEPEST) throw tooLarge(path, message("limit-nesting", { most: DEEPEST }));
  }
  yield* parser.end();
}

/** How many nodes a value has when every alias is expanded, and how many of them come from aliases. */
interface Size {
  nodes: number;
  aliased: number;
}

class Converter {
  readonly #file: SourceFile;
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #converted = new Map<ParsedNode, { readonly value: Value; readonly size: Size }>();
  /** The value of every alias: an anchor's name may be given again further down. */
  readonly #targets = new Map<ParsedNode, ParsedNode>();
  readonly #open = new Set<ParsedNode>();
  #aliased = false;
  #anchoredTwice: Value | undefined;
  #merged = 0;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  document(contents: ParsedNode | null): Document {
    const size: Size = { nodes: 0, aliased: 0 };
    const root = this.#convert(contents, 0, size);
    if (isExcessive(size)) throw tooLarge(this.#file.path, message("limit-aliases"));
    const resets = /!(?:reset|override)/.test(this.#file.text) ? this.#resets(contents) : [];
    const anchoredTwice = this.#anchoredTwice;
    return { root, resets, aliased: this.#aliased, ...(anchoredTwice === undefined ? {} : { anchoredTwice }) };
  }

  #convert(node: ParsedNode | null, offset: number, size: Size): Value {
    size.nodes++;
    const file = this.#file;
    if (node === null) return nullAt(file, offset);
    if (isAlias(node)) return this.#alias(node, size);
    const { anchor } = node as { anchor?: string };
    const isTaken = anchor !== undefined && this.#anchors.has(anchor);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const own: Size = { nodes: 0, aliased: 0 };
    this.#open.add(node);
    const value = this.#contents(node, own);
    this.#open.delete(node);
    if (anchor !== undefined) this.#converted.set(node, { value, size: own });
    if (isTaken) this.#anchoredTwice = value;
    size.nodes += own.nodes;
    size.aliased += own.aliased;
    return value;
  }

  #alias(node: ParsedNode & { source: string }, size: Size): Value {
    this.#aliased = true;
    const target = this.#anchors.get(node.source);
    if (target === undefined) throw this.#error(node, message("yaml-anchor-unknown", { name: node.source }));
    if (this.#open.has(target)) throw this.#error(node, message("yaml-anchor-cycle", { name: node.source }));
    this.#targets.set(node, target);
    const { value, size: targetSize } = this.#converted.get(target)!;
    size.nodes += targetSize.nodes + 1;
    size.aliased += targetSize.nodes + 1;
    if (size.nodes > EXPANDED_MOST) throw tooLarge(this.#file.path, message("limit-aliases"));
    return value.kind === "scalar" ? { ...value, range: rangeOf(node), target: value.target ?? value } : value;
  }

  #contents(node: ParsedNode, size: Size): Value {
    const file = this.#file;
    const range = rangeOf(node);
    if (isScalar(node)) return this.#scalar(node, range);
    if (isSeq(node)) {
      const items: Value[] = [];
      for (const item of node.items) {
        const value = this.#convert(item, range.end, size);
        if (!this.#isReset(item)) items.push(value);
      }
      return { kind: "sequence", items, file, range, dollars: items.some(({ dollars }) => dollars) };
    }
    if (!isMap(node)) throw this.#error(node, message("yaml-no-value"));

    const entries = new Map<string, Value>();
    const seen = new Set<string>();
    let merge: Value | undefined;
    for (const { key, value } of node.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const name = this.#key(key, size);
      if (seen.has(name)) throw this.#error(key, message("yaml-key-twice", { name }));
      seen.add(name);
      const converted = this.#convert(value, rangeOf(key).end, size);
      if (value !== null && this.#isReset(value)) continue;
      if (isMergeKey(key)) merge = converted;
      else entries.set(name, converted);
    }
    if (merge !== undefined) this.#merge(entries, merge);
    return { kind: "mapping", entries, file, range, dollars: [...entries.values()].some(({ dollars }) => dollars) };
  }

  #key(key: ParsedNode, size: Size): string {
    if (isMergeKey(key)) {
      size.nodes++;
      return "<<";
    }
    const value = this.#convert(key, 0, size);
    const name = stringOf(value);
    if (name === undefined) throw this.#error(key, message("yaml-key-type"));
    return name;
  }

  /** Adds what a merge key brings: keys of the mapping itself win, then earlier mappings of a list. */
  #merge(entries: Map<string, Value>, merge: Value): void {
    const sources = merge.kind === "sequence" ? merge.items : [merge];
    for (const source of sources) {
      if (source.kind !== "mapping") {
        const where = whereIs(source);
        throw new MirrorError("compose-yaml", { where, detail: message("yaml-merge-key") });
      }
      this.#merged += source.entries.size;
      if (this.#merged > EXPANDED_MOST) throw tooLarge(this.#file.path, message("limit-merge-keys"));
      for (const [name, value] of source.entries) if (!entries.has(name)) entries.set(name, value);
    }
  }

  #scalar(node: ParsedNode, range: Range): Scalar {
    const { value, type, tag, source } = node as unknown as {
      value: unknown;
      type?: string;
      tag?: string;
      source?: string;
    };
    const text = typeof value === "string" ? value : (source ?? "");
    const isPlain = type === undefined || type === "PLAIN";
    const isString = tag === STRING_TAG || tag === "!" || !isPlain;
    const kind = isString ? "string" : typeOfPlain(text);
    const written = type?.startsWith("BLOCK") === true ? withoutTrailingLines(this.#file.text, range) : range;
    return { kind: "scalar", type: kind, text, file: this.#file, range: written, dollars: text.includes("$") };
  }

  #isReset(node: ParsedNode): boolean {
    const target = this.#targets.get(node) ?? node;
    return (target as { tag?: string } | undefined)?.tag === "!reset";
  }

  /** Collects tagged paths; what an alias or a merge key brings counts at the place that it is brought to. */
  #resets(contents: ParsedNode | null): readonly Path[] {
    const known = new Map<ParsedNode, readonly Path[]>();
    let total = 0;
    const below = (given: ParsedNode | null, depth: number): readonly Path[] => {
      const node = given !== null && isAlias(given) ? this.#anchors.get((given as { source: string }).source) : given;
      if (node === undefined || node === null) return [];
      const { tag } = node as { tag?: string };
      if (tag === "!reset" || tag === "!override") return [[]];
      const found = known.get(node);
      if (found) return found;
      const paths: Path[] = [];
      const add = (name: string, child: ParsedNode | null, inMergeKey: boolean): void => {
        for (const path of below(child, depth + 1)) {
          paths.push(inMergeKey ? path : [name, ...path]);
          if (++total > EXPANDED_MOST / 10) throw tooLarge(this.#file.path, message("limit-tags"));
        }
      };
      if (isMap(node)) {
        for (const { key, value } of node.items as { key: ParsedNode; value: ParsedNode | null }[]) {
          add(String((key as { value?: unknown }).value), value, depth > 0 && isMergeKey(key));
        }
      } else if (isSeq(node)) {
        node.items.forEach((item, index) => add(String(index), item, false));
      }
      known.set(node, paths);
      return paths;
    };
    return below(contents, 0);
  }

  #error(node: ParsedNode, detail: Cause): MirrorError {
    return notYaml(this.#file.path, this.#file.text, rangeOf(node).start, detail);
  }
}

const STRING_TAG = "tag:yaml.org,2002:str";
/** The full name of the tag `!!merge`; yq v4 writes merge keys with it (go-yaml: isMerge in resolve.go). */
const MERGE_TAG = "tag:yaml.org,2002:merge";

function nullAt(file: SourceFile, offset: number): Scalar {
  return { kind: "scalar", type: "null", text: "", file, range: { start: offset, end: offset }, dollars: false };
}

function rangeOf(node: ParsedNode): Range {
  const [start, end] = node.range;
  return { start, end };
}

/** A block scalar's range runs over the blank lines that follow it. */
function withoutTrailingLines(text: string, { start, end }: Range): Range {
  return { start, end: start + text.slice(start, end).trimEnd().length };
}

function isMergeKey(key: ParsedNode): boolean {
  if (!isScalar(key)) return false;
  // The parser gives the value of a tagged key as a symbol; its source is the text.
  const { source, type, tag } = key as { source?: string; type?: string; tag?: string };
  return source === "<<" && type === "PLAIN" && (tag === undefined || tag === "!" || tag === MERGE_TAG);
}

/** go-yaml's limit: most of a small document may come from aliases, little of a large one (decode.go). */
function isExcessive({ nodes, aliased }: Size): boolean {
  if (aliased <= 100 || nodes <= 1000) return false;
  const [low, high] = [400_000, EXPANDED_MOST];
  const allowed = nodes <= low ? 0.99 : nodes >= high ? 0.1 : 0.99 - (0.89 * (nodes - low)) / (high - low);
  return aliased / nodes > allowed;
}

const NULLS = new Set(["", "~", "null", "Null", "NULL"]);
const BOOLEANS = new Set(["true", "True", "TRUE", "false", "False", "FALSE"]);
const SPECIAL_FLOAT = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;

/** What go-yaml makes of a plain scalar (resolve.go). */
export function typeOfPlain(text: string): Scalar["type"] {
  if (NULLS.has(text)) return "null";
  if (BOOLEANS.has(text)) return "bool";
  if (!/^[-+.0-9]/.test(text)) return "string";
  if (SPECIAL_FLOAT.test(text)) return "float";
  if (TIMESTAMP.test(text)) return "timestamp";
  const digits = text.startsWith(".") ? text : text.replaceAll("_", "");
  if (INTEGER.test(digits)) return "int";
  return FLOAT.test(digits) ? "float" : "string";
}

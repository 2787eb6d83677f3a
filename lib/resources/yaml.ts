/**
 * YAML from people and from strangers, with the place of everything in it.
 *
 * What this reads is the part of YAML 1.2 that configuration needs: mappings with plain keys, lists, strings, numbers,
 * true, false and null. Anchors, aliases, tags and directives are refused rather than understood: nothing here needs
 * them, and they are what bombs are made of.
 *
 * Every bound is checked before the costly step behind it: size before anything, then tokens and documents by the lexer
 * (which is linear), then one document at a time, and after the first error nothing more is read.
 *
 * @module
 */

import {
  Composer,
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { ToolError } from "../errors/mod.ts";

/** Longest file. */
export const MAX_YAML_BYTES: number = 1 << 20;
/** Most tokens (words, marks, spaces, line ends) in one document. */
const MAX_TOKENS = 50_000;
/** Most documents in one file. */
const MAX_DOCUMENTS = 20_000;
/** Deepest nesting. */
const MAX_DEPTH = 32;

/** A value that YAML stands for. Mappings have no prototype and no key `__proto__`. */
export type YamlValue = null | boolean | number | string | YamlValue[] | {
  [key: string]: YamlValue;
};

/** Where something stands, both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Names of fields and indices of list items, from the top of a document. */
export type Path = readonly PropertyKey[];

/** One document of a file, as a value that knows where its parts stand. */
export class YamlDocument {
  /** The file's name, for messages. */
  readonly file: string;
  /** What the document says. */
  readonly value: YamlValue;
  readonly #root: ParsedNode | null;
  readonly #lines: LineCounter;

  /** Used by {@linkcode readYaml}. */
  constructor(file: string, value: YamlValue, root: ParsedNode | null, lines: LineCounter) {
    this.file = file;
    this.value = value;
    this.#root = root;
    this.#lines = lines;
  }

  /** Where the value at `path` stands, or the nearest thing around it that exists. */
  positionOf(path: Path): Position {
    let node: Node | null = this.#root;
    for (const step of path) {
      const next: unknown = isMap(node)
        ? node.items.find((pair) => keyText(pair.key) === step)?.value
        : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
      if (!isNode(next)) break;
      node = next;
    }
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** Keys of the mapping at `path`, each with its place; none when there is no mapping. */
  keysAt(path: Path): { key: string; position: Position }[] {
    let node: unknown = this.#root;
    for (const step of path) {
      node = isMap(node)
        ? node.items.find((pair) => keyText(pair.key) === step)?.value
        : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
    }
    if (!isMap(node)) return [];
    return node.items.map((pair) => ({
      key: keyText(pair.key)!,
      position: this.#at((pair.key as Node).range?.[0] ?? 0),
    }));
  }

  /** `file:line:column: message` as an error of code `bad_parameter`. */
  error(position: Position, message: string, options: { hint?: string } = {}): ToolError {
    return errorAt(this.file, position, message, options);
  }

  #at(offset: number): Position {
    return positionAt(this.#lines, offset);
  }
}

/**
 * Reads all documents of a file; one that is empty (nothing, or comments only) is left out.
 *
 * @param text The file's content.
 * @param file Its name, for messages.
 * @throws {ToolError} `bad_parameter`, with the place and what is wrong there; `limit_exceeded` for what is too large.
 */
export function readYaml(text: string, file: string): YamlDocument[] {
  // A UTF-16 unit takes at least one byte in UTF-8, so the first check is cheap and the second one exact.
  if (text.length > MAX_YAML_BYTES || new TextEncoder().encode(text).length > MAX_YAML_BYTES) {
    throw new ToolError("limit_exceeded", `${file} is too large: at most 1 MiB of YAML is read`);
  }
  const lines = new LineCounter();
  checkTokens(text, file);
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ schema: "core", uniqueKeys: false, strict: true });
  const documents: YamlDocument[] = [];
  for (const document of composer.compose(parser.parse(text), false, text.length)) {
    const [error] = document.errors;
    if (error !== undefined) {
      throw errorAt(file, positionAt(lines, error.pos[0]), wordsOf(error));
    }
    checkDirectives(document, file);
    const root = document.contents as ParsedNode | null;
    const value = new Converter(file, lines).convert(root);
    if (value !== null) documents.push(new YamlDocument(file, value, root, lines));
  }
  return documents;
}

/** Counts what the parser would have to hold, without holding it. */
function checkTokens(text: string, file: string): void {
  let tokens = 0;
  let documents = 1;
  let depth = 0;
  let isContent = false;
  for (const token of new Lexer().lex(text)) {
    if (isContent) {
      isContent = false;
      continue;
    }
    switch (CST.tokenType(token)) {
      case "scalar":
        // The mark for a scalar; the next token is its text, whatever that looks like.
        isContent = true;
        break;
      case "doc-start":
        documents++;
        tokens = 0;
        break;
      case "flow-map-start":
      case "flow-seq-start":
        depth++;
        break;
      case "flow-map-end":
      case "flow-seq-end":
        depth--;
        break;
    }
    if (++tokens > MAX_TOKENS || documents > MAX_DOCUMENTS || depth > MAX_DEPTH) {
      const what = depth > MAX_DEPTH ? "is nested too deeply" : "has too many parts";
      throw new ToolError("limit_exceeded", `${file} ${what} to be read`);
    }
  }
}

function checkDirectives(document: Document, file: string): void {
  const { yaml, tags } = document.directives!;
  if (yaml.explicit === true || Object.keys(tags).length > 1) {
    throw new ToolError(
      "bad_parameter",
      `${file}: YAML directives (lines with %) are not read here`,
    );
  }
}

/** Makes plain values of nodes, refusing what this reader does not read. */
class Converter {
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  convert(node: Node | null, depth = 0): YamlValue {
    if (node === null) return null;
    if (depth > MAX_DEPTH) this.#refuse(node, "this is nested too deeply");
    if (isAlias(node)) this.#refuse(node, "aliases (*name) are not read here, repeat the value");
    if ("anchor" in node && node.anchor) this.#refuse(node, "anchors (&name) are not read here");
    if (node.tag !== undefined) {
      this.#refuse(
        node,
        `tags (${node.tag.slice(0, 40)}) are not read here, quote a value to make it a string`,
      );
    }
    if (isSeq(node)) return node.items.map((item) => this.convert(item as Node | null, depth + 1));
    if (isMap(node)) return this.#convertMap(node, depth);
    if (isScalar(node)) return node.value as YamlValue;
    return this.#refuse(node, "this cannot be read");
  }

  #convertMap(map: YAMLMap, depth: number): YamlValue {
    const value: { [key: string]: YamlValue } = Object.create(null);
    for (const pair of map.items) {
      const keyNode = pair.key as Node;
      this.convert(keyNode, depth + 1);
      const key = keyText(keyNode);
      if (key === undefined || key === "__proto__") {
        this.#refuse(keyNode, "this cannot be a key, expected a name");
      }
      if (key in value) this.#refuse(keyNode, `the key ${JSON.stringify(key)} is given twice`);
      value[key] = this.convert(pair.value as Node | null, depth + 1);
    }
    return value;
  }

  #refuse(node: Node, message: string): never {
    throw errorAt(this.#file, positionAt(this.#lines, node.range?.[0] ?? 0), message);
  }
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value);
}

/** The text of a key as written (`8080`, `yes`), or `undefined` when it is not a plain one. */
function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === "string") return key.value;
  return key.source || undefined;
}

/** The parser's message in words for those who do not know YAML's grammar, without the place that it may repeat. */
function wordsOf({ code, message }: YAMLParseError): string {
  if (code === "BLOCK_AS_IMPLICIT_KEY") {
    return "a mapping cannot begin here: check the indentation, and quote a value that has `: ` in it";
  }
  if (code === "TAB_AS_INDENT") return "tabs cannot indent in YAML, use spaces";
  if (message.includes("call stack")) return "this is nested too deeply";
  const line = message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
  return line.charAt(0).toLowerCase() + line.slice(1);
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function errorAt(
  file: string,
  { line, column }: Position,
  message: string,
  options: { hint?: string } = {},
): ToolError {
  return new ToolError("bad_parameter", `${file}:${line}:${column}: ${message}`, options);
}

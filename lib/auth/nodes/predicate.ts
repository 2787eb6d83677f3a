/**
 * Teleport's predicate language, as far as `tsh ls --query` needs it for nodes:
 *
 *     expression = and { "||" and }
 *     and        = unary { "&&" unary }
 *     unary      = "!" unary | "(" expression ")" | comparison
 *     comparison = operand [ ( "==" | "!=" ) operand ]
 *     operand    = string | path | path "[" string "]" | name "(" [ operand { "," operand } ] ")"
 *
 * Paths: `name` (the host name, as Teleport has it for nodes), `hostname`, `labels.env`, `labels["env"]`, and
 * `resource.` with the fields of the YAML (`resource.metadata.name`, `resource.spec.addr`, …). Functions: `equals(a, b)`,
 * `search("word", …)`, `exists(labels["env"])`, `hasPrefix(a, "prefix")`, `contains(a, "part")`.
 *
 * A label that a node does not have is as good as an empty one but for `exists`, so `labels.env != "prod"` holds without
 * it, as in Teleport.
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
import { matchesSearch } from "./search.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Whether a node is meant. */
export type NodePredicate = (node: NodeResource) => boolean;

/** The value of an operand for a node; `undefined` when the node has none. */
type Value = (node: NodeResource) => string | undefined;

/** What a part of an expression is. */
type Term =
  | { kind: "condition"; test: NodePredicate }
  | { kind: "value"; value: Value }
  | { kind: "labels" };

/** Deepest nesting of parentheses, calls and negations. */
const MAX_DEPTH = 64;

/**
 * Reads an expression.
 *
 * @throws {ToolError} `bad_parameter` that names what was not understood, and where.
 */
export function parsePredicate(text: string): NodePredicate {
  const parser = new Parser(text);
  return parser.parse();
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): NodePredicate {
    const test = this.#condition(this.#or());
    const rest = this.#tokens[this.#at]!;
    if (rest.kind !== "end") throw unexpected(rest, "&& or ||");
    return test;
  }

  #or(): Term {
    let left = this.#and();
    while (this.#accept("||")) {
      const [a, b] = [this.#condition(left), this.#condition(this.#and())];
      left = { kind: "condition", test: (node) => a(node) || b(node) };
    }
    return left;
  }

  #and(): Term {
    let left = this.#unary();
    while (this.#accept("&&")) {
      const [a, b] = [this.#condition(left), this.#condition(this.#unary())];
      left = { kind: "condition", test: (node) => a(node) && b(node) };
    }
    return left;
  }

  #unary(): Term {
    if (++this.#depth > MAX_DEPTH) throw bad("it is nested too deeply");
    try {
      if (this.#accept("!")) {
        const test = this.#condition(this.#unary());
        return { kind: "condition", test: (node) => !test(node) };
      }
      if (this.#accept("(")) {
        const inner = this.#or();
        this.#expect(")");
        return inner;
      }
      return this.#comparison();
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Term {
    const left = this.#operand();
    const operator = this.#accept("==") ?? this.#accept("!=");
    if (operator === undefined) return left;
    const test = equal(this.#value(left), this.#value(this.#operand()));
    return {
      kind: "condition",
      test: operator.text === "==" ? test : (node) => !test(node),
    };
  }

  #operand(): Term {
    const token = this.#tokens[this.#at++]!;
    if (token.kind === "string") return { kind: "value", value: () => token.text };
    if (token.kind !== "name") throw unexpected(token, "a string, a field or a function");
    if (this.#accept("(")) return { kind: "condition", test: this.#call(token) };
    const term = path(token);
    if (term.kind !== "labels" || !this.#accept("[")) return term;
    const label = this.#tokens[this.#at++]!;
    if (label.kind !== "string") throw unexpected(label, "the label's name in quotes");
    this.#expect("]");
    return { kind: "value", value: labelValue(label.text) };
  }

  #call(name: Token): NodePredicate {
    const terms: Term[] = [];
    if (++this.#depth > MAX_DEPTH) throw bad("it is nested too deeply");
    if (!this.#accept(")")) {
      do terms.push(this.#operand()); while (this.#accept(","));
      this.#expect(")");
    }
    this.#depth--;
    const values = terms.map((term) => this.#value(term));
    const count = (wanted: number): void => {
      if (values.length === wanted) return;
      throw bad(`${name.text}() takes ${wanted} argument${wanted === 1 ? "" : "s"}`);
    };
    const [a, b] = values as [Value, Value];
    switch (name.text) {
      case "equals":
        count(2);
        return equal(a, b);
      case "hasPrefix":
        count(2);
        return (node) => (a(node) ?? "").startsWith(b(node) ?? "");
      case "contains":
        count(2);
        return (node) => (a(node) ?? "").includes(b(node) ?? "");
      case "exists":
        count(1);
        return (node) => a(node) !== undefined;
      case "search":
        return (node) => matchesSearch(node, values.map((value) => value(node) ?? ""));
      default:
        throw bad(
          `function "${name.text}" is not known; there are equals, search, exists, hasPrefix and contains`,
        );
    }
  }

  #condition(term: Term): NodePredicate {
    if (term.kind === "condition") return term.test;
    throw bad('expected a comparison, as in labels["env"] == "prod"');
  }

  #value(term: Term): Value {
    if (term.kind === "value") return term.value;
    throw bad(
      term.kind === "labels"
        ? 'labels need a name, as in labels["env"] or labels.env'
        : "a comparison cannot be compared or passed to a function",
    );
  }

  #accept(symbol: string): Token | undefined {
    const token = this.#tokens[this.#at]!;
    if (token.kind !== "symbol" || token.text !== symbol) return undefined;
    this.#at++;
    return token;
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) throw unexpected(this.#tokens[this.#at]!, symbol);
  }
}

/** A node's fields, by the names that the YAML and Teleport's JSON give them. */
const FIELDS: Readonly<Record<string, Value>> = {
  "name": (node) => node.spec.hostname,
  "hostname": (node) => node.spec.hostname,
  "resource.kind": (node) => node.kind,
  "resource.sub_kind": (node) => node.sub_kind,
  "resource.version": (node) => node.version,
  "resource.metadata.name": (node) => node.metadata.name,
  "resource.metadata.description": (node) => node.metadata.description ?? "",
  "resource.spec.addr": (node) => node.spec.addr,
  "resource.spec.hostname": (node) => node.spec.hostname,
  "resource.spec.version": (node) => node.spec.version,
};

function path(token: Token): Term {
  const name = token.text;
  if (name === "labels" || name === "resource.metadata.labels") return { kind: "labels" };
  for (const start of ["labels.", "resource.metadata.labels."]) {
    if (name.startsWith(start)) {
      return { kind: "value", value: labelValue(name.slice(start.length)) };
    }
  }
  const value = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (value === undefined) {
    throw bad(`identifier "${name}" is not known; there are name, hostname, labels and resource.…`);
  }
  return { kind: "value", value };
}

function labelValue(name: string): Value {
  return ({ metadata: { labels } }) => Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function equal(a: Value, b: Value): NodePredicate {
  return (node) => (a(node) ?? "") === (b(node) ?? "");
}

function unexpected(token: Token, wanted: string): ToolError {
  const found = token.kind === "end" ? "its end" : `"${token.text}" at position ${token.at}`;
  return bad(`expected ${wanted}, found ${found}`);
}

function bad(reason: string): ToolError {
  return new ToolError("bad_parameter", `cannot parse the query: ${reason}`);
}

/** Edits JSON and keeps every other byte. */
import {
  createScanner,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";

import { ParleyError } from "../bus/errors";

/** Kinds of tokens, by jsonc-parser's `SyntaxKind`, which is a const enum and cannot be imported. */
const comma = 5;
const lineComment = 12;
const spaces = [14, 15];
const endOfText = 17;

export type Path = readonly (string | number)[];

/** JSON with comments and trailing commas, edited by cutting and inserting: other bytes stay. Every edit returns a new text. */
export class JsonText {
  private readonly root: Node;

  /** `file` is for messages. A blank text is an empty object. Throws `invalid`. */
  constructor(
    readonly text: string,
    private readonly file: string,
  ) {
    if (text.trim() === "") this.text = "{}\n";
    const errors: ParseError[] = [];
    const root = parseTree(this.text, errors, { allowTrailingComma: true });
    const [error] = errors;
    if (!root || error) {
      const line = this.text.slice(0, error?.offset ?? 0).split("\n").length;
      const what = error ? printParseErrorCode(error.error) : "ValueExpected";
      throw this.invalid(`is not valid JSON: ${what} in line ${line}`);
    }
    this.root = root;
    if (root.type !== "object") throw this.invalid("holds no object");
  }

  /** The value at a path; undefined where there is none. */
  value(path: Path): unknown {
    const node = this.find(path);
    return node && getNodeValue(node);
  }

  /** Whether there is nothing at the path, or what `type` says. Throws `invalid` for anything else. */
  expect(path: Path, type: "object" | "array"): boolean {
    const node = this.find(path);
    if (node && node.type !== type) {
      throw this.invalid(`has no ${type === "array" ? "list" : "object"} at ${path.join(".")}`);
    }
    return node !== undefined;
  }

  /** Adds a property, or with `null` an element at the end. Makes missing objects on the path. */
  add(path: Path, key: string | null, value: unknown): JsonText {
    const container = this.find(path);
    if (container) return this.insert(container, key, value);
    const last = path.at(-1);
    const inner = key === null ? [value] : { [key]: value };
    return this.add(path.slice(0, -1), String(last), inner);
  }

  replace(path: Path, value: unknown): JsonText {
    const node = this.find(path);
    return node ? this.edited([[node.offset, node.length, JSON.stringify(value)]]) : this;
  }

  /** Takes a property or an element out, with its comma. Comments stay. */
  remove(path: Path): JsonText {
    const value = this.find(path);
    const container = this.find(path.slice(0, -1));
    if (!value || !container) return this;
    const children = container.children ?? [];
    const node = value.parent?.type === "property" ? value.parent : value;
    const index = children.indexOf(node);
    const previous = children[index - 1];
    const [start, end] = [node.offset, endOf(node)];
    const before = this.tokens(previous ? endOf(previous) : container.offset + 1, start);
    const after = this.tokens(end, children[index + 1]?.offset ?? endOf(container) - 1);
    const cut = after.commaAt ?? before.commaAt;
    // A line comment before it needs its line break, unless another line follows at once.
    const rest = this.text.slice(after.commaAt === null ? end : after.commaAt + 1);
    const keepsLine = before.last === lineComment && !/^[ \t]*\r?\n/.test(rest);
    const space = /\s*$/.exec(this.text.slice(0, start))?.[0].length ?? 0;
    const first = keepsLine ? start : start - space;
    const cuts: Edit[] = [[first, end - first, ""]];
    if (cut !== null) cuts.push([cut, 1, ""]);
    const blank = !previous && !children[index + 1] && before.last === null && after.last === null;
    if (blank) return this.edited([[container.offset + 1, container.length - 2, ""]]);
    return this.edited(cuts);
  }

  /** Whether the object or list at the path is empty and has no comment, which would be lost with it. */
  isEmpty(path: Path): boolean {
    const node = this.find(path);
    if (node?.children?.length !== 0) return false;
    const key = node.parent?.children?.[0];
    const before = key ? this.text.slice(endOf(key), node.offset) : ":";
    return before.trim() === ":" && /^.\s*.$/.test(this.text.slice(node.offset, endOf(node)));
  }

  private insert(container: Node, key: string | null, value: unknown): JsonText {
    const { text } = this;
    const last = container.children?.at(-1);
    const from = last ? endOf(last) : container.offset + 1;
    const close = endOf(container) - 1;
    const { commaAt, end } = this.tokens(from, close);
    const lines = text
      .slice(last ? container.offset : 0, last ? close : text.length)
      .includes("\n");
    const edits: Edit[] = last && commaAt === null ? [[from, 0, ","]] : [];
    const name = key === null ? "" : JSON.stringify(key);
    if (!lines && (last || text.trim() !== "{}")) {
      const space = /[,:] /.test(text) ? " " : "";
      const body = (name && `${name}:${space}`) + JSON.stringify(value);
      return this.edited([...edits, [end, 0, (last ? space : "") + body]]);
    }
    const eol = /\r?\n/.exec(text)?.[0] ?? "\n";
    const outer = this.indentAt(container.offset);
    const indent = (last && this.ownIndent(last)) ?? outer + this.unit();
    const body = JSON.stringify(value, null, this.unit()).replaceAll("\n", eol + indent);
    const closing = !last && !text.slice(end, close).includes("\n") ? eol + outer : "";
    return this.edited([...edits, [end, 0, eol + indent + (name && `${name}: `) + body + closing]]);
  }

  /** Of several properties of one name the last counts, as in every parser that accepts them. */
  private find(path: Path): Node | undefined {
    let node: Node | undefined = this.root;
    for (const step of path) {
      const children: Node[] = node?.children ?? [];
      if (typeof step === "number") node = node?.type === "array" ? children[step] : undefined;
      else if (node?.type !== "object") node = undefined;
      else node = children.findLast((each) => each.children?.[0]?.value === step)?.children?.[1];
    }
    return node;
  }

  /** The tokens between two values: where the comma is, and the last token's kind and end. */
  private tokens(from: number, to: number) {
    const scanner = createScanner(this.text, false);
    scanner.setPosition(from);
    let commaAt: number | null = null;
    let last: number | null = null;
    let end = from;
    for (let kind = scanner.scan(); scanner.getTokenOffset() < to; kind = scanner.scan()) {
      if (kind === endOfText) break;
      if (spaces.includes(kind)) continue;
      if (kind === comma) commaAt = scanner.getTokenOffset();
      else last = kind;
      end = scanner.getTokenOffset() + scanner.getTokenLength();
    }
    return { commaAt, last, end };
  }

  private indentAt(offset: number): string {
    const start = this.text.lastIndexOf("\n", offset - 1) + 1;
    return /^[ \t]*/.exec(this.text.slice(start, offset))?.[0] ?? "";
  }

  /** The indentation of a node that begins its line. */
  private ownIndent(node: Node): string | null {
    const line = this.text.slice(0, node.offset);
    return /\n([ \t]*)$/.exec(line)?.[1] ?? null;
  }

  private unit(): string {
    const first = this.root.children?.[0];
    return ((first && this.ownIndent(first)) || "  ").slice(0, 10);
  }

  private edited(edits: Edit[]): JsonText {
    let { text } = this;
    // From the end on, so that offsets stay right. Inserts at the same offset keep their order.
    for (const [offset, length, insert] of edits.toReversed().toSorted((a, b) => b[0] - a[0])) {
      text = text.slice(0, offset) + insert + text.slice(offset + length);
    }
    return new JsonText(text, this.file);
  }

  private invalid(what: string): ParleyError {
    return new ParleyError("invalid", `${this.file} ${what}`, {
      hint: "mend it or move it away, then run setup again; nothing was changed",
      details: { path: this.file },
    });
  }
}

type Edit = [offset: number, length: number, insert: string];

const endOf = (node: Node): number => node.offset + node.length;

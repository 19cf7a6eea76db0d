import { OperatingError } from "#shared/errors.ts";
import type { SourceNode } from "./source_tree.ts";

/** What is wrong with a source file itself, each with its place; nothing is written then. */
export class ImportMistakes {
  readonly #lines: string[] = [];

  /** Tells the key and what was expected, never the value: it may be a secret. */
  add({ at, path }: Pick<SourceNode, "at" | "path">, expected: string): void {
    this.addAt(at, path === "" ? expected : `${path}: ${expected}`);
  }

  addAt(at: string, text: string): void {
    const line = `${at}: ${text}`;
    if (!this.#lines.includes(line)) this.#lines.push(line);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Throws OperatingError("bad_request") with a line for each, if there are any. */
  throwIfAny(): void {
    if (!this.isEmpty) throw new OperatingError("bad_request", this.#lines.join("\n"));
  }
}

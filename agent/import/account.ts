import { type SourceNode, leavesOf } from "./source_tree.ts";

/**
 * What a part of the source file does to data, where the result does not do the same.
 * drops: it drops records, which are stored now. keeps: it keeps records, which are dropped now.
 * redacts: it removes or masks values, which are stored now. unknown: it may do any of these.
 */
export type Effect = "drops" | "keeps" | "redacts" | "unknown";

/** note: the stored data do not depend on it. error: they do. An effect is an error that stops the import. */
export type Weight = "note" | "error" | Effect;

/** A finding on a key of the source file. */
export type Remark = {
  readonly at: string;
  readonly path: string;
  /** lost: nothing of it is in the result. differs: it is in the result with another meaning. */
  readonly kind: "lost" | "differs";
  readonly reason: string;
  readonly weight: "note" | "error";
  /** Set where the import stops unless `--accept` has the name. */
  readonly stop?: { readonly name: string; readonly effect: Effect };
};

/**
 * The outcome of every key of the source: it is carried over, or a remark says why not. A key that no
 * converter has looked at becomes a remark at the end, so that nothing is left out in silence.
 */
export class Account {
  readonly #fates = new Map<SourceNode, "carried" | "lost">();
  readonly #remarks: Remark[] = [];
  #errors = 0;
  /** Paths of parts that drop, keep or redact data. */
  readonly #effects = new Map<string, Effect | undefined>();

  /** Errors on the node, or below it, have this effect from now on; undefined is none. The innermost counts. */
  means({ path }: SourceNode, effect: Effect | undefined): void {
    this.#effects.set(path, effect);
  }

  /** The node with all that is below it is in the result. */
  carry(node: SourceNode): void {
    for (const leaf of leavesOf(node)) if (!this.#fates.has(leaf)) this.#fates.set(leaf, "carried");
  }

  /** The node with all that is below it, as far as nothing else is known of it, is not in the result. */
  lose(node: SourceNode, reason: string, weight: Weight = "note"): void {
    const open = leavesOf(node).filter((leaf) => !this.#fates.has(leaf));
    if (open.length === 0) return;
    for (const leaf of open) this.#fates.set(leaf, "lost");
    this.#remark(node, "lost", reason, weight);
  }

  /** Nothing of the node is in the result after all, whatever was said of it before. */
  takeBack(node: SourceNode, reason: string, weight: Weight = "error"): void {
    for (const leaf of leavesOf(node)) this.#fates.set(leaf, "lost");
    this.#remark(node, "lost", reason, weight);
  }

  /** The node is in the result with another meaning. */
  differ(node: SourceNode, reason: string, weight: Weight = "error"): void {
    this.carry(node);
    this.#remark(node, "differs", reason, weight);
  }

  #remark({ at, path }: SourceNode, kind: Remark["kind"], reason: string, weight: Weight): void {
    if (weight !== "note") this.#errors++;
    if (this.#remarks.some((own) => own.at === at && own.path === path && own.reason === reason))
      return;
    const remark = { at, path, kind, reason };
    if (weight === "note") this.#remarks.push({ ...remark, weight });
    else {
      const stop = weight === "error" ? this.#effectAt(path) : { name: path, effect: weight };
      this.#remarks.push({ ...remark, weight: "error", ...(stop === undefined ? {} : { stop }) });
    }
  }

  /** Of the innermost part that has one. */
  #effectAt(path: string): Remark["stop"] {
    let [innermost, found]: [string, Effect | undefined] = ["", undefined];
    for (const [name, effect] of this.#effects) {
      // A statement of a program is named by the program's key and its line.
      const isWithin = path === name || /^[.,]/.test(path.slice(name.length));
      if (path.startsWith(name) && isWithin && name.length >= innermost.length)
        [innermost, found] = [name, effect];
    }
    return found === undefined ? undefined : { name: innermost, effect: found };
  }

  /** Adds an error for each key that no converter has looked at. */
  close(root: SourceNode): void {
    for (const leaf of leavesOf(root)) this.lose(leaf, "the import knows nothing like it", "error");
  }

  fateOf(leaf: SourceNode): "carried" | "lost" | undefined {
    return this.#fates.get(leaf);
  }

  /** How often an error was noted, also the same one again: whether a part was carried over shows in it. */
  get errors(): number {
    return this.#errors;
  }

  /** In the order of the file. */
  get remarks(): readonly Remark[] {
    const lineOf = ({ at }: Remark): number => Number(/:(\d+)$/.exec(at)?.[1] ?? 0);
    const fileOf = ({ at }: Remark): string => at.replace(/:\d+$/, "");
    return this.#remarks.toSorted((a, b) =>
      fileOf(a) === fileOf(b) ? lineOf(a) - lineOf(b) : fileOf(a) < fileOf(b) ? -1 : 1,
    );
  }

  get counts(): { readonly carried: number; readonly lost: number } {
    let carried = 0;
    for (const fate of this.#fates.values()) if (fate === "carried") carried++;
    return { carried, lost: this.#fates.size - carried };
  }
}

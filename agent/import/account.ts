import { type SourceNode, leavesOf } from "./source_tree.ts";

/** What a person should know of a key of the source file. */
export type Remark = {
  readonly at: string;
  readonly path: string;
  /** lost: nothing of it is in the result; differs: it is there, but does not mean quite the same. */
  readonly kind: "lost" | "differs";
  readonly reason: string;
};

/**
 * What becomes of every key of the source: it is carried over, or a remark says why not. What nobody has looked at when the import
 * is done becomes a remark, too, so nothing is left out in silence.
 */
export class Account {
  readonly #fates = new Map<SourceNode, "carried" | "lost">();
  readonly #remarks: Remark[] = [];

  /** The node with all that is below it is in the result. */
  carry(node: SourceNode): void {
    for (const leaf of leavesOf(node)) if (!this.#fates.has(leaf)) this.#fates.set(leaf, "carried");
  }

  /** The node with all that is below it, as far as nothing else is known of it, is not in the result. */
  lose(node: SourceNode, reason: string): void {
    const open = leavesOf(node).filter((leaf) => !this.#fates.has(leaf));
    if (open.length === 0) return;
    for (const leaf of open) this.#fates.set(leaf, "lost");
    this.#remark(node, "lost", reason);
  }

  /** Nothing of the node is in the result after all, whatever was said of it before. */
  takeBack(node: SourceNode, reason: string): void {
    for (const leaf of leavesOf(node)) this.#fates.set(leaf, "lost");
    this.#remark(node, "lost", reason);
  }

  /** The node is in the result and means something a little different there. */
  differ(node: SourceNode, reason: string): void {
    this.carry(node);
    this.#remark(node, "differs", reason);
  }

  #remark({ at, path }: SourceNode, kind: Remark["kind"], reason: string): void {
    if (this.#remarks.some((own) => own.at === at && own.path === path && own.reason === reason))
      return;
    this.#remarks.push({ at, path, kind, reason });
  }

  /** Remarks on all that nobody has looked at. */
  close(root: SourceNode): void {
    for (const leaf of leavesOf(root)) this.lose(leaf, "the import knows nothing like it");
  }

  fateOf(leaf: SourceNode): "carried" | "lost" | undefined {
    return this.#fates.get(leaf);
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

/** A node of the tree of rules: one component of a name, between two dots. */
type Node<Rule> = {
  readonly next: Map<string, Node<Rule>>;
  any: Node<Rule> | undefined;
  end: { readonly rule: Rule; readonly priority: number } | undefined;
};

type Found<Rule> = { readonly rule: Rule; readonly priority: number; readonly captures: string[] };

/** Components of a name that are looked at; a name with more matches no rule. */
const componentsMax = 256;

/**
 * Rules of words and stars between dots, where a star stands for one component. As a tree, which is walked once a name, whatever the
 * number of rules: each node is met on one way only.
 */
export class GlobRules<Rule> {
  readonly #root: Node<Rule> = newNode();
  readonly #isOrdered: boolean;
  #rules = 0;

  /** Where ordered, the first rule that was added wins; else the one whose first star comes last. */
  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  add(pattern: string, rule: Rule): void {
    let node = this.#root;
    for (const component of pattern.split(".")) {
      let next = component === "*" ? node.any : node.next.get(component);
      if (next === undefined) {
        next = newNode();
        if (component === "*") node.any = next;
        else node.next.set(component, next);
      }
      node = next;
    }
    node.end ??= { rule, priority: this.#rules };
    this.#rules++;
  }

  /** The rule of a name and what its stars stand for. */
  match(name: string): { readonly rule: Rule; readonly captures: readonly string[] } | undefined {
    if (this.#rules === 0) return undefined;
    const components = name.split(".");
    if (components.length > componentsMax) return undefined;
    return this.#walk(this.#root, components, 0, []);
  }

  #walk(
    node: Node<Rule>,
    components: readonly string[],
    at: number,
    captures: readonly string[],
  ): Found<Rule> | undefined {
    const component = components[at];
    if (component === undefined)
      return node.end === undefined ? undefined : { ...node.end, captures: [...captures] };
    const exact = node.next.get(component);
    const found = exact && this.#walk(exact, components, at + 1, captures);
    if (node.any === undefined || (found !== undefined && !this.#isOrdered)) return found;
    const other = this.#walk(node.any, components, at + 1, [...captures, component]);
    if (found === undefined || other === undefined) return found ?? other;
    return other.priority < found.priority ? other : found;
  }
}

function newNode<Rule>(): Node<Rule> {
  return { next: new Map(), any: undefined, end: undefined };
}

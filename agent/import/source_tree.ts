/** A configuration file of another program as a tree whose every node knows where it stands. */
export type SourceNode = ScalarNode | ListNode | MapNode;

type Placed = {
  /** File and line, counted from 1: "promtail.yaml:12". */
  readonly at: string;
  /** Keys on the way from the root, as people write them: "clients.0.url". */
  readonly path: string;
};

export type Scalar = string | number | boolean | null;
export type ScalarNode = Placed & {
  readonly kind: "scalar";
  readonly value: Scalar;
  /** Why the value can't be told before the shipper runs; what stands in `value` then only names it. */
  readonly unknown?: string;
  /** Said in the report: the value was found on this host, and may be another elsewhere. */
  readonly found?: string;
};
export type ListNode = Placed & { readonly kind: "list"; readonly items: readonly SourceNode[] };
/** A key may stand more than once, as blocks and sections of some formats do. */
export type MapNode = Placed & { readonly kind: "map"; readonly entries: readonly SourceEntry[] };
export type SourceEntry = {
  readonly key: string;
  readonly node: SourceNode;
  /** Of a block that has a name of its own beside its kind. */
  readonly label?: string;
};

/** Scalars, and lists and maps that are empty: what a file says, one by one. */
export function leavesOf(node: SourceNode): SourceNode[] {
  if (node.kind === "scalar") return [node];
  const children = node.kind === "list" ? node.items : node.entries.map((entry) => entry.node);
  return children.length === 0 ? [node] : children.flatMap((child) => leavesOf(child));
}

/** What stands there as plain data; of a key that stands twice, the last. */
export function plainOf(node: SourceNode): Plain {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map((item) => plainOf(item));
  return Object.fromEntries(node.entries.map(({ key, node: own }) => [key, plainOf(own)]));
}

/** What a configuration of ours is made of. */
export type Plain = Scalar | undefined | readonly Plain[] | { readonly [key: string]: Plain };

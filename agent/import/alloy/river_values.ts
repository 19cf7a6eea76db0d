import type { ListNode, Scalar, ScalarNode, SourceNode } from "../source_tree.ts";

export type Place = { readonly at: string; readonly path: string };

export function scalarNode(place: Place, value: Scalar): ScalarNode {
  return { kind: "scalar", ...place, value };
}

/** A value that only Alloy knows; `reference` is what stands there where that is the export of a component. */
export function unknownNode(place: Place, what: string, reference?: string): ScalarNode {
  return {
    kind: "scalar",
    ...place,
    value: reference ?? what,
    unknown: `${what} is known to Alloy alone`,
  };
}

export function listNode(place: Place, items: readonly SourceNode[]): ListNode {
  return { kind: "list", ...place, items };
}

/** What `constants` has, as Alloy names it (Go's GOOS and GOARCH). */
export function constantValue(
  place: Place,
  name: string,
  hostname: string,
): ScalarNode | undefined {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  const values: Readonly<Record<string, string>> = {
    "constants.arch": architectures[process.arch] ?? process.arch,
    "constants.hostname": hostname,
    "constants.os": process.platform,
  };
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) return undefined;
  const found = `${name} is ${JSON.stringify(value)}, as on the host of this import`;
  return { ...scalarNode(place, value), found };
}

/** Functions of the standard library whose result is known without Alloy. */
export function callValue(
  place: Place,
  name: string,
  args: readonly SourceNode[],
  environment: Readonly<Record<string, string | undefined>>,
): SourceNode {
  const [first] = args;
  if (name === "env" || name === "sys.env") {
    const variable = first?.kind === "scalar" ? String(first.value) : "";
    const value = environment[variable];
    if (value !== undefined) return scalarNode(place, value);
    const found = `the environment has no ${variable} here, so it is empty, as in Alloy`;
    return { ...scalarNode(place, ""), found };
  }
  if (name === "concat" || name === "array.concat")
    return listNode(
      place,
      args.flatMap((arg) => (arg.kind === "list" ? arg.items : [arg])),
    );
  if (name === "coalesce")
    return (
      args.find((arg) => arg.kind !== "scalar" || (arg.value !== null && arg.value !== "")) ??
      scalarNode(place, null)
    );
  const texts = args.flatMap((arg) =>
    arg.kind === "scalar" && arg.unknown === undefined && typeof arg.value === "string"
      ? [arg.value]
      : [],
  );
  const [text] = texts;
  const change = textFunctions[name];
  if (change !== undefined && texts.length === args.length && text !== undefined)
    return { ...scalarNode(place, change(text)), ...foundIn(args) };
  return unknownNode(place, `${name}()`);
}

/** What is said of the values that a value is made of. */
function foundIn(nodes: readonly SourceNode[]): { readonly found?: string } {
  const found = nodes.flatMap((node) =>
    node.kind === "scalar" && node.found !== undefined ? [node.found] : [],
  );
  return found.length === 0 ? {} : { found: found.join("; ") };
}

const textFunctions: Readonly<Record<string, (text: string) => string>> = {
  "convert.nonsensitive": (text) => text,
  nonsensitive: (text) => text,
  "string.to_lower": (text) => text.toLowerCase(),
  "string.to_upper": (text) => text.toUpperCase(),
  "string.trim_space": (text) => text.trim(),
  to_lower: (text) => text.toLowerCase(),
  to_upper: (text) => text.toUpperCase(),
  trim_space: (text) => text.trim(),
};

/** Sums of texts and numbers; everything else that two values make is left to Alloy. */
export function combined(operator: string, left: SourceNode, right: SourceNode): SourceNode {
  const { at, path } = left;
  if (left.kind === "scalar" && right.kind === "scalar") {
    const unknown = left.unknown ?? right.unknown;
    if (unknown !== undefined) return { ...scalarNode({ at, path }, ""), unknown };
    const [a, b] = [left.value, right.value];
    if (operator === "+" && typeof a === "string" && typeof b === "string")
      return { ...scalarNode({ at, path }, a + b), ...foundIn([left, right]) };
    if (typeof a === "number" && typeof b === "number") {
      const results: Readonly<Record<string, number>> = {
        "+": a + b,
        "-": a - b,
        "*": a * b,
        "/": a / b,
      };
      const result = results[operator];
      if (result !== undefined) return scalarNode({ at, path }, result);
    }
  }
  return unknownNode({ at, path }, "a computed value");
}

/** Columns as somebody arranged them. */
export type Arranged = {
  /** Keys in their order; none for the order they come in. */
  readonly order: readonly string[];
  /** Keys of hidden columns; undefined for those that start hidden. */
  readonly hidden: readonly string[] | undefined;
};

export const unarranged: Arranged = { order: [], hidden: undefined };

/** As the URL has them, `host,load;note`: the order, then what is hidden; empty for columns that nobody arranged. */
export function arrangedText({ order, hidden }: Arranged): string {
  const ordered = order.map(encodeURIComponent).join(",");
  return hidden === undefined ? ordered : `${ordered};${hidden.map(encodeURIComponent).join(",")}`;
}

export function parseArranged(text: string): Arranged {
  const [order = "", hidden] = text.split(";");
  return { order: keysIn(order), hidden: hidden === undefined ? undefined : keysIn(hidden) };
}

function keysIn(text: string): readonly string[] {
  return text
    .split(",")
    .filter((key) => key !== "")
    .map(decoded);
}

/** A link may be cut off within a letter. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

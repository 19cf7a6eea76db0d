/**
 * A condition on one name. `kind` says where the name is found: a label of the stream, structured metadata, a field that parsers
 * find in the line; or that the condition is on the line's pattern, whose name is empty.
 */
export type Filter = {
  readonly kind: "label" | "metadata" | "field" | "pattern";
  readonly name: string;
  /** Any of these; with `exclude` none of them. */
  readonly values: readonly string[];
  readonly exclude: boolean;
  /** Of fields: what finds it. */
  readonly parsers: readonly string[];
};

export type FilterTarget = Pick<Filter, "kind" | "name" | "parsers">;

const marks = { label: "", metadata: ".", field: "~", pattern: "<>" } as const;
const filtersMax = 50;

/** As text for the URL: `service_name="shop" .detected_level="error"|"warn" ~json:user!="bob"`. */
export function printFilters(filters: readonly Filter[]): string {
  return filters
    .map(({ kind, name, values, exclude, parsers }) => {
      const found = parsers.length === 0 ? "" : `${parsers.join(",")}:`;
      const texts = values.map((value) => JSON.stringify(value)).join("|");
      return `${marks[kind]}${found}${name}${exclude ? "!=" : "="}${texts}`;
    })
    .join(" ");
}

const piece =
  /\s*(<>|[.~]|)(?:([a-z,]+):)?([A-Za-z_][\w.]*|)(!=|=)((?:"(?:[^"\\]|\\.)*")(?:\|"(?:[^"\\]|\\.)*")*)/y;

/** What printFilters() wrote; what can't be read is left out, for links must not break a page. */
export function parseFilters(text: string): Filter[] {
  const filters: Filter[] = [];
  piece.lastIndex = 0;
  for (let found = piece.exec(text); found !== null && filters.length < filtersMax;) {
    const [, mark = "", parsers = "", name = "", op, written = ""] = found;
    const kind = kindOf(mark);
    const values = [...written.matchAll(/"(?:[^"\\]|\\.)*"/g)].flatMap(([one]) => textOf(one));
    if (values.length > 0 && (name !== "") === (kind !== "pattern"))
      filters.push({
        kind,
        name,
        values,
        exclude: op === "!=",
        parsers: parsers.split(",").filter((each) => each === "json" || each === "logfmt"),
      });
    found = piece.exec(text);
  }
  return filters;
}

function kindOf(mark: string): Filter["kind"] {
  if (mark === ".") return "metadata";
  if (mark === "~") return "field";
  return mark === "<>" ? "pattern" : "label";
}

function textOf(literal: string): string[] {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? [value] : [];
  } catch {
    return [];
  }
}

/** How a value stands: asked for, kept out, or neither. */
export function stateOf(
  filters: readonly Filter[],
  target: FilterTarget,
  value: string,
): "included" | "excluded" | undefined {
  const found = filters.find((one) => isOn(one, target) && one.values.includes(value));
  if (found === undefined) return undefined;
  return found.exclude ? "excluded" : "included";
}

function isOn(filter: Filter, { kind, name }: FilterTarget): boolean {
  return filter.kind === kind && filter.name === name;
}

/** Includes or excludes a value; doing the same again takes it back. */
export function toggled(
  filters: readonly Filter[],
  target: FilterTarget,
  value: string,
  exclude: boolean,
): Filter[] {
  const wanted = exclude ? "excluded" : "included";
  const isUndone = stateOf(filters, target, value) === wanted;
  const rest = filters
    .map((one) =>
      isOn(one, target) ? { ...one, values: one.values.filter((each) => each !== value) } : one,
    )
    .filter(({ values }) => values.length > 0);
  if (isUndone) return rest;
  const known = rest.findIndex((one) => isOn(one, target) && one.exclude === exclude);
  if (known >= 0)
    return rest.map((one, i) => (i === known ? { ...one, values: [...one.values, value] } : one));
  return [...rest, { ...target, values: [value], exclude }];
}

/** Without the condition that asks for values of this name: what else there is to ask for. */
export function withoutIncluded(filters: readonly Filter[], target: FilterTarget): Filter[] {
  return filters.filter((one) => !isOn(one, target) || one.exclude);
}

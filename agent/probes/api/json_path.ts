import { OperatingError } from "#shared/errors.ts";

/** A path into JSON: what of RFC 9535 takes time linear in the document. */
export type JsonPath = { readonly source: string; readonly segments: readonly Segment[] };
type Segment =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" };

const segmentsMax = 64;
const segmentShape =
  /^(?:\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\.(\*)|\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d{1,9})|(\*))\s*\])/;

/** `$`, `.name`, `['name']`, `[0]`, `[-1]`, `[*]`, `.*`. No `..`, slices and filters. Throws OperatingError("bad_request"). */
export function parseJsonPath(text: string): JsonPath {
  const wrong = () =>
    new OperatingError(
      "bad_request",
      `"${text}" is not a path such as $.items[0].id (.name, ['name'], [0], [-1] and [*] are known)`,
    );
  if (!text.startsWith("$")) throw wrong();
  const segments: Segment[] = [];
  let rest = text.slice(1);
  while (rest !== "") {
    const found = segmentShape.exec(rest);
    if (found === null || segments.length >= segmentsMax) throw wrong();
    const [whole, bare, star, single, double, index, bracketStar] = found;
    const quoted = single ?? double;
    const name = bare ?? quoted?.replaceAll(/\\(.)/g, "$1");
    if (star !== undefined || bracketStar !== undefined) segments.push({ kind: "all" });
    else if (index !== undefined) segments.push({ kind: "index", index: Number(index) });
    else segments.push({ kind: "name", name: name ?? "" });
    rest = rest.slice(whole.length);
  }
  return { source: text, segments };
}

/** The values that a path leads to, none where it leads nowhere. */
export function valuesAt({ segments }: JsonPath, document: unknown): unknown[] {
  let values: unknown[] = [document];
  for (const segment of segments) values = values.flatMap((value) => step(segment, value));
  return values;
}

function step(segment: Segment, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  switch (segment.kind) {
    case "name":
      return !Array.isArray(value) && Object.hasOwn(value, segment.name)
        ? [new Map<string, unknown>(Object.entries(value)).get(segment.name)]
        : [];
    case "index": {
      if (!Array.isArray(value)) return [];
      const at = segment.index < 0 ? value.length + segment.index : segment.index;
      return at >= 0 && at < value.length ? [value[at]] : [];
    }
    case "all":
      return Object.values(value);
  }
}

import { OperatingError } from "#shared/errors.ts";
import { type SeriesExemplars, uniqueExemplars } from "#shared/model/exemplars.ts";

/** What several parts have of the same series as one, sorted by labels, each exemplar once. Throws OperatingError("overloaded"). */
export function joinExemplars(
  parts: readonly (readonly SeriesExemplars[])[],
  exemplarsMax = Infinity,
): SeriesExemplars[] {
  const bySeries = new Map<string, SeriesExemplars[]>();
  for (const one of parts.flat()) {
    const known = bySeries.get(one.key);
    if (known === undefined) bySeries.set(one.key, [one]);
    else known.push(one);
  }
  let count = 0;
  const joined: SeriesExemplars[] = [];
  for (const key of [...bySeries.keys()].toSorted()) {
    const [first, ...more] = bySeries.get(key) ?? [];
    if (first === undefined) continue;
    const one =
      more.length === 0
        ? first
        : {
            ...first,
            exemplars: uniqueExemplars([first, ...more].flatMap(({ exemplars }) => exemplars)),
          };
    count += one.exemplars.length;
    if (count > exemplarsMax)
      throw new OperatingError("overloaded", `query reads more than ${exemplarsMax} exemplars`, {
        limit: "exemplars",
      });
    joined.push(one);
  }
  return joined;
}

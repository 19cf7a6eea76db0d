import type { ReadFigures, SelectorFigures } from "#proto/gen/v1/columns_pb.js";
import { formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { lengthText } from "../../promql/variables.ts";

/** What a query read, as far as the aggregator tells. */
export type ReadFacts = {
  /** "raw samples", "buckets of 5m", or both; empty where nothing was read. */
  readonly resolution: string;
  readonly figures: readonly { readonly name: string; readonly value: string }[];
  readonly selectors: readonly {
    readonly title: string;
    readonly words: string;
    readonly sql: string;
    readonly parquetSql: string;
  }[];
};

/** Undefined where the aggregator tells nothing. */
export function readFacts(facts: ReadFigures | undefined): ReadFacts | undefined {
  if (facts === undefined) return undefined;
  const resolution = resolutionWords(facts.selectors);
  return {
    resolution,
    figures: [
      { name: "Resolution", value: resolution === "" ? "nothing was read" : resolution },
      { name: "Time of reading", value: formatSpan(facts.readTime * 1_000) },
      { name: "Blocks looked at", value: formatCount(facts.blocksLookedAt) },
      { name: "Blocks opened", value: formatCount(facts.blocksOpened) },
      { name: "Blocks from memory", value: formatCount(facts.blocksFromMemory) },
      { name: "Row groups read", value: formatCount(facts.rowGroups) },
      { name: "Size of the blocks", value: formatValue(facts.fileBytes, "bytes") },
      { name: "Downloaded", value: formatValue(facts.downloadedBytes, "bytes") },
      { name: "Series in the recent window", value: formatCount(facts.headSeries) },
      { name: "Samples in the recent window", value: formatCount(facts.headSamples) },
    ],
    selectors: facts.selectors.map((each, i) => ({
      title: each.selector === "" ? `Selector ${i + 1}` : each.selector,
      words: `${formatCount(each.series)} series, ${formatCount(each.samples)} samples, ${formatCount(each.blocksVisible)} blocks, ${formatSpan(each.time * 1_000)}`,
      sql: each.sql,
      parquetSql: each.parquetSql,
    })),
  };
}

/** How fine what was read is: samples as they came, or a tier's buckets. */
function resolutionWords(selectors: readonly SelectorFigures[]): string {
  const read = selectors.flatMap(({ headSamples, resolutions }) => [
    ...(headSamples > 0 ? [0] : []),
    ...resolutions.filter(({ blocks }) => blocks > 0).map(({ bucketMs }) => bucketMs),
  ]);
  const [raw, buckets] = [
    read.includes(0) ? ["raw samples"] : [],
    [...new Set(read)].filter((ms) => ms > 0).toSorted((a, b) => a - b),
  ];
  const tiers = buckets.length === 0 ? [] : [`buckets of ${buckets.map(lengthText).join(" and ")}`];
  return [...raw, ...tiers].join(", ");
}

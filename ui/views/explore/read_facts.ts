import { z } from "zod";
import { formatCount, formatSpan, formatValue } from "../../plot/format.ts";
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

const count = z.number().default(0);
const Selector = z.object({
  selector: z.string().default(""),
  sql: z.string().default(""),
  parquetSql: z.string().default(""),
  series: count,
  samples: count,
  headSamples: count,
  blocksVisible: count,
  time: count,
  resolutions: z.array(z.object({ bucketMs: count, blocks: count })).default([]),
});
// Not strict: members come and go with the store.
const Facts = z.object({
  blocksLookedAt: count,
  blocksOpened: count,
  blocksFromMemory: count,
  fileBytes: count,
  downloadedBytes: count,
  rowGroups: count,
  headSeries: count,
  headSamples: count,
  readTime: count,
  selectors: z.array(Selector).default([]),
});

/** Of `data.stats.lapwing`; undefined where the aggregator tells nothing, or in another shape. */
export function readFacts(lapwing: unknown): ReadFacts | undefined {
  if (lapwing === undefined) return undefined;
  const checked = Facts.safeParse(lapwing);
  if (!checked.success) return undefined;
  const facts = checked.data;
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
function resolutionWords(selectors: readonly z.output<typeof Selector>[]): string {
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

import type { Labels } from "#shared/model/labels.ts";
import type {
  HistogramSamples,
  MetricFamily,
  MetricsBatch,
  MetricsPart,
  SparseSamples,
} from "#shared/model/metrics.ts";
import type { ItemList } from "#shared/collections/paged_list.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { PushedSamples } from "./sample_buffer.ts";

/** Fewer series than this that come together are not worth a schema of their own. */
const groupSeriesMin = 8;
/** A target with more gets several groups: senders cut their requests anywhere, and only the group at the cut then comes in parts. */
const newGroupSeriesMax = 512;
const groupSeriesMax = 1_024;
/** Below what an encoder remembers of schemas, over all receivers; series beyond go one by one. */
const groupsMax = 1_000;
/** Times in one request for which a group has rows; the samples of further ones go one by one. */
const groupRowsMax = 64;
/** Requests in a row in which a group came in small parts, until it is given up: at first, and it doubles each time. */
const firstPatience = 8;

type Group = {
  readonly schema: { readonly series: Labels[]; readonly families: MetricFamily[] };
  readonly patience: number;
  misses: number;
  isGivenUp: boolean;
  /** While a request is sorted: its open rows, and the samples that are in none. */
  rows: OpenRow[];
  rest: number[];
};

type OpenRow = {
  readonly group: Group;
  readonly timestampMs: number;
  samples: number;
  values: Float64Array;
  words: Uint32Array;
};

const noValues = new Float64Array();
const noWords = new Uint32Array();
const absentValues = new Float64Array(groupSeriesMax);
const absentWords = wordsOf(absentValues);
for (let i = 0; i < groupSeriesMax; i++) setAbsent(absentWords, i);

/**
 * Gives back to pushed samples the form that they had at their target. Series that came together with one timestamp, as one scrape
 * did, share a schema, and travel as a row of it from then on: the changes alone, as if we had scraped them. Where less than
 * half of a group comes together, its samples go one by one; and where that goes on, the group is given up, and its series are
 * grouped anew by how they come now.
 */
export class SeriesGroups {
  /** Series that are in no group. Metadata goes with it. */
  readonly #loose: Group = newGroup(Infinity);
  /** By column of PushedSeries: its group, and its place there. */
  readonly #groupOf: (Group | undefined)[] = [];
  #placeOf = new Uint32Array(1_024);
  #groups = 0;
  readonly #rowOf: (OpenRow | undefined)[] = [];

  /** A family is sent once with the next batch. */
  addFamily(family: MetricFamily): void {
    this.#loose.schema.families.push(family);
  }

  /** The samples as rows and single samples of the groups' schemas. `series` has the labels by column. */
  batchOf(samples: PushedSamples, series: ItemList<Labels>): MetricsBatch {
    this.#place(samples, series);
    const touched = this.#openRows(samples);
    for (const group of touched) fillRows(group);
    this.#fill(samples);
    const parts = [...touched]
      .filter((group) => group !== this.#loose)
      .map((group) => this.#take(group, samples));
    return { ...this.#take(this.#loose, samples), also: parts };
  }

  /** Gives a place to the series that have none, by runs of samples of one time. */
  #place({ columns, timestampsMs }: PushedSamples, series: ItemList<Labels>): void {
    for (let start = 0, end = 0; start < columns.length; start = end) {
      let missing = 0;
      for (; end < columns.length && timestampsMs[end] === timestampsMs[start]; end++)
        if (this.#groupAt(columns[end] ?? 0) === undefined) missing++;
      if (missing > 0) this.#placeRun(columns.subarray(start, end), missing, series);
    }
  }

  /** New series join the group of the series before them in the run, or else of the first that has one. */
  #placeRun(run: Uint32Array, missing: number, series: ItemList<Labels>): void {
    let left = missing;
    let group = this.#firstGroup(run);
    let room = group === undefined ? 0 : groupSeriesMax - group.schema.series.length;
    for (const column of run) {
      const own = this.#groupAt(column);
      if (own !== undefined) {
        if (own === this.#loose) continue;
        group = own;
        room = groupSeriesMax - own.schema.series.length;
        continue;
      }
      if (group === undefined || room <= 0) {
        const isWorth = left >= groupSeriesMin && this.#groups < groupsMax;
        group = isWorth ? this.#open(this.#groupOf[column]) : this.#loose;
        room = isWorth ? Math.ceil(left / Math.ceil(left / newGroupSeriesMax)) : Infinity;
      }
      this.#put(column, group, series.at(column) ?? {});
      room--;
      left--;
    }
  }

  #firstGroup(run: Uint32Array): Group | undefined {
    for (const column of run) {
      const group = this.#groupAt(column);
      if (group !== undefined && group !== this.#loose) return group;
    }
    return undefined;
  }

  #groupAt(column: number): Group | undefined {
    const group = this.#groupOf[column];
    return group === undefined || group.isGivenUp ? undefined : group;
  }

  #open(before: Group | undefined): Group {
    this.#groups++;
    return newGroup(before === undefined ? firstPatience : 2 * before.patience);
  }

  #put(column: number, group: Group, labels: Labels): void {
    if (column >= this.#placeOf.length) {
      const grown = new Uint32Array(2 * Math.max(column, this.#placeOf.length));
      grown.set(this.#placeOf);
      this.#placeOf = grown;
    }
    while (this.#groupOf.length <= column) this.#groupOf.push(undefined);
    this.#groupOf[column] = group;
    this.#placeOf[column] = group.schema.series.length;
    group.schema.series.push(labels);
  }

  /** Counts the samples by group and time; gives the groups that have some. */
  #openRows({ columns, timestampsMs, natives }: PushedSamples): Set<Group> {
    const touched = new Set<Group>();
    let row: OpenRow | undefined;
    for (let i = 0; i < columns.length; i++) {
      const group = this.#groupOf[columns[i] ?? 0] ?? this.#loose;
      const timestampMs = timestampsMs[i] ?? 0;
      if (row === undefined || row.group !== group || row.timestampMs !== timestampMs) {
        touched.add(group);
        row = group === this.#loose ? undefined : rowAt(group, timestampMs);
      }
      const own = natives?.has(i) === true ? undefined : row;
      if (own !== undefined) own.samples++;
      this.#rowOf[i] = own;
    }
    return touched;
  }

  #fill({ columns, values }: PushedSamples): void {
    const words = wordsOf(values);
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] ?? 0;
      const row = this.#rowOf[i];
      const place = this.#placeOf[column] ?? 0;
      // Where the row has a sample already it is not absent, and where it is too thin it has no words.
      if (row === undefined || !isAbsent(row.words, place)) {
        (row?.group ?? this.#groupOf[column] ?? this.#loose).rest.push(i);
        continue;
      }
      row.words[2 * place] = words[2 * i] ?? 0;
      row.words[2 * place + 1] = words[2 * i + 1] ?? 0;
    }
  }

  /** What the request brought of the group, which is then ready for the next one. */
  #take(group: Group, samples: PushedSamples): MetricsPart {
    const { schema, rest } = group;
    const rows = group.rows.filter(({ values }) => values !== noValues);
    group.rows = [];
    group.rest = [];
    if (group.misses >= group.patience) {
      group.isGivenUp = true;
      this.#groups--;
    }
    const { natives } = samples;
    if (rest.length === 0) return { schema, rows };
    if (natives === undefined) return { schema, rows, sparse: this.#numbers(samples, rest) };
    const sparse = this.#numbers(
      samples,
      rest.filter((i) => !natives.has(i)),
    );
    const histograms = this.#histograms(samples, rest);
    return histograms.columns.length === 0
      ? { schema, rows, sparse }
      : { schema, rows, sparse, histograms };
  }

  #histograms(samples: PushedSamples, indexes: readonly number[]): HistogramSamples {
    const { columns, timestampsMs, natives } = samples;
    const found = indexes.flatMap((i) => {
      const histogram = natives?.get(i);
      return histogram === undefined ? [] : [{ i, histogram }];
    });
    return {
      columns: Uint32Array.from(found, ({ i }) => this.#placeOf[columns[i] ?? 0] ?? 0),
      timestampsMs: Float64Array.from(found, ({ i }) => timestampsMs[i] ?? 0),
      histograms: found.map(({ histogram }) => histogram),
    };
  }

  #numbers(
    { columns, timestampsMs, values }: PushedSamples,
    indexes: readonly number[],
  ): SparseSamples {
    const numbers = {
      columns: new Uint32Array(indexes.length),
      timestampsMs: new Float64Array(indexes.length),
      values: new Float64Array(indexes.length),
    };
    const [from, to] = [wordsOf(values), wordsOf(numbers.values)];
    for (let at = 0; at < indexes.length; at++) {
      const i = indexes[at] ?? 0;
      numbers.columns[at] = this.#placeOf[columns[i] ?? 0] ?? 0;
      numbers.timestampsMs[at] = timestampsMs[i] ?? 0;
      // By words: NaNs keep their bits.
      to[2 * at] = from[2 * i] ?? 0;
      to[2 * at + 1] = from[2 * i + 1] ?? 0;
    }
    return numbers;
  }
}

function newGroup(patience: number): Group {
  const schema = { series: [], families: [] };
  return { schema, patience, misses: 0, isGivenUp: false, rows: [], rest: [] };
}

/** The group's open row of a time, or undefined where it has too many. */
function rowAt(group: Group, timestampMs: number): OpenRow | undefined {
  for (const row of group.rows) if (row.timestampMs === timestampMs) return row;
  if (group.rows.length >= groupRowsMax) return undefined;
  const row = { group, timestampMs, samples: 0, values: noValues, words: noWords };
  group.rows.push(row);
  return row;
}

/** Gives memory to the rows that hold at least half of the group. */
function fillRows(group: Group): void {
  const width = group.schema.series.length;
  group.misses++;
  for (const row of group.rows) {
    if (2 * row.samples < width) continue;
    group.misses = 0;
    row.values = absentValues.slice(0, width);
    row.words = wordsOf(row.values);
  }
}

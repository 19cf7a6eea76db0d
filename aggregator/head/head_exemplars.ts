import type { LaneId } from "#proto/bus/agent_port.ts";
import {
  type Exemplar,
  type SeriesExemplars,
  exemplarFault,
  uniqueExemplars,
} from "#shared/model/exemplars.ts";
import { type Labels, type Matcher, labelsKey } from "#shared/model/labels.ts";
import type { ExemplarSamples } from "#shared/model/metrics.ts";
import type { DropReason } from "#shared/model/account.ts";
import { compileMatchers } from "../read/matching.ts";

type Entry = { readonly lane: LaneId; readonly exemplar: Exemplar };
type Series = { readonly labels: Labels; readonly key: string; readonly entries: Entry[] };

/** A rough price of an exemplar in memory: objects, and the texts of a trace's id. */
const exemplarBytes = 500;

/** The exemplars of one tenant in one generation of the head. */
export class HeadExemplars {
  #bySeries = new Map<string, Series>();
  #frozen: readonly SeriesExemplars[] | undefined;
  #count = 0;

  get bytes(): number {
    return this.#count * exemplarBytes;
  }

  /** Appends all; gives how many were not kept, by reason. Times ahead of `latestMs` are out of bounds; `refused` columns are of series over a limit. */
  append(
    lane: LaneId,
    series: readonly Labels[],
    samples: ExemplarSamples,
    latestMs: number,
    refused?: ReadonlySet<number>,
  ): Map<DropReason, number> {
    const drops = new Map<DropReason, number>();
    for (const [i, labels] of samples.labels.entries()) {
      const timestampMs = samples.timestampsMs[i] ?? 0;
      const column = samples.columns[i] ?? 0;
      const exemplar = { labels, value: samples.values[i] ?? 0, timestampMs };
      let fault = exemplarFault(exemplar);
      if (timestampMs > latestMs) fault = "out_of_bounds_timestamp";
      else if (refused?.has(column) === true) fault = "series_limit";
      if (fault === undefined) this.#add(lane, series[column] ?? {}, exemplar);
      else drops.set(fault, (drops.get(fault) ?? 0) + 1);
    }
    return drops;
  }

  #add(lane: LaneId, labels: Labels, exemplar: Exemplar): void {
    const key = labelsKey(labels);
    let known = this.#bySeries.get(key);
    if (known === undefined) this.#bySeries.set(key, (known = { labels, key, entries: [] }));
    known.entries.push({ lane, exemplar });
    this.#count++;
  }

  /** Those within [startMs, endMs] of series that fit any of the selectors; in no order of series. */
  select(
    selectors: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): SeriesExemplars[] {
    const tests = selectors.map((matchers) => compileMatchers(matchers));
    const found: SeriesExemplars[] = [];
    for (const { labels, key, exemplars } of this.#content()) {
      if (!tests.some((test) => test(labels))) continue;
      const within = exemplars.filter(
        ({ timestampMs }) => timestampMs >= startMs && timestampMs <= endMs,
      );
      if (within.length > 0) found.push({ labels, key, exemplars: within });
    }
    return found;
  }

  #content(): readonly SeriesExemplars[] {
    if (this.#frozen !== undefined) return this.#frozen;
    return [...this.#bySeries.values()].map(({ labels, key, entries }) => ({
      labels,
      key,
      exemplars: uniqueExemplars(entries.map(({ exemplar }) => exemplar)),
    }));
  }

  /** Sorted by labels. `duplicate` is told the lane of each exemplar that is left out. */
  freeze(duplicate: (lane: LaneId) => void): readonly SeriesExemplars[] {
    const sorted = [...this.#bySeries.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
    this.#frozen = sorted.map(({ labels, key, entries }) => {
      const all = entries.map(({ exemplar }) => exemplar);
      const exemplars = uniqueExemplars(all, (place) => {
        const lane = entries[place]?.lane;
        if (lane !== undefined) duplicate(lane);
      });
      return { labels, key, exemplars };
    });
    this.#bySeries = new Map();
    this.#count = this.#frozen.reduce((sum, { exemplars }) => sum + exemplars.length, 0);
    return this.#frozen;
  }
}

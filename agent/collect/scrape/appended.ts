import type { Drops } from "#shared/model/account.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";

/** What became of the samples of a body. */
export type Appended = {
  readonly samples: number;
  readonly kept: number;
  readonly added: number;
  readonly drops: Drops;
};

/** What stands where an entry of the index has no column: a rule dropped it, it breaks a limit on labels, or there are too many series. */
export const [droppedByRule, breaksLimit, overSeriesLimit] = [-1, -2, -3];

/** Samples of entries that no rule dropped. */
export function countNotDropped(samples: SampleColumns, columnOf: Int32Array): number {
  let kept = 0;
  for (let i = 0; i < samples.length; i++)
    if ((columnOf[samples.series[i] ?? 0] ?? 0) !== droppedByRule) kept++;
  return kept;
}

type Lost = {
  readonly kept: number;
  readonly refused: number;
  readonly duplicate: number;
  readonly conflict: number;
  readonly out_of_bounds: number;
  readonly too_old: number;
};

/** Reasons for all that a body had and its batch has not. */
export function dropsOf(samples: SampleColumns, lost: Lost, ofExemplars: Drops): Drops {
  return {
    ...ofExemplars,
    relabel: samples.length - lost.kept,
    series_limit: lost.refused,
    duplicate_sample: lost.duplicate,
    duplicate_timestamp: lost.conflict,
    out_of_bounds_timestamp: lost.out_of_bounds + (ofExemplars.out_of_bounds_timestamp ?? 0),
    too_old_sample: lost.too_old,
    unsupported_histogram: samples.nativeHistograms,
    invalid_sample: samples.invalidHistograms,
  };
}

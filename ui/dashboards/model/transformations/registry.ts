import { calculateField } from "./calculate.ts";
import { convertFieldType, formatString, formatTime } from "./convert.ts";
import { extractFields } from "./extract.ts";
import { filterByValue, limit } from "./filter_value.ts";
import { groupBy, groupingToMatrix, partitionByValues } from "./group.ts";
import { heatmap, histogram } from "./histogram.ts";
import { joinByField, joinByLabels, merge } from "./join.ts";
import { concatenate, labelsToFields, seriesToRows } from "./labels.ts";
import { filterByRefId, filterFieldsByName, organize, renameByRegex, sortBy } from "./organize.ts";
import type { Transformer } from "./parts.ts";
import { reduce } from "./reduce.ts";
import { configFromData, rowsToFields, transpose } from "./rows_to_fields.ts";
import { prepareTimeSeries, timeSeriesTable } from "./time_series.ts";

/**
 * All transformations that there are, by Grafana's ids, those of older versions included. Their forms are in a table of the same ids
 * (ui/dashboards/form/transformations/registry.ts), which is loaded with the editor alone.
 */
export const transformers = {
  addFieldFromCalculation: calculateField,
  calculateField,
  concatenate,
  configFromData,
  convertFieldType,
  extractFields,
  filterByRefId,
  filterByValue,
  filterFields: filterFieldsByName,
  filterFieldsByName,
  filterFrames: filterByRefId,
  formatString,
  formatTime,
  groupBy,
  groupingToMatrix,
  heatmap,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  limit,
  merge,
  noop: (frames) => frames,
  organize,
  partitionByValues,
  prepareTimeSeries,
  reduce,
  renameByRegex,
  rowsToFields,
  seriesToColumns: joinByField,
  seriesToRows,
  sortBy,
  timeSeriesTable,
  transpose,
} as const satisfies Readonly<Record<string, Transformer>>;

export type TransformationId = keyof typeof transformers;

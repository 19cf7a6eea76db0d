import { configFromData, rowsToFields } from "./answers_as_options.ts";
import { calculateField } from "./calculate.ts";
import {
  concatenate,
  convertFieldType,
  extractFields,
  filterByRefId,
  filterFieldsByName,
  formatString,
  formatTime,
  reduce,
  renameByRegex,
} from "./fields.ts";
import type { TransformationId } from "../../model/transformations/registry.ts";
import type { TransformationForm } from "./form_of.ts";
import { filterByValue, groupBy, limit, sortBy } from "./rows.ts";
import {
  groupingToMatrix,
  heatmap,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  merge,
  partitionByValues,
  prepareTimeSeries,
  seriesToRows,
  timeSeriesTable,
  transpose,
} from "./tables.ts";

/** With a field of its own, and with nothing to set. */
type WithoutForm = "organize" | "noop";

const forms: Readonly<Record<Exclude<TransformationId, WithoutForm>, TransformationForm>> = {
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
};

/** The forms of transformations by their ids. What has none is written as JSON. */
export const transformationForms: Readonly<Record<string, TransformationForm>> = forms;

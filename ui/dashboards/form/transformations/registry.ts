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
import type { TransformationForm } from "./form_of.ts";
import { filterByValue, groupBy, limit, sortBy } from "./rows.ts";
import {
  groupingToMatrix,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  merge,
  partitionByValues,
  prepareTimeSeries,
  seriesToRows,
  transpose,
} from "./tables.ts";

/** Forms by Grafana's ids, those of older versions included. What has none is written as JSON. */
export const transformationForms: Readonly<Record<string, TransformationForm>> = {
  addFieldFromCalculation: calculateField,
  calculateField,
  concatenate,
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
  seriesToColumns: joinByField,
  seriesToRows,
  sortBy,
  transpose,
};

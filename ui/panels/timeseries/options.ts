import { GraphOptions, GraphStyle } from "../../plot/graph/graph_style.ts";

export const TimeSeriesOptions = GraphOptions;
export type TimeSeriesOptions = GraphOptions;
export const TimeSeriesFieldOptions = GraphStyle;

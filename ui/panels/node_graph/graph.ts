import { displayOf, displayText } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { fieldCalled, numberAt } from "../parts/fields.ts";
import { textOf } from "../parts/text_of.ts";
import type { NodeGraphOptions } from "./options.ts";

/** Nodes that a person can look through; those with the most edges are kept. */
export const nodesMax = 300;
const edgesMax = 2_000;

export type GraphNode = {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly main: string;
  readonly secondary: string;
  readonly color: string | undefined;
  /** Relative to the others. */
  readonly radius: number;
  /** Parts of a whole, by Grafana's columns arc__*. */
  readonly arcs: readonly { readonly name: string; readonly part: number }[];
  readonly details: readonly { readonly name: string; readonly value: string }[];
  readonly row: GraphRow | undefined;
};

/** The row of a table that a node or an edge is made of; undefined for a node that only its edges tell of. */
export type GraphRow = { readonly fields: readonly Field[]; readonly index: number };

export type GraphEdge = {
  readonly source: string;
  readonly target: string;
  readonly main: string;
  readonly secondary: string;
  readonly color: string | undefined;
  readonly thickness: number;
  readonly row: GraphRow | undefined;
};

export type Graph = {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly nodesLeft: number;
};

type Context = { readonly dark: boolean; readonly timeZone: string };

/** Grafana's frames of nodes (with ids) and edges (with sources and targets). Edges alone make their nodes. */
export function graphOf(
  frames: readonly Frame[],
  options: NodeGraphOptions,
  context: Context,
): Graph {
  const edgeFrames = frames.filter(
    (frame) =>
      fieldCalled(frame, ["source"]) !== undefined && fieldCalled(frame, ["target"]) !== undefined,
  );
  const nodeFrames = frames.filter(
    (frame) => !edgeFrames.includes(frame) && fieldCalled(frame, ["id"]) !== undefined,
  );
  const edges = edgeFrames.flatMap((frame) => edgesOf(frame, options, context));
  const nodes = new Map(
    nodeFrames.flatMap((frame) => nodesOf(frame, options, context)).map((node) => [node.id, node]),
  );
  for (const { source, target } of edges) {
    for (const id of [source, target]) if (!nodes.has(id)) nodes.set(id, bareNode(id));
  }
  const degree = new Map<string, number>();
  for (const { source, target } of edges) {
    for (const id of [source, target]) degree.set(id, (degree.get(id) ?? 0) + 1);
  }
  const all = [...nodes.values()];
  const kept =
    all.length <= nodesMax
      ? all
      : all
          .toSorted((a, b) => (degree.get(b.id) ?? 0) - (degree.get(a.id) ?? 0))
          .slice(0, nodesMax);
  const ids = new Set(kept.map(({ id }) => id));
  return {
    nodes: kept,
    edges: edges
      .filter(({ source, target }) => ids.has(source) && ids.has(target))
      .slice(0, edgesMax),
    nodesLeft: all.length - kept.length,
  };
}

function bareNode(id: string): GraphNode {
  const empty = { subtitle: "", main: "", secondary: "", color: undefined };
  return { id, title: id, ...empty, radius: 1, arcs: [], details: [], row: undefined };
}

function nodesOf(frame: Frame, options: NodeGraphOptions, context: Context): GraphNode[] {
  const column = (...names: string[]): Field | undefined => fieldCalled(frame, names);
  const id = column("id");
  const title = column("title");
  const subtitle = column("subtitle");
  const color = column("color");
  const radius = column("noderadius");
  const main = statOf(column("mainstat"), options.main_unit, context);
  const secondary = statOf(column("secondarystat"), options.secondary_unit, context);
  const arcs = frame.fields.filter(({ name }) => name.startsWith("arc__"));
  const details = frame.fields.filter(({ name }) => name.startsWith("detail__"));
  return Array.from({ length: frame.length }, (_, i) => {
    const own = textOf(id?.values[i]);
    const named = textOf(title?.values[i]);
    return {
      id: own,
      title: named === "" ? own : named,
      subtitle: textOf(subtitle?.values[i]),
      main: main(i),
      secondary: secondary(i),
      color: colorAt(color, i, context),
      radius: Math.max(0.5, Math.min(3, (numberAt(radius, i) || 40) / 40)),
      arcs: arcs.map((field) => ({
        name: field.options.display_name ?? field.name.slice("arc__".length),
        part: numberAt(field, i),
      })),
      details: details.map((field) => ({
        name: field.options.display_name ?? field.name.slice("detail__".length),
        value: displayText(displayOf(field, context)(field.values[i])),
      })),
      row: { fields: frame.fields, index: i },
    };
  });
}

function edgesOf(frame: Frame, options: NodeGraphOptions, context: Context): GraphEdge[] {
  const column = (...names: string[]): Field | undefined => fieldCalled(frame, names);
  const source = column("source");
  const target = column("target");
  const color = column("color");
  const thickness = column("thickness");
  const main = statOf(column("mainstat"), options.main_unit, context);
  const secondary = statOf(column("secondarystat"), options.secondary_unit, context);
  return Array.from({ length: frame.length }, (_, i) => ({
    source: textOf(source?.values[i]),
    target: textOf(target?.values[i]),
    main: main(i),
    secondary: secondary(i),
    color: colorAt(color, i, context),
    thickness: Math.max(1, Math.min(12, numberAt(thickness, i) || 1)),
    row: { fields: frame.fields, index: i },
  }));
}

function statOf(field: Field | undefined, unit: string, context: Context): (i: number) => string {
  if (field === undefined) return () => "";
  const options = unit === "" ? field.options : { ...field.options, unit };
  const display = displayOf({ ...field, options }, context);
  return (i) => displayText(display(field.values[i]));
}

/** A column of texts names colours; one of numbers has them by thresholds. */
function colorAt(field: Field | undefined, i: number, context: Context): string | undefined {
  if (field === undefined) return undefined;
  if (field.type === "number") return displayOf(field, context)(field.values[i]).color;
  return textOf(field.values[i]);
}

/** What the tooltip of a node says besides its name. */
export function nodeRows(
  node: GraphNode,
): readonly { readonly name: string; readonly value: string }[] {
  return [
    { name: node.subtitle === "" ? "" : "about", value: node.subtitle },
    { name: "main", value: node.main },
    { name: "second", value: node.secondary },
    ...node.arcs.map(({ name, part }) => ({ name, value: `${(part * 100).toFixed(1)} %` })),
    ...node.details,
  ].filter(({ value }) => value !== "" && value !== "NaN %");
}

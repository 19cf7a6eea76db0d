import { useCallback, useMemo } from "react";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { resolveColor } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { graphOf, nodeRows, nodesMax, type Graph, type GraphNode, type GraphRow } from "./graph.ts";
import { gridPlaces, layeredPlaces, type Place } from "./layout.ts";
import type { NodeGraphOptions } from "./options.ts";

/** Things and what connects them. */
export function NodeGraphPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<NodeGraphOptions>) {
  const { dark } = useChartTheme();
  const graph = useMemo(
    () => graphOf(frames, options, { dark, timeZone }),
    [frames, options, dark, timeZone],
  );
  const { nodes, edges, nodesLeft } = graph;
  const titles = new Map(nodes.map(({ id, title: name }) => [id, name]));
  if (nodes.length === 0) {
    return (
      <Nothing>
        No graph to draw: this picture needs a table with a column id, or one with the columns
        source and target.
      </Nothing>
    );
  }
  const label = `${title === "" ? "Graph" : title}: ${nodes.length} nodes and ${edges.length} edges`;
  const tip = ({ dataIndex, dataType }: ChartItem): Tip | undefined => {
    if (dataType !== "edge") {
      const node = nodes[dataIndex];
      if (node === undefined) return undefined;
      return { head: node.title, rows: nodeRows(node), links: linksIn(node.row, linksOf) };
    }
    const edge = edges[dataIndex];
    if (edge === undefined) return undefined;
    const rows = [
      { name: "main", value: edge.main },
      { name: "second", value: edge.secondary },
    ].filter(({ value }) => value !== "");
    const head = `${titles.get(edge.source) ?? ""} → ${titles.get(edge.target) ?? ""}`;
    return { head, rows, links: linksIn(edge.row, linksOf) };
  };
  return (
    <>
      <Chart
        label={label}
        graph={graph}
        options={options}
        width={width}
        height={height}
        tip={tip}
      />
      {nodesLeft > 0 && (
        <p className="panel-corner">
          {nodesMax} of {nodesMax + nodesLeft} nodes
        </p>
      )}
      <HiddenTable
        caption={label}
        head={["From", "To", "Main"]}
        rows={edges.map(({ source, target, main }) => [
          titles.get(source) ?? "",
          titles.get(target) ?? "",
          main,
        ])}
      />
    </>
  );
}

/** Those of all fields of the row, as far as they have some. */
function linksIn(
  row: GraphRow | undefined,
  linksOf: PanelProps<NodeGraphOptions>["linksOf"],
): readonly DataLink[] {
  if (row === undefined) return [];
  return row.fields
    .filter(({ options }) => (options.links ?? []).length > 0)
    .flatMap((field) => linksOf(field, row.index));
}

function Chart({
  label,
  graph,
  options,
  width,
  height,
  tip,
}: {
  readonly label: string;
  readonly graph: Graph;
  readonly options: NodeGraphOptions;
  readonly width: number;
  readonly height: number;
  readonly tip: (item: ChartItem) => Tip | undefined;
}) {
  const { nodes, edges } = graph;
  const rough = useMemo(() => {
    const ids = nodes.map(({ id }) => id);
    return options.layout === "grid" ? gridPlaces(ids, width / height) : layeredPlaces(ids, edges);
  }, [nodes, edges, options.layout, width, height]);
  const columns = 1 + Math.max(0, ...[...rough.values()].map(({ x }) => x));
  const room = Math.min(width / columns, height / widest(rough));
  const sizePx = Math.max(10, Math.min(44, room * 0.45));
  const option = useCallback(
    (theme: ChartTheme) =>
      chartOption(theme, { graph, options, rough, room, sizePx, width, height }),
    [graph, options, rough, room, sizePx, width, height],
  );
  return <EChart label={label} width={width} height={height} option={option} tip={tip} />;
}

type Drawn = {
  readonly graph: Graph;
  readonly options: NodeGraphOptions;
  readonly rough: ReadonlyMap<string, Place>;
  readonly room: number;
  readonly sizePx: number;
  readonly width: number;
  readonly height: number;
};

function chartOption(theme: ChartTheme, drawn: Drawn) {
  const { graph, options, rough, room, sizePx, width, height } = drawn;
  const box = {
    left: sizePx / 2 + 24,
    right: sizePx / 2 + 24,
    top: sizePx / 2 + 6,
    bottom: sizePx / 2 + 34,
  };
  const places = stretched(rough, width - box.left - box.right, height - box.top - box.bottom);
  return {
    series: [
      {
        type: "graph",
        layout: options.layout === "force" ? "force" : "none",
        force: { repulsion: sizePx * 12, edgeLength: sizePx * 2.4, layoutAnimation: false },
        ...box,
        preserveAspect: "contain",
        roam: true,
        scaleLimit: { min: 0.5, max: 8 },
        emphasis: { focus: "adjacency" },
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 7,
        lineStyle: { color: theme.lineStrong, opacity: 0.8 },
        edgeLabel: { show: options.edge_labels, color: theme.textQuiet, fontSize: 10 },
        labelLayout: { hideOverlap: true },
        data: graph.nodes.map((node) => nodeOption(node, places.get(node.id), sizePx, room, theme)),
        links: graph.edges.map((edge) => ({
          source: edge.source,
          target: edge.target,
          lineStyle: { width: edge.thickness, ...colored(resolveColor(edge.color, theme.dark)) },
          label: { formatter: () => edge.main },
        })),
      },
    ],
  };
}

function nodeOption(
  node: GraphNode,
  place: { readonly x: number; readonly y: number } | undefined,
  sizePx: number,
  room: number,
  theme: ChartTheme,
) {
  const color = resolveColor(node.color, theme.dark) ?? theme.accent;
  return {
    id: node.id,
    name: node.id,
    ...place,
    symbolSize: sizePx * node.radius,
    itemStyle: { color: theme.raised, borderColor: color, borderWidth: 2.5 },
    label: {
      show: true,
      position: "bottom",
      color: theme.text,
      fontSize: 11,
      lineHeight: 14,
      width: Math.max(60, room),
      overflow: "truncate",
      formatter: () => (node.main === "" ? node.title : `${node.title}\n${node.main}`),
    },
  };
}

/** Places in pixels that fill the room, so that the picture is drawn at its own size. */
function stretched(places: ReadonlyMap<string, Place>, width: number, height: number) {
  const all = [...places.values()];
  const fit = (of: (place: Place) => number, size: number) => {
    const least = Math.min(...all.map(of));
    const span = Math.max(...all.map(of)) - least;
    return (place: Place): number => (span === 0 ? size / 2 : ((of(place) - least) / span) * size);
  };
  const x = fit((place) => place.x, Math.max(1, width));
  const y = fit((place) => place.y, Math.max(1, height));
  return new Map([...places].map(([id, place]) => [id, { x: x(place), y: y(place) }]));
}

function colored(color: string | undefined): { color?: string } {
  return color === undefined ? {} : { color };
}

/** Nodes of the fullest column. */
function widest(places: ReadonlyMap<string, { readonly x: number }>): number {
  const counts = new Map<number, number>();
  for (const { x } of places.values()) counts.set(x, (counts.get(x) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}

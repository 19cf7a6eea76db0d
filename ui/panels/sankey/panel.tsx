import { useCallback, useMemo } from "react";
import { displayOf, displayText } from "../../plot/display.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import { keyStyles } from "../../plot/palette.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { flowsMax, flowsOf, type Flows } from "./flows.ts";
import type { SankeyOptions } from "./options.ts";

/** What flows from where to where. */
export function SankeyPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<SankeyOptions>) {
  const found = useMemo(() => flowsOf(frames, options), [frames, options]);
  const { dark } = useChartTheme();
  const { flows, nodes, field, left, circular } = found;
  const textOf = useMemo(() => {
    const display = field === undefined ? undefined : displayOf(field, { dark, timeZone });
    return (value: number): string =>
      display === undefined ? String(value) : displayText(display(value));
  }, [field, dark, timeZone]);
  if (flows.length === 0) {
    return (
      <Nothing>
        {circular > 0
          ? "All flows go in a circle: such a picture can't show them."
          : "No flow to draw: this picture needs two columns of texts and one of amounts above zero."}
      </Nothing>
    );
  }
  const label = `${title === "" ? "Flows" : title}: ${flows.length} flows between ${nodes.length} nodes`;
  const tip = ({ dataIndex, dataType }: ChartItem): Tip | undefined => {
    if (dataType === "edge") {
      const flow = flows[dataIndex];
      return flow === undefined
        ? undefined
        : {
            head: `${flow.from} → ${flow.to}`,
            rows: [{ name: "amount", value: textOf(flow.value) }],
            links: linksOf(flow.largest.field, flow.largest.row),
          };
    }
    const node = nodes[dataIndex];
    return node === undefined ? undefined : { head: node, rows: nodeRows(found, node, textOf) };
  };
  const notes = [
    ...(left > 0 ? [`the largest ${flowsMax} of ${flowsMax + left} flows`] : []),
    ...(circular > 0 ? [`${circular} in a circle left out`] : []),
  ];
  return (
    <>
      <Chart
        label={label}
        found={found}
        options={options}
        textOf={textOf}
        width={width}
        height={height}
        tip={tip}
      />
      {notes.length > 0 && <p className="panel-corner">{notes.join(", ")}</p>}
      <HiddenTable
        caption={label}
        head={["From", "To", "Amount"]}
        rows={flows.map(({ from, to, value }) => [from, to, textOf(value)])}
      />
    </>
  );
}

function nodeRows({ flows }: Flows, node: string, textOf: (value: number) => string) {
  const sum = (side: "from" | "to"): number =>
    flows.filter((flow) => flow[side] === node).reduce((all, { value }) => all + value, 0);
  return [
    { name: "in", value: sum("to") },
    { name: "out", value: sum("from") },
  ]
    .filter(({ value }) => value > 0)
    .map(({ name, value }) => ({ name, value: textOf(value) }));
}

function Chart({
  label,
  found,
  options,
  textOf,
  width,
  height,
  tip,
}: {
  readonly label: string;
  readonly found: Flows;
  readonly options: SankeyOptions;
  readonly textOf: (value: number) => string;
  readonly width: number;
  readonly height: number;
  readonly tip: (item: ChartItem) => Tip | undefined;
}) {
  const { nodes, flows } = found;
  const option = useCallback(
    (theme: ChartTheme) => {
      const styles = keyStyles(nodes, theme.dark);
      const sources = new Set(flows.map(({ from }) => from));
      const room = Math.min(120, width / 4);
      return {
        series: [
          {
            type: "sankey",
            left: 4,
            top: 6,
            bottom: 6,
            right: room,
            nodeWidth: options.node_width,
            nodeGap: options.node_gap,
            draggable: false,
            emphasis: { focus: "adjacency" },
            lineStyle: { color: "gradient", opacity: theme.dark ? 0.35 : 0.25, curveness: 0.5 },
            data: nodes.map((node, i) => ({
              name: node,
              itemStyle: { color: styles[i]?.color ?? theme.accent, borderWidth: 0 },
              label: {
                color: theme.text,
                fontSize: 11,
                width: sources.has(node) ? room : room - 8,
                overflow: "truncate",
                formatter: () => {
                  const rows = options.show_values ? nodeRows(found, node, textOf) : [];
                  const most = rows.at(-1);
                  return most === undefined ? node : `${node}  ${most.value}`;
                },
              },
            })),
            links: flows.map(({ from, to, value }) => ({ source: from, target: to, value })),
          },
        ],
      };
    },
    [found, nodes, flows, options, textOf, width],
  );
  return <EChart label={label} width={width} height={height} option={option} tip={tip} />;
}

import { useCallback, useMemo, useState } from "react";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { textOn } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { WithLegend } from "../parts/legend.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { partsOf } from "../parts/parts_of.ts";
import type { PieChartOptions } from "./options.ts";
import { slicesOf } from "./slices.ts";

type Slice = {
  readonly key: string;
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly color: string;
  /** None of what is no single value: the smallest ones together. */
  readonly links: () => readonly DataLink[];
};

/** Parts of a whole as a pie or a donut. */
export function PieChartPanel(props: PanelProps<PieChartOptions>) {
  const { title, options, width, height } = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set<string>());
  const { all, negative } = useSlices(props);
  const slices = useMemo(() => all.filter(({ key }) => !hidden.has(key)), [all, hidden]);
  const total = slices.reduce((sum, { value }) => sum + value, 0);
  const percent = (value: number): string => `${((100 * value) / total).toFixed(1)} %`;
  if (all.length === 0) {
    return (
      <Nothing>
        {negative > 0
          ? "All values are below zero: they are no parts of a whole."
          : "No value to divide in this time range."}
      </Nothing>
    );
  }
  const entries = all.map(({ key, name, color, text, value }) => ({
    key,
    name,
    color,
    value: options.legend_values
      .map((figure) => (figure === "value" ? text : hidden.has(key) ? "" : percent(value)))
      .join("  "),
  }));
  const label = `${title === "" ? "Pie" : title}: ${all.length} parts`;
  return (
    <>
      <WithLegend
        entries={entries}
        options={options.legend}
        width={width}
        height={height}
        hidden={hidden}
        onHide={setHidden}
      >
        {(w, h) => (
          <Pie
            label={label}
            slices={slices}
            options={options}
            percent={percent}
            width={w}
            height={h}
          />
        )}
      </WithLegend>
      {negative > 0 && <p className="panel-corner">{negative} below zero left out</p>}
      <HiddenTable
        caption={label}
        head={["Name", "Value", "Share"]}
        rows={slices.map(({ name, text, value }) => [name, text, percent(value)])}
      />
    </>
  );
}

function useSlices({ frames, options, timeZone, linksOf }: PanelProps<PieChartOptions>) {
  const { dark } = useChartTheme();
  return useMemo(() => {
    const parts = partsOf(frames, options.reduce, { dark, timeZone });
    const { shown, others, negative: below } = slicesOf(parts, options.sort);
    const rest: Slice[] = others.count === 0 ? [] : [othersSlice(others.count, others.value)];
    const slices = shown.map((part): Slice => ({
      ...part,
      links: () => linksOf(part.field, part.index),
    }));
    return { all: [...slices, ...rest], negative: below };
  }, [frames, options.reduce, options.sort, dark, timeZone, linksOf]);
}

function othersSlice(count: number, value: number): Slice {
  // A key that no name can have.
  return {
    key: "\u0000others",
    name: `${count} others`,
    value,
    text: "",
    color: "#8794a0",
    links: () => [],
  };
}

function Pie({
  label,
  slices,
  options,
  percent,
  width,
  height,
}: {
  readonly label: string;
  readonly slices: readonly Slice[];
  readonly options: PieChartOptions;
  readonly percent: (value: number) => string;
  readonly width: number;
  readonly height: number;
}) {
  const { shape, labels } = options;
  const size = Math.min(width, height);
  const tip = ({ dataIndex }: ChartItem): Tip | undefined => {
    const slice = slices[dataIndex];
    if (slice === undefined) return undefined;
    const { name, text, value, color, links } = slice;
    return { head: name, rows: [{ color, name: text, value: percent(value) }], links: links() };
  };
  const option = useCallback(
    (theme: ChartTheme) => ({
      series: [
        {
          type: "pie",
          radius: [shape === "donut" ? "58%" : 0, "94%"],
          startAngle: 90,
          itemStyle: { borderColor: theme.page, borderWidth: slices.length > 1 ? 1 : 0 },
          emphasis: { scaleSize: 3 },
          data: slices.map((slice) => ({
            name: slice.key,
            value: slice.value,
            itemStyle: { color: slice.color },
            label: {
              show: labels.length > 0 && size >= 140,
              position: "inside",
              color: textOn(slice.color),
              fontSize: 11,
              lineHeight: 14,
              width: size / 4,
              overflow: "truncate",
              formatter: () =>
                labels
                  .map((figure) =>
                    figure === "name"
                      ? slice.name
                      : figure === "value"
                        ? slice.text
                        : percent(slice.value),
                  )
                  .join("\n"),
            },
            labelLine: { show: false },
          })),
          // Labels that would lie over each other give way.
          labelLayout: { hideOverlap: true },
        },
      ],
    }),
    [slices, shape, labels, size, percent],
  );
  return <EChart label={label} width={width} height={height} option={option} tip={tip} />;
}

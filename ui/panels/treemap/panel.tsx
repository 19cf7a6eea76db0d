import { useCallback, useMemo } from "react";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { textOn } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { areasMax, areasOf, type AreaGroup } from "./areas.ts";
import type { TreemapOptions } from "./options.ts";

/** Values as areas of a rectangle, in groups. */
export function TreemapPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<TreemapOptions>) {
  const { dark } = useChartTheme();
  const { groups, left, none } = useMemo(
    () => areasOf(frames, options, { dark, timeZone }),
    [frames, options, dark, timeZone],
  );
  const areas = groups.flatMap((group) =>
    group.areas.map((area) => ({ ...area, group: group.name })),
  );
  const total = areas.reduce((sum, { value }) => sum + value, 0);
  const tip = ({ name }: ChartItem): Tip | undefined => {
    const area = areas[Number(name)];
    if (area === undefined) return undefined;
    const share = `${((100 * area.value) / total).toFixed(1)} %`;
    const head = area.group === "" ? area.name : `${area.group} / ${area.name}`;
    return {
      head,
      rows: [{ color: area.color, name: area.text, value: share }],
      links: linksOf(area.field, area.index),
    };
  };
  const option = useCallback(
    (theme: ChartTheme) => chartOption(theme, groups, options.show_values),
    [groups, options.show_values],
  );
  if (areas.length === 0) {
    return (
      <Nothing>
        {none > 0
          ? "No value is above zero: there is no area to draw."
          : "No value in this time range."}
      </Nothing>
    );
  }
  const label = `${title === "" ? "Treemap" : title}: ${areas.length} areas`;
  return (
    <>
      <EChart label={label} width={width} height={height} option={option} tip={tip} />
      {left > 0 && (
        <p className="panel-corner">
          the largest {areasMax} of {areasMax + left}
        </p>
      )}
      <HiddenTable
        caption={label}
        head={["Group", "Name", "Value"]}
        rows={areas.map(({ group, name, text }) => [group, name, text])}
      />
    </>
  );
}

function chartOption(theme: ChartTheme, groups: readonly AreaGroup[], showValues: boolean) {
  let next = 0;
  const leaves = groups.map(({ name, areas }) => ({
    // No name that a leaf can have.
    name: `group ${name}`,
    upperLabel: { formatter: () => name },
    children: areas.map((area) => ({
      name: String(next++),
      value: area.value,
      itemStyle: { color: area.color },
      label: {
        color: textOn(area.color),
        formatter: () => (showValues ? `${area.name}\n${area.text}` : area.name),
      },
    })),
  }));
  const hasGroups = leaves.length > 1 || groups[0]?.name !== "";
  return { series: [series(theme, hasGroups ? leaves : (leaves[0]?.children ?? []), hasGroups)] };
}

function series(theme: ChartTheme, data: readonly object[], hasGroups: boolean) {
  return {
    type: "treemap",
    left: 0,
    top: 0,
    right: 0,
    bottom: 0,
    roam: false,
    nodeClick: false,
    breadcrumb: { show: false },
    label: { fontSize: 11, lineHeight: 15, overflow: "truncate", padding: 2 },
    upperLabel: {
      show: hasGroups,
      height: 18,
      color: theme.textQuiet,
      fontSize: 11,
      overflow: "truncate",
    },
    itemStyle: { borderColor: theme.page, borderWidth: 0, gapWidth: 1 },
    levels: [
      { itemStyle: { gapWidth: hasGroups ? 3 : 1, borderColor: theme.page } },
      { itemStyle: { gapWidth: 1, borderColor: theme.page, borderWidth: 0 } },
    ],
    data,
  };
}

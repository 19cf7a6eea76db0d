import {
  BarChart,
  CandlestickChart,
  EffectScatterChart,
  GraphChart,
  LineChart,
  MapChart,
  PieChart,
  SankeyChart,
  ScatterChart,
  TreemapChart,
} from "echarts/charts";
import {
  AriaComponent,
  GeoComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { init, use, type ECharts, type EChartsCoreOption } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useMedia } from "../state/media.ts";
import { tipRowsMax, type Tip } from "./tip.ts";
import { TipBox } from "./tip_box.tsx";
import { useChartTheme, type ChartTheme } from "./chart_theme.ts";

use([
  AriaComponent,
  BarChart,
  CandlestickChart,
  CanvasRenderer,
  EffectScatterChart,
  GeoComponent,
  GraphChart,
  GridComponent,
  LabelLayout,
  LineChart,
  MapChart,
  MarkLineComponent,
  PieChart,
  SankeyChart,
  ScatterChart,
  TooltipComponent,
  TreemapChart,
  VisualMapContinuousComponent,
]);

/** What was pointed at or clicked. */
export type ChartItem = {
  readonly seriesIndex: number;
  readonly dataIndex: number;
  /** "node" or "edge" in pictures that have both. */
  readonly dataType: string;
  readonly name: string;
};

type Props = {
  /** What it shows, read out in place of the picture. */
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Everything but colours, fonts and the tooltip's manner, which are the theme's. */
  readonly option: (theme: ChartTheme) => EChartsCoreOption;
  /** Rows of the tooltip, set as text. None for no tooltip. Where it leads somewhere, a click keeps it shown. */
  readonly tip?: (item: ChartItem) => Tip | undefined;
  readonly onPick?: ((item: ChartItem) => void) | undefined;
  /** Told when what is drawn has its place, to lay something over it. */
  readonly onLayout?: ((chart: ECharts) => void) | undefined;
};

/**
 * One picture of ECharts in the interface's theme. Only what is registered above is loaded, and all of it only with the first
 * panel that needs it. Draws on a canvas, says nothing as markup, and is gone with its element.
 */
export function EChart({ label, width, height, option, tip, onPick, onLayout }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  const theme = useChartTheme();
  const still = useMedia("(prefers-reduced-motion: reduce)");
  const latest = useRef({ tip, onPick });
  latest.current = { tip, onPick };
  const [pinned, setPinned] = useState<{ tip: Tip; x: number; y: number }>();
  const close = useCallback(() => setPinned(undefined), []);

  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const made = init(host.current, null, { renderer: "canvas" });
    made.on("click", (event) => {
      latest.current.onPick?.(itemOf(event));
      const said = latest.current.tip?.(itemOf(event));
      const box = host.current?.getBoundingClientRect();
      if (box === undefined || said?.links === undefined || said.links.length === 0) return;
      const { offsetX = 0, offsetY = 0 } = event.event ?? {};
      made.dispatchAction({ type: "hideTip" });
      setPinned({ tip: said, x: box.left + offsetX, y: box.top + offsetY });
    });
    chart.current = made;
    return () => {
      made.dispose();
      chart.current = null;
    };
  }, []);
  useLayoutEffect(() => {
    chart.current?.resize({ width, height });
  }, [width, height]);
  useEffect(() => {
    chart.current?.setOption(
      {
        ...themed(theme, label),
        animation: !still,
        animationDuration: 200,
        animationDurationUpdate: 200,
        ...option(theme),
        tooltip: {
          show: latest.current.tip !== undefined,
          trigger: "item",
          confine: false,
          appendTo: "body",
          className: "tooltip floating",
          // The sheet decides how it looks; without these ECharts would.
          backgroundColor: "transparent",
          borderWidth: 0,
          padding: 0,
          transitionDuration: 0,
          formatter: (event: unknown) => tipElement(latest.current.tip?.(itemOf(event))),
        },
      },
      { notMerge: true },
    );
  }, [option, theme, still, label]);
  useEffect(() => {
    if (chart.current !== null) onLayout?.(chart.current);
  }, [onLayout, option, theme, still, label, width, height]);
  return (
    <>
      <div ref={host} className="echart" role="img" aria-label={label} style={{ width, height }} />
      {pinned !== undefined && (
        <TipBox tip={pinned.tip} x={pinned.x} y={pinned.y} onClose={close} />
      )}
    </>
  );
}

function themed(theme: ChartTheme, label: string): EChartsCoreOption {
  return {
    textStyle: { color: theme.text, fontFamily: theme.sans, fontSize: 12 },
    backgroundColor: "transparent",
    aria: { enabled: true, label: { enabled: true, description: label } },
  };
}

function itemOf(event: unknown): ChartItem {
  const of = (name: string): unknown =>
    typeof event === "object" && event !== null ? Reflect.get(event, name) : undefined;
  const word = (name: string): string => {
    const value = of(name);
    return typeof value === "string" ? value : "";
  };
  return {
    seriesIndex: Number(of("seriesIndex") ?? -1),
    dataIndex: Number(of("dataIndex") ?? -1),
    dataType: word("dataType"),
    name: word("name"),
  };
}

/** An element and not a text: names are set as text, and markup in them stays what it is. */
function tipElement(tip: Tip | undefined): HTMLElement | string {
  if (tip === undefined) return "";
  const box = document.createElement("div");
  box.append(element("div", "tooltip-time", tip.head));
  for (const { color, name, value } of tip.rows.slice(0, tipRowsMax)) {
    const row = element("div", "tooltip-row", "");
    if (color !== undefined) {
      const swatch = element("span", "swatch", "");
      swatch.style.background = color;
      row.append(swatch);
    }
    row.append(element("span", "tooltip-name", name), element("span", "tooltip-value", value));
    box.append(row);
  }
  if (tip.rows.length > tipRowsMax) {
    box.append(element("div", "tooltip-more", `and ${tip.rows.length - tipRowsMax} more`));
  }
  return box;
}

function element(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

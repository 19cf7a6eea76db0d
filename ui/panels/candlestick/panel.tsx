import { useCallback, useMemo } from "react";
import { displayOf, displayText } from "../../plot/display.ts";
import type { Field } from "../../frames/frame.ts";
import type { ChartTheme } from "../../plot/chart_theme.ts";
import { resolveColor, withAlpha } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import { useEchartPlane } from "../../plot/echart_plane.ts";
import { TimePicture } from "../../plot/time_picture.tsx";
import { columnNear } from "../../plot/time_plane.ts";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { axisMoment, momentAt } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import { candlesMax, candlesOf, type Candle, type Candles } from "./candles.ts";
import type { CandlestickOptions } from "./options.ts";

/** Open, high, low and close over time, with the volume below. */
export function CandlestickPanel(props: PanelProps<CandlestickOptions>) {
  const { title, options, frames, timeZone } = props;
  const found = useMemo(() => candlesOf(frames, options), [frames, options]);
  const { candles, price, volume, left, missing } = found;
  const priceText = useMemo(() => textsOf(price, timeZone), [price, timeZone]);
  const volumeText = useMemo(() => textsOf(volume, timeZone), [volume, timeZone]);
  if (missing.length > 0 && frames.length > 0) {
    return (
      <Nothing>
        No column is called {missing.join(", ")}. Name the columns in the panel's options.
      </Nothing>
    );
  }
  if (candles.length === 0) return <Nothing>No prices in this time range.</Nothing>;
  const label = `${title === "" ? "Candlestick" : title}: ${candles.length} candles`;
  return (
    <>
      <Chart {...props} label={label} found={found} priceText={priceText} volumeText={volumeText} />
      {left > 0 && (
        <p className="panel-corner">
          the newest {candlesMax} of {candlesMax + left}
        </p>
      )}
      <HiddenTable
        caption={label}
        head={["Time", "Open", "High", "Low", "Close"]}
        rows={candles.map(({ timeMs, open, high, low, close }) => [
          momentAt(timeMs, timeZone),
          ...[open, high, low, close].map(priceText),
        ])}
      />
    </>
  );
}

function textsOf(field: Field | undefined, timeZone: string): (value: number) => string {
  if (field === undefined) return String;
  const display = displayOf(field, { dark: false, timeZone });
  return (value) => displayText(display(value));
}

type ChartProps = PanelProps<CandlestickOptions> & {
  readonly label: string;
  readonly found: Candles;
  readonly priceText: (value: number) => string;
  readonly volumeText: (value: number) => string;
};

function Chart(props: ChartProps) {
  const { label, found, options, timeZone, width, height, priceText, volumeText, linksOf } = props;
  const { candles, price } = found;
  const hasVolume =
    candles.some(({ volume }) => !Number.isNaN(volume)) && options.show !== "candles";
  const hasPrices = options.show !== "volume" || !hasVolume;
  const timesMs = useMemo(() => candles.map(({ timeMs }) => timeMs), [candles]);
  const [plane, onLayout] = useEchartPlane(timesMs);
  const option = useCallback(
    (theme: ChartTheme) =>
      chartOption(theme, { candles, price, options, hasPrices, hasVolume, timeZone, priceText }),
    [candles, price, options, hasPrices, hasVolume, timeZone, priceText],
  );
  const tipOf = (candle: Candle | undefined): Tip | undefined => {
    if (candle === undefined) return undefined;
    const rows = (["open", "high", "low", "close"] as const).map((name) => ({
      name,
      value: priceText(candle[name]),
    }));
    const amount = Number.isNaN(candle.volume)
      ? []
      : [{ name: "volume", value: volumeText(candle.volume) }];
    return { head: momentAt(candle.timeMs, timeZone), rows: [...rows, ...amount] };
  };
  const tip = ({ dataIndex }: ChartItem): Tip | undefined => {
    const candle = candles[dataIndex];
    const said = tipOf(candle);
    if (candle === undefined || said === undefined || price === undefined) return said;
    return { ...said, links: linksOf(price, candle.row) };
  };
  return (
    <TimePicture
      {...props}
      plane={plane}
      tipAt={(ms) => tipOf(candles[columnNear(timesMs, ms) ?? -1])}
    >
      <EChart {...{ label, width, height, option, tip, onLayout }} />
    </TimePicture>
  );
}

type Drawn = Pick<Candles, "candles" | "price"> & {
  readonly options: CandlestickOptions;
  readonly hasPrices: boolean;
  readonly hasVolume: boolean;
  readonly timeZone: string;
  readonly priceText: (value: number) => string;
};

function chartOption(theme: ChartTheme, drawn: Drawn) {
  const { candles, price, options, hasPrices, hasVolume, timeZone, priceText } = drawn;
  const up = resolveColor(options.up, theme.dark) ?? theme.good;
  const down = resolveColor(options.down, theme.dark) ?? theme.bad;
  const colors = candles.map(({ isUp }) => (isUp ? up : down));
  const ends = [candles[0], candles.at(-1)];
  const spanMs = Math.max(600_000, (ends[1]?.timeMs ?? 0) - (ends[0]?.timeMs ?? 0));
  const names = candles.map(({ timeMs }) => axisMoment(timeMs, spanMs, timeZone));
  const left = 8 + Math.max(...ends.map((each) => priceText(each?.high ?? 0).length)) * 7;
  const grids = [];
  if (hasPrices) grids.push({ left, right: 12, top: 8, bottom: hasVolume ? "32%" : 24 });
  if (hasVolume) grids.push({ left, right: 12, top: hasPrices ? "74%" : 8, bottom: 24 });
  const last = grids.length - 1;
  const prices = {
    type: "candlestick",
    data: candles.map(({ open, close, low, high }, i) => ({
      value: [open, close, low, high],
      itemStyle: filled(colors[i] ?? up, options.style === "bars"),
    })),
  };
  const volumes = {
    type: "bar",
    xAxisIndex: last,
    yAxisIndex: last,
    data: candles.map(({ volume }, i) => ({
      value: Number.isNaN(volume) ? "-" : volume,
      itemStyle: { color: withAlpha(colors[i] ?? up, 0.5) },
    })),
  };
  return {
    grid: grids,
    xAxis: grids.map((_, i) => nameAxis(theme, names, i, i === last)),
    yAxis: grids.map((_, i) =>
      hasPrices && i === 0
        ? valueAxis(theme, i, price, priceText)
        : valueAxis(theme, i, undefined, undefined),
    ),
    series: [...(hasPrices ? [prices] : []), ...(hasVolume ? [volumes] : [])],
  };
}

function filled(color: string, isHollow: boolean) {
  const fill = isHollow ? "transparent" : color;
  return { color: fill, color0: fill, borderColor: color, borderColor0: color };
}

function nameAxis(theme: ChartTheme, names: readonly string[], gridIndex: number, isLast: boolean) {
  return {
    type: "category",
    gridIndex,
    data: names,
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { show: false },
    axisLabel: { show: isLast, color: theme.textQuiet, fontSize: 11, hideOverlap: true },
  };
}

function valueAxis(
  theme: ChartTheme,
  gridIndex: number,
  price: Field | undefined,
  text: ((value: number) => string) | undefined,
) {
  return {
    type: "value",
    gridIndex,
    scale: price !== undefined,
    splitNumber: text === undefined ? 1 : 4,
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: {
      show: text !== undefined,
      color: theme.textQuiet,
      fontSize: 11,
      ...(text === undefined ? {} : { formatter: text }),
    },
  };
}

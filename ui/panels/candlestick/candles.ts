import type { Field, Frame } from "../../frames/frame.ts";
import { fieldCalled, fieldNamed, numberAt, timeOf } from "../parts/fields.ts";
import type { CandlestickOptions } from "./options.ts";

/** Candles of one picture: more are thinner than a pixel. The newest are kept. */
export const candlesMax = 2_000;

export type Candle = {
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly isUp: boolean;
  /** In the frame of the closing prices. */
  readonly row: number;
};

export type Candles = {
  readonly candles: readonly Candle[];
  /** The column whose unit the prices have. */
  readonly price: Field | undefined;
  readonly volume: Field | undefined;
  readonly left: number;
  /** Columns that were neither named nor found. */
  readonly missing: readonly string[];
};

const names = ["open", "high", "low", "close"] as const;

/** Prices by columns that the options name, or that are called open, high, low and close; joined over frames by their time. */
export function candlesOf(frames: readonly Frame[], options: CandlestickOptions): Candles {
  const columns = {
    open: undefined,
    high: undefined,
    low: undefined,
    close: undefined,
    volume: undefined,
  };
  const found: Record<keyof typeof columns, { frame: Frame; field: Field } | undefined> = columns;
  for (const name of [...names, "volume"] as const) {
    for (const frame of frames) {
      const field =
        options[name] === "" ? fieldCalled(frame, [name]) : fieldNamed(frame, options[name]);
      if (field !== undefined) found[name] ??= { frame, field };
    }
  }
  const missing = names.filter((name) => found[name] === undefined);
  const price = found.close?.field;
  const volume = found.volume?.field;
  if (missing.length > 0) return { candles: [], price, volume, left: 0, missing };
  const rows = new Map<number, Record<string, number>>();
  for (const [name, at] of Object.entries(found)) {
    const time = at === undefined ? undefined : timeOf(at.frame);
    if (at === undefined || time === undefined) continue;
    for (let i = 0; i < at.frame.length; i++) {
      const timeMs = numberAt(time, i);
      const row = rows.get(timeMs) ?? {};
      row[name] = numberAt(at.field, i);
      if (name === "close") row["at"] = i;
      rows.set(timeMs, row);
    }
  }
  const all = [...rows].toSorted(([a], [b]) => a - b);
  let before = Number.NaN;
  const candles: Candle[] = [];
  for (const [timeMs, row] of all) {
    const { open = NaN, high = NaN, low = NaN, close = NaN, volume: amount = NaN, at = 0 } = row;
    if ([open, high, low, close].some(Number.isNaN)) continue;
    const isUp =
      options.color_by === "close_close" && !Number.isNaN(before) ? close >= before : close >= open;
    candles.push({ timeMs, open, high, low, close, volume: amount, isUp, row: at });
    before = close;
  }
  const left = Math.max(0, candles.length - candlesMax);
  return { candles: candles.slice(left), price, volume, left, missing };
}

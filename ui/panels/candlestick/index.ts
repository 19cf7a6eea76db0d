import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, timeField, wave } from "../parts/sample_frames.ts";
import { candlestickFromGrafana } from "./from_grafana.ts";
import { CandlestickFieldOptions, CandlestickOptions } from "./options.ts";

export const candlestick: PanelKind = {
  kind: "candlestick",
  name: "Candlestick",
  description: "Open, high, low and close over time, with the volume.",
  grafanaTypes: ["candlestick"],
  asks: true,
  options: CandlestickOptions,
  fieldOptions: CandlestickFieldOptions,
  fromGrafana: candlestickFromGrafana,
  sample: () => {
    const close = wave(60, 2, 100, 12);
    const open = close.map((_, i) => close[i - 1] ?? 100);
    const edge = (sign: number) =>
      close.map((value, i) => {
        const body = sign > 0 ? Math.max(value, open[i] ?? 0) : Math.min(value, open[i] ?? 0);
        return body + sign * (1 + (i % 4));
      });
    return [
      frameOf("", [
        timeField(),
        numbers("open", open, { unit: "currencyUSD" }),
        numbers("high", edge(1), { unit: "currencyUSD" }),
        numbers("low", edge(-1), { unit: "currencyUSD" }),
        numbers("close", close, { unit: "currencyUSD" }),
        numbers("volume", wave(60, 5, 900, 600)),
      ]),
    ];
  },
  load: async () => (await import("./panel.tsx")).CandlestickPanel,
};

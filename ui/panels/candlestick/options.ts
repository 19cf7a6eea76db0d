import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption } from "../parts/legend_options.ts";

const column = (title: string) =>
  z
    .string()
    .max(500)
    .default("")
    .meta({ title, group: "Columns", editor: "field_name" } satisfies OptionMeta);
const color = (title: string, name: string) =>
  z
    .string()
    .max(64)
    .default(name)
    .meta({ title, group: "Colours", editor: "color" } satisfies OptionMeta);

export const CandlestickOptions = z.strictObject({
  show: z
    .enum(["both", "candles", "volume"])
    .default("both")
    .meta({
      title: "Draw",
      names: { both: "Prices and volume", candles: "Prices", volume: "Volume" },
    } satisfies OptionMeta),
  style: z
    .enum(["candles", "bars"])
    .default("candles")
    .meta({
      title: "As",
      names: { candles: "Candles", bars: "Hollow candles" },
    } satisfies OptionMeta),
  color_by: z
    .enum(["open_close", "close_close"])
    .default("open_close")
    .meta({
      title: "Up or down",
      names: { open_close: "Against its own open", close_close: "Against the close before" },
    } satisfies OptionMeta),
  up: color("Up", "green"),
  down: color("Down", "red"),
  open: column("Open"),
  high: column("High"),
  low: column("Low"),
  close: column("Close"),
  volume: column("Volume"),
});
export type CandlestickOptions = z.output<typeof CandlestickOptions>;

export const CandlestickFieldOptions = z.strictObject({ hide: hideOption });

import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import type { ImportNote } from "../panel_kind.ts";
import type { GrafanaReader } from "./grafana_reader.ts";

/** How columns become the values that a picture of parts shows. */
export const ReduceOptions = z
  .strictObject({
    each_row: z
      .boolean()
      .default(false)
      .meta({
        title: "A value for each row",
        description: "Instead of one for each column.",
      } satisfies OptionMeta),
    reducer: z
      .string()
      .max(64)
      .default("lastNotNull")
      .meta({
        title: "Value of a column",
        editor: "reducers",
        when: { option: "each_row", is: [false] },
      } satisfies OptionMeta),
    field: z
      .string()
      .max(500)
      .default("")
      .meta({
        title: "Column",
        description: "Empty for every column of numbers.",
        editor: "field_name",
      } satisfies OptionMeta),
  })
  .prefault({})
  .meta({ title: "Values", group: "Values" } satisfies OptionMeta);
export type ReduceOptions = z.output<typeof ReduceOptions>;

/** Grafana's reduceOptions. */
export function reduceFromGrafana(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const calcs = from.texts("options.reduceOptions.calcs") ?? [];
  const fields = from.text("options.reduceOptions.fields") ?? "";
  const isAll = fields === "" || fields === "/.*/" || !/[\\^$*+?.()|[\]{}]/.test(fields);
  from.drop({ "options.reduceOptions.limit": [25] }, "is not kept: all values are shown");
  if (calcs.length > 1)
    note("options.reduceOptions.calcs", `of ${calcs.join(", ")} the first is shown`);
  const isName = isAll || /^\/\^(?:[\w\s#%:-]|\\.)*\$\/$/.test(fields);
  if (!isName || fields === "/.*/")
    note("options.reduceOptions.fields", `${fields.slice(0, 80)} becomes every column of numbers`);
  return {
    each_row: from.flag("options.reduceOptions.values") ?? false,
    ...(calcs[0] === undefined ? {} : { reducer: calcs[0] }),
    // Grafana writes one column's name as /^name$/.
    field: isAll
      ? fields === "/.*/"
        ? ""
        : fields
      : !isName
        ? ""
        : (/^\/\^(.*)\$\/$/.exec(fields)?.[1] ?? "").replace(/\\(.)/g, "$1"),
  };
}

/** Figures as panels before Grafana 7 called them. */
export const oldReducers: Readonly<Record<string, string>> = {
  current: "lastNotNull",
  avg: "mean",
  total: "sum",
  min: "min",
  max: "max",
  first: "firstNotNull",
  delta: "delta",
  diff: "diff",
  range: "range",
};

import { type SampleSink, familiesByKey, gauge } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf } from "../connections/sql_connection.ts";

// The one that is left out holds no number on Azure, although it says so.
export const settingsSql = `SELECT name, setting, coalesce(unit, '') AS unit, vartype FROM pg_settings
  WHERE vartype IN ('bool', 'integer', 'real') AND name <> 'sync_commit_cancel_wait'`;

const familyOf = familiesByKey((name) => gauge(`pg_settings_${name}`, "A setting of the server."));

/** Seconds and bytes of a unit; what pg_settings has in blocks is "8kB". */
const scales: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  ms: ["seconds", 1 / 1_000],
  s: ["seconds", 1],
  min: ["seconds", 60],
  h: ["seconds", 3_600],
  d: ["seconds", 86_400],
  B: ["bytes", 1],
  kB: ["bytes", 2 ** 10],
  MB: ["bytes", 2 ** 20],
  GB: ["bytes", 2 ** 30],
  TB: ["bytes", 2 ** 40],
};

/** pg_settings_NAME, or pg_settings_NAME_seconds and _bytes where the setting has a unit; -1 stays what it is. */
export function addSettings(sink: SampleSink, rows: readonly SqlRow[]): void {
  for (const row of rows) {
    const name = labelOf(row.name).replaceAll(/[^a-zA-Z0-9_]/g, "_");
    const text = labelOf(row.setting);
    if (row.vartype === "bool") {
      sink.add(familyOf(name), text === "on" ? 1 : 0);
      continue;
    }
    const value = Number(text);
    const [, count = "", word = ""] = /^(\d*)(\D*)$/.exec(labelOf(row.unit)) ?? [];
    if (text === "" || Number.isNaN(value)) continue;
    if (word === "") {
      sink.add(familyOf(name), value);
      continue;
    }
    const scale = scales[word];
    if (scale === undefined) continue;
    const [unit, factor] = scale;
    const blocks = count === "" ? 1 : Number(count);
    sink.add(familyOf(`${name}_${unit}`), value === -1 ? -1 : value * blocks * factor);
  }
}

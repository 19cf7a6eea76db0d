import type { Collector } from "../../collector.ts";
import { familiesByKey, gauge } from "../../../../samples/family.ts";
import { readText, wordsOfLine } from "../../text_file.ts";

const kibibyte = 1_024;

export const meminfo: Collector = {
  name: "meminfo",
  create({ proc }) {
    const familyOf = familiesByKey((field) =>
      gauge(`node_memory_${field}`, `Field ${field} of /proc/meminfo.`),
    );
    return (sink) => {
      for (const { field, value } of parseMeminfo(readText(`${proc}/meminfo`))) {
        sink.add(familyOf(field), value);
      }
    };
  },
};

/** "Active(anon):  12 kB" as Active_anon_bytes and 12,288; a line without a unit is a count and keeps its name. */
export function parseMeminfo(text: string): { field: string; value: number }[] {
  const fields: { field: string; value: number }[] = [];
  for (const line of text.split("\n")) {
    const [key = "", count = "", unit] = wordsOfLine(line);
    if (!key.endsWith(":") || count === "") continue;
    const name = key.slice(0, -1).replace(/\((.*)\)/, "_$1");
    if (unit === "kB") fields.push({ field: `${name}_bytes`, value: Number(count) * kibibyte });
    else fields.push({ field: name, value: Number(count) });
  }
  return fields;
}

import type { Collector } from "../../collector.ts";
import { familiesByKey, untyped } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import { readText } from "../../text_file.ts";

export const vmstat: Collector = {
  name: "vmstat",
  create({ proc }, { vmstatFields }) {
    const wanted = rememberedTest(vmstatFields);
    const familyOf = familiesByKey((field) =>
      untyped(`node_vmstat_${field}`, `Field ${field} of /proc/vmstat.`),
    );
    return (sink) => {
      for (const { key, value } of parseKeyValueLines(readText(`${proc}/vmstat`), wanted)) {
        sink.add(familyOf(key), value);
      }
    };
  },
};

/** Lines "pgfault 12" whose first word is wanted. */
export function parseKeyValueLines(
  text: string,
  wanted: (key: string) => boolean,
): { key: string; value: number }[] {
  const found: { key: string; value: number }[] = [];
  for (const line of text.split("\n")) {
    const keyEnd = line.indexOf(" ");
    if (keyEnd === -1) continue;
    const key = line.slice(0, keyEnd);
    if (wanted(key)) found.push({ key, value: Number(line.slice(keyEnd + 1)) });
  }
  return found;
}

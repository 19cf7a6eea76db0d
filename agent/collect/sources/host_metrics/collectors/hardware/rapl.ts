import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { counter, familiesByKey } from "../../../../samples/family.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

export const rapl: Collector = {
  name: "rapl",
  create({ sys }) {
    const base = `${sys}/class/powercap`;
    const familyOf = familiesByKey((zone) =>
      counter(`node_rapl_${zone}_joules_total`, `Energy used by ${zone}.`, ["index", "path"]),
    );
    return (sink) => {
      const names = listNames(base);
      if (names === undefined) throw new NoDataError("power capping");
      for (const name of names) {
        const label = readAttribute(`${base}/${name}/name`);
        const microJoules = readNumber(`${base}/${name}/energy_uj`);
        // The counter is readable by root only on most hosts.
        if (label === undefined || microJoules === undefined) continue;
        const { zone, index } = parseZoneName(label);
        sink.add(familyOf(zone), microJoules / 1e6, index, `${base}/${name}`);
      }
    };
  },
};

/** "package-1" as zone "package" and index "1"; a name without a number has index "0". */
export function parseZoneName(label: string): { zone: string; index: string } {
  const numbered = /^(.*)-(\d+)$/.exec(label);
  const zone = (numbered?.[1] ?? label).replace(/[^A-Za-z0-9_]/g, "_");
  return { zone, index: numbered?.[2] ?? "0" };
}

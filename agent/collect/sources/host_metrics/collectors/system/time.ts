import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute } from "../../text_file.ts";

const now = gauge("node_time_seconds", "The host's clock, in Unix time.");
const zoneOffset = gauge("node_time_zone_offset_seconds", "Seconds by which local time is ahead.", [
  "time_zone",
]);
const sources = ["device", "clocksource"] as const;
const available = gauge(
  "node_time_clocksource_available_info",
  "1 for each clock source on offer.",
  sources,
);
const current = gauge(
  "node_time_clocksource_current_info",
  "1 for the clock source in use.",
  sources,
);
const devicePrefix = "clocksource";

export const time: Collector = {
  name: "time",
  create({ sys }) {
    const base = `${sys}/devices/system/clocksource`;
    const nameOf = zoneNames();
    return (sink) => {
      const date = new Date();
      sink.add(now, date.getTime() / 1_000);
      const ahead = -date.getTimezoneOffset() * 60;
      sink.add(zoneOffset, ahead, nameOf(ahead, date));
      for (const name of listNames(base) ?? []) {
        if (!name.startsWith(devicePrefix)) continue;
        const device = name.slice(devicePrefix.length);
        const offered = readAttribute(`${base}/${name}/available_clocksource`) ?? "";
        for (const one of offered.split(/\s+/)) {
          if (one !== "") sink.add(available, 1, device, one);
        }
        const used = readAttribute(`${base}/${name}/current_clocksource`);
        if (used !== undefined) sink.add(current, 1, device, used);
      }
    };
  },
};

/** Names of the local zone, "UTC" or "CET", by its offset: to make one is slow, and it changes twice a year. */
function zoneNames(): (offsetSeconds: number, date: Date) => string {
  const known = new Map<number, string>();
  return (offsetSeconds, date) => {
    const found = known.get(offsetSeconds);
    if (found !== undefined) return found;
    // British English has the most abbreviations; a zone without one is named by its offset.
    const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(date);
    const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    known.set(offsetSeconds, name);
    return name;
  };
}

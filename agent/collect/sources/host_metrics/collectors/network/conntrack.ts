import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readNumber, readTextIfReadable, wordsOfLine } from "../../text_file.ts";

const entries = gauge("node_nf_conntrack_entries", "Connections being tracked.");
const limit = gauge("node_nf_conntrack_entries_limit", "Connections that can be tracked.");
const statistics = new Map([
  ["found", gauge("node_nf_conntrack_stat_found", "Entries that a lookup found.")],
  ["invalid", gauge("node_nf_conntrack_stat_invalid", "Packets that could not be tracked.")],
  ["ignore", gauge("node_nf_conntrack_stat_ignore", "Packets already part of a connection.")],
  ["insert", gauge("node_nf_conntrack_stat_insert", "Entries inserted.")],
  [
    "insert_failed",
    gauge("node_nf_conntrack_stat_insert_failed", "Entries that could not be inserted."),
  ],
  ["drop", gauge("node_nf_conntrack_stat_drop", "Packets dropped because tracking failed.")],
  [
    "early_drop",
    gauge("node_nf_conntrack_stat_early_drop", "Entries removed to make room for new ones."),
  ],
  [
    "search_restart",
    gauge("node_nf_conntrack_stat_search_restart", "Lookups begun again after a table resize."),
  ],
]);

export const conntrack: Collector = {
  name: "conntrack",
  create({ proc }) {
    const base = `${proc}/sys/net/netfilter`;
    return (sink) => {
      const count = readNumber(`${base}/nf_conntrack_count`);
      const countMax = readNumber(`${base}/nf_conntrack_max`);
      if (count === undefined || countMax === undefined) throw new NoDataError("nf_conntrack");
      sink.add(entries, count);
      sink.add(limit, countMax);
      const text = readTextIfReadable(`${proc}/net/stat/nf_conntrack`);
      if (text === undefined) return;
      for (const [field, sum] of sumConntrackStatistics(text)) {
        const family = statistics.get(field);
        if (family !== undefined) sink.add(family, sum);
      }
    };
  },
};

/** Sums over the CPUs of /proc/net/stat/nf_conntrack: a heading, then one line of hexadecimal numbers a CPU. */
export function sumConntrackStatistics(text: string): Map<string, number> {
  const [heading = "", ...lines] = text.split("\n");
  const names = wordsOfLine(heading);
  const sums = new Map<string, number>();
  for (const line of lines) {
    if (line === "") continue;
    const counts = wordsOfLine(line);
    names.forEach((name, i) => {
      sums.set(name, (sums.get(name) ?? 0) + Number.parseInt(counts[i] ?? "0", 16));
    });
  }
  return sums;
}

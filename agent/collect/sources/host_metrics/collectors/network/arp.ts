import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readText, wordsOfLine } from "../../text_file.ts";

const entries = gauge("node_arp_entries", "Neighbours in the ARP table.", ["device"]);
const deviceColumn = 5;

export const arp: Collector = {
  name: "arp",
  create({ proc }) {
    return (sink) => {
      for (const [device, count] of countArpEntries(readText(`${proc}/net/arp`))) {
        sink.add(entries, count, device);
      }
    };
  },
};

/** Entries by device of /proc/net/arp, whose first line is a heading. */
export function countArpEntries(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split("\n").slice(1)) {
    const device = wordsOfLine(line)[deviceColumn];
    if (device !== undefined) counts.set(device, (counts.get(device) ?? 0) + 1);
  }
  return counts;
}

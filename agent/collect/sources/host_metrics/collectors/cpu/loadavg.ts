import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readText } from "../../text_file.ts";

const families = [
  gauge("node_load1", "Load average over 1 minute."),
  gauge("node_load5", "Load average over 5 minutes."),
  gauge("node_load15", "Load average over 15 minutes."),
];

export const loadavg: Collector = {
  name: "loadavg",
  create({ proc }) {
    return (sink) => {
      const averages = parseLoadAverage(readText(`${proc}/loadavg`));
      families.forEach((family, i) => sink.add(family, averages[i] ?? Number.NaN));
    };
  },
};

/** "0.52 0.58 0.59 1/467 12345": the averages over 1, 5 and 15 minutes come first. */
export function parseLoadAverage(text: string): number[] {
  return text.split(" ").slice(0, 3).map(Number);
}

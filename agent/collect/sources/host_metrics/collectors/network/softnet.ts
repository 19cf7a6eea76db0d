import type { Collector } from "../../collector.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import { readText, wordsOfLine } from "../../text_file.ts";

/** Columns of /proc/net/softnet_stat by their place; older kernels have fewer. */
const columns = [
  [0, counter("node_softnet_processed_total", "Packets processed.", ["cpu"])],
  [1, counter("node_softnet_dropped_total", "Packets dropped, the backlog being full.", ["cpu"])],
  [
    2,
    counter("node_softnet_times_squeezed_total", "Rounds ended with packets still waiting.", [
      "cpu",
    ]),
  ],
  [
    8,
    counter("node_softnet_cpu_collision_total", "Collisions while taking a device's lock.", [
      "cpu",
    ]),
  ],
  [9, counter("node_softnet_received_rps_total", "Wake-ups by another CPU.", ["cpu"])],
  [10, counter("node_softnet_flow_limit_count_total", "Hits of the flow limit.", ["cpu"])],
  [11, gauge("node_softnet_backlog_len", "Packets in the backlog.", ["cpu"])],
] as const;
const cpuColumn = 12;

export const softnet: Collector = {
  name: "softnet",
  create({ proc }) {
    return (sink) => {
      for (const { cpu, counts } of parseSoftnet(readText(`${proc}/net/softnet_stat`))) {
        for (const [place, family] of columns) {
          const count = counts[place];
          if (count !== undefined) sink.add(family, count, cpu);
        }
      }
    };
  },
};

/** One line of hexadecimal numbers a CPU; the line's number stands for the CPU where the kernel does not name it. */
export function parseSoftnet(text: string): { cpu: string; counts: number[] }[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, number) => {
      const counts = wordsOfLine(line).map((word) => Number.parseInt(word, 16));
      return { cpu: String(counts[cpuColumn] ?? number), counts };
    });
}

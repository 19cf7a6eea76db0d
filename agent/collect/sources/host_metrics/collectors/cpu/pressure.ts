import type { Collector } from "../../collector.ts";
import type { Family } from "../../../../samples/family.ts";
import { NoDataError } from "../../collector.ts";
import { counter } from "../../../../samples/family.ts";
import { readTextIfReadable } from "../../text_file.ts";

/** The kernel's pressure stall files; `full` of the CPU means nothing for a whole host, and IRQ has nothing else. */
const stalls: readonly (readonly [file: string, line: "some" | "full", family: Family])[] = [
  [
    "cpu",
    "some",
    counter("node_pressure_cpu_waiting_seconds_total", "Time in which some task waited for a CPU."),
  ],
  [
    "io",
    "some",
    counter("node_pressure_io_waiting_seconds_total", "Time in which some task waited for I/O."),
  ],
  [
    "io",
    "full",
    counter("node_pressure_io_stalled_seconds_total", "Time in which all tasks waited for I/O."),
  ],
  [
    "memory",
    "some",
    counter(
      "node_pressure_memory_waiting_seconds_total",
      "Time in which some task waited for memory.",
    ),
  ],
  [
    "memory",
    "full",
    counter(
      "node_pressure_memory_stalled_seconds_total",
      "Time in which all tasks waited for memory.",
    ),
  ],
  [
    "irq",
    "full",
    counter(
      "node_pressure_irq_stalled_seconds_total",
      "Time in which all tasks waited for interrupts to be served.",
    ),
  ],
];
const files = ["cpu", "io", "memory", "irq"];

export const pressure: Collector = {
  name: "pressure",
  create({ proc }) {
    return (sink) => {
      let found = false;
      for (const file of files) {
        const text = readTextIfReadable(`${proc}/pressure/${file}`);
        if (text === undefined) continue;
        found = true;
        const totals = parsePressure(text);
        for (const [from, line, family] of stalls) {
          const micros = totals.get(line);
          if (from === file && micros !== undefined) sink.add(family, micros / 1_000 / 1_000);
        }
      }
      if (!found) throw new NoDataError("pressure stall information (kernel option psi=1)");
    };
  },
};

/** "some avg10=0.00 avg60=0.00 avg300=0.00 total=12" as "some" and 12, in microseconds. */
export function parsePressure(text: string): Map<string, number> {
  const totals = new Map<string, number>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("total=");
    if (at !== -1) totals.set(line.slice(0, line.indexOf(" ")), Number(line.slice(at + 6)));
  }
  return totals;
}

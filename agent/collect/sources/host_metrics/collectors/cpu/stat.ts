import type { Collector } from "../../collector.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import { readText } from "../../text_file.ts";

/** First words of lines in /proc/stat; only the first number of a line counts, the rest of "intr" is by interrupt. */
const families = new Map([
  ["intr", counter("node_intr_total", "Interrupts served since boot.")],
  ["ctxt", counter("node_context_switches_total", "Context switches since boot.")],
  ["btime", gauge("node_boot_time_seconds", "When the host booted, in Unix time.")],
  ["processes", counter("node_forks_total", "Processes and threads created since boot.")],
  ["procs_running", gauge("node_procs_running", "Processes that run or could run.")],
  ["procs_blocked", gauge("node_procs_blocked", "Processes that wait for I/O.")],
]);

export const stat: Collector = {
  name: "stat",
  create({ proc }) {
    return (sink) => {
      for (const [key, value] of parseStat(readText(`${proc}/stat`))) {
        const family = families.get(key);
        if (family !== undefined) sink.add(family, value);
      }
    };
  },
};

/** Lines "ctxt 12345 ..." of /proc/stat as first word and first number; cpu lines are left out. */
export function parseStat(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line.startsWith("cpu")) continue;
    const keyEnd = line.indexOf(" ");
    if (keyEnd === -1) continue;
    const valueEnd = line.indexOf(" ", keyEnd + 1);
    const value = line.slice(keyEnd + 1, valueEnd === -1 ? undefined : valueEnd);
    values.set(line.slice(0, keyEnd), Number(value));
  }
  return values;
}

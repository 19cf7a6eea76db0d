import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { counter } from "../../../../samples/family.ts";
import { readTextIfReadable, wordsOfLine } from "../../text_file.ts";

const running = counter("node_schedstat_running_seconds_total", "Time tasks ran on a CPU.", [
  "cpu",
]);
const waiting = counter("node_schedstat_waiting_seconds_total", "Time tasks waited for a CPU.", [
  "cpu",
]);
const timeslices = counter("node_schedstat_timeslices_total", "Time slices run on a CPU.", ["cpu"]);
const nanosPerSecond = 1e9;

export const schedstat: Collector = {
  name: "schedstat",
  create({ proc }) {
    return (sink) => {
      const text = readTextIfReadable(`${proc}/schedstat`);
      if (text === undefined) throw new NoDataError("scheduler statistics");
      for (const { cpu, runningNanos, waitingNanos, slices } of parseSchedstat(text)) {
        sink.add(running, runningNanos / nanosPerSecond, cpu);
        sink.add(waiting, waitingNanos / nanosPerSecond, cpu);
        sink.add(timeslices, slices, cpu);
      }
    };
  },
};

/** Lines "cpu0 0 0 0 0 0 0 running waiting slices", after which come lines of scheduling domains. */
export function parseSchedstat(
  text: string,
): { cpu: string; runningNanos: number; waitingNanos: number; slices: number }[] {
  return text
    .split("\n")
    .map(wordsOfLine)
    .filter(([name = "", ...fields]) => /^cpu\d+$/.test(name) && fields.length >= 9)
    .map(([name = "", ...fields]) => ({
      cpu: name.slice("cpu".length),
      runningNanos: Number(fields[6]),
      waitingNanos: Number(fields[7]),
      slices: Number(fields[8]),
    }));
}

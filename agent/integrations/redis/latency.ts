import { canonicalFloat } from "#shared/text/exposition/go_float.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { histogram } from "../../collect/samples/histogram.ts";
import { type Reply, listOf } from "./resp.ts";

/** The server chooses the buckets: powers of two of a microsecond, those that hold something. */
const latencies = histogram(
  "redis_commands_latencies_usec",
  "Latency of a command in microseconds.",
  [],
  ["cmd"],
);
const spikeDuration = gauge(
  "redis_latency_spike_duration_seconds",
  "How long the last spike of an event took.",
  ["event_name"],
);
const spikeLast = gauge(
  "redis_latency_spike_last",
  "When an event had its last spike, Unix seconds.",
  ["event_name"],
);
const slowlog = {
  length: gauge("redis_slowlog_length", "Entries in the slow log."),
  lastId: gauge("redis_slowlog_last_id", "Number of the last entry of the slow log."),
  lastSeconds: gauge(
    "redis_last_slow_execution_duration_seconds",
    "How long the last slow command took.",
  ),
} as const;

/** LATENCY HISTOGRAM: a command, then [calls, n, histogram_usec, [bound, cumulative count, ...]]. */
export function addHistograms(
  sink: SampleSink,
  reply: Reply,
  usecByCommand: ReadonlyMap<string, number>,
): void {
  const list = listOf(reply);
  for (let i = 0; i + 1 < list.length; i += 2) {
    const command = String(list[i]);
    const [, calls, , buckets] = listOf(list[i + 1]);
    if (typeof calls !== "number") continue;
    const pairs = listOf(buckets);
    for (let k = 0; k + 1 < pairs.length; k += 2)
      sink.add(latencies.bucket, Number(pairs[k + 1]), command, canonicalFloat(Number(pairs[k])));
    sink.add(latencies.bucket, calls, command, "+Inf");
    sink.add(latencies.count, calls, command);
    sink.add(latencies.sum, usecOf(command, usecByCommand), command);
  }
}

/** A command's own time and that of its subcommands ("config|get"). */
function usecOf(command: string, usecByCommand: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, usec] of usecByCommand)
    if (name === command || name.startsWith(`${command}|`)) sum += usec;
  return sum;
}

/** LATENCY LATEST: [event, Unix seconds, milliseconds, worst]. */
export function addSpikes(sink: SampleSink, reply: Reply): void {
  for (const entry of listOf(reply)) {
    const [event, at, milliseconds] = listOf(entry);
    if (typeof at !== "number" || typeof milliseconds !== "number") continue;
    sink.add(spikeLast, at, String(event));
    sink.add(spikeDuration, milliseconds / 1_000, String(event));
  }
}

/** SLOWLOG LEN. */
export function addSlowLength(sink: SampleSink, reply: Reply): void {
  if (typeof reply === "number") sink.add(slowlog.length, reply);
}

/** SLOWLOG GET 1: [[id, Unix seconds, microseconds, command ...]]; 0 where the log is empty, as in the exporter. */
export function addLastSlow(sink: SampleSink, reply: Reply): void {
  const [id, , usec] = listOf(listOf(reply)[0]);
  sink.add(slowlog.lastId, typeof id === "number" ? id : 0);
  sink.add(slowlog.lastSeconds, typeof usec === "number" ? usec / 1e6 : 0);
}

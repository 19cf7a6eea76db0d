import { type SampleSink, gauge } from "../../collect/samples/family.ts";

/** Patterns for CONFIG GET: not "*", because its answer holds passwords. */
export const settingNames = [
  "databases",
  "io-threads",
  "maxclients",
  "maxmemory",
  "repl-backlog-size",
  "client-output-buffer-limit",
] as const;

const plain = new Map(
  ["io-threads", "maxclients", "maxmemory", "repl-backlog-size"].map((name) => [
    name,
    gauge(`redis_config_${name.replaceAll("-", "_")}`, `Setting ${name}.`),
  ]),
);
const limitLabels = ["class", "limit"];
const bufferLimit = gauge(
  "redis_config_client_output_buffer_limit_bytes",
  "What the output buffer of a client of this class may hold.",
  limitLabels,
);
const overcome = gauge(
  "redis_config_client_output_buffer_limit_overcome_seconds",
  "How long a client of this class may be above the soft limit.",
  limitLabels,
);

/** Adds settings; the value of `databases`, or 16 (its default) where that is not told. */
export function addSettings(sink: SampleSink, settings: ReadonlyMap<string, string>): number {
  for (const [name, family] of plain) {
    const value = Number(settings.get(name));
    if (!Number.isNaN(value)) sink.add(family, value);
  }
  // "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
  const limits = (settings.get("client-output-buffer-limit") ?? "").split(" ");
  for (let i = 0; i + 3 < limits.length; i += 4) {
    const [name = "", hard, soft, seconds] = limits.slice(i, i + 4);
    sink.add(bufferLimit, Number(hard), name, "hard");
    sink.add(bufferLimit, Number(soft), name, "soft");
    sink.add(overcome, Number(seconds), name, "soft");
  }
  const count = Number(settings.get("databases") ?? 16);
  return count <= databasesShownMax ? count : databasesShownMax;
}

/** Empty databases beyond it are not told as 0. */
const databasesShownMax = 16;

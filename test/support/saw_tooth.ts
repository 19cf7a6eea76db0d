import type { HostSeries } from "./node_hosts.ts";

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;

/**
 * Blocks of a day each, up to `endMs`: a series `load{host}` of so many hosts with a sample a minute, which rises from 0 to 119 within two
 * hours, again and again. All hosts have the same values.
 */
export function* sawTooth(hosts: number, days: number, endMs: number): Generator<HostSeries[]> {
  for (let day = 0; day < days; day++) {
    const startMs = endMs - (days - day) * dayMs;
    const timestampsMs = Float64Array.from({ length: 1_440 }, (_, i) => startMs + i * minuteMs);
    const values = timestampsMs.map((ms) => (ms / minuteMs) % 120);
    yield Array.from({ length: hosts }, (_, host) => ({
      labels: { __name__: "load", host: `web-${host}` },
      timestampsMs,
      values,
    }));
  }
}

import { expect, test } from "bun:test";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { HostRing, ringLength } from "./host_ring.ts";

const names = [
  { __name__: "node_cpu_seconds_total", cpu: "0", mode: "idle" },
  { __name__: "node_cpu_seconds_total", cpu: "0", mode: "user" },
  { __name__: "node_memory_MemTotal_bytes" },
  { __name__: "node_memory_MemAvailable_bytes" },
  { __name__: "node_load1" },
  { __name__: "node_network_receive_bytes_total", device: "eth0" },
  { __name__: "node_network_receive_bytes_total", device: "lo" },
  { __name__: "node_disk_written_bytes_total", device: "sda" },
  { __name__: "node_disk_written_bytes_total", device: "dm-0" },
  { __name__: "node_filesystem_avail_bytes", mountpoint: "/", fstype: "ext4" },
  { __name__: "node_filesystem_size_bytes", mountpoint: "/", fstype: "ext4" },
  { __name__: "node_filesystem_avail_bytes", mountpoint: "/var", fstype: "xfs" },
  { __name__: "node_filesystem_size_bytes", mountpoint: "/var", fstype: "xfs" },
  { __name__: "node_filesystem_avail_bytes", mountpoint: "/run", fstype: "tmpfs" },
  { __name__: "node_filesystem_size_bytes", mountpoint: "/run", fstype: "tmpfs" },
];
const schema = { series: names, families: [] };
const add = (ring: HostRing, batch: MetricsBatch) =>
  ring.add(batch, batch.rows.at(-1)?.timestampMs ?? 0);
const row = (timestampMs: number, ...values: number[]) => ({
  schema,
  rows: [{ timestampMs, values: Float64Array.from(values) }],
});
const stepMs = 15_000;
const counted = (received: number) => [100, 50, 1_000, 250, 2, received, 0, 0, 0, 1, 2, 1, 2, 1, 2];

test("HostRing makes shares and rates of what the host's collector reads", () => {
  const ring = new HostRing();
  const startMs = 1_000 * stepMs;
  add(ring, row(startMs, 100, 50, 1_000, 250, 2, 1e6, 5, 1e6, 1e9, 60, 100, 10, 100, 0, 100));
  add(
    ring,
    row(startMs + stepMs, 110, 55, 1_000, 500, 3, 1.3e6, 9e9, 1e6, 9e9, 60, 100, 20, 100, 0, 100),
  );
  const last = (figure: Parameters<HostRing["points"]>[0]) =>
    [...ring.points(figure, startMs + stepMs + 1)].slice(-2);
  expect(last("cpu")).toEqual([Number.NaN, Math.fround(1 / 3)]);
  expect(last("memory")).toEqual([0.75, 0.5]);
  expect(last("load")).toEqual([2, 3]);
  expect(last("received")).toEqual([Number.NaN, 20_000]);
  expect(last("disk_written")).toEqual([Number.NaN, 0]);
  expect(last("filesystem")).toEqual([Math.fround(0.9), Math.fround(0.8)]);
  expect(ring.fullest).toBe("/var");
  expect(ring.points("load", startMs)).toHaveLength(ringLength);
});

test("HostRing keeps an hour, leaves gaps, and takes one point a step of faster ticks", () => {
  const ring = new HostRing();
  const tick = (ms: number, total: number) =>
    add(
      ring,
      row(ms, total / 2, total / 2, 1_000, 250, ms / stepMs, total, 0, 0, 0, 1, 2, 1, 2, 1, 2),
    );
  for (let i = 0; i < 300; i++) if (i !== 200) tick(i * stepMs, i * 1_500);
  const load = [...ring.points("load", 300 * stepMs - 1)];
  expect(load[0]).toBe(60);
  expect(load.at(-1)).toBe(299);
  expect(load.filter(Number.isNaN)).toHaveLength(1);
  for (let i = 0; i < 15; i++) tick(300 * stepMs + i * 1_000, 450_000 + i * 100);
  expect(ring.points("received", 300 * stepMs).at(-1)).toBeCloseTo(2_900 / 29, 3);
  // An hour without a tick is an empty hour.
  expect([...ring.points("load", 600 * stepMs)].every(Number.isNaN)).toBe(true);
});

test("HostRing shows no rate where a counter fell, and nothing of other sources", () => {
  const ring = new HostRing();
  const values = [100, 50, 1_000, 250, 2, 1e6, 0, 0, 0, 1, 2, 1, 2, 1, 2];
  add(ring, row(0, ...values));
  add(ring, row(stepMs, ...values.with(5, 10)));
  expect(ring.points("received", stepMs).at(-1)).toBeNaN();
  const gone = row(2 * stepMs, ...values);
  const [only] = gone.rows;
  if (only !== undefined) setAbsent(wordsOf(only.values), 4);
  add(ring, gone);
  expect(ring.points("load", 2 * stepMs).at(-1)).toBeNaN();
  const other = { series: [{ __name__: "up" }], families: [] };
  add(ring, { schema: other, rows: [{ timestampMs: 3 * stepMs, values: Float64Array.of(1) }] });
  expect(ring.points("load", 3 * stepMs).at(-1)).toBeNaN();
});

test("HostRing makes rates by the monotonic clock when the wall clock steps", () => {
  for (const jumpMs of [3_600_000, -1_800_000]) {
    const ring = new HostRing();
    const startMs = 1_000 * stepMs;
    ring.add(row(startMs, ...counted(0)), 1_000);
    ring.add(row(startMs + jumpMs, ...counted(15_000)), 1_000 + stepMs);
    expect(ring.points("received", startMs + jumpMs).at(-1)).toBe(1_000);
  }
});

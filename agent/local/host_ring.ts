import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricsRow, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";

/** What an hour is kept of; shares from 0 to 1, bytes a second, and the load as it is. */
export const hostFigures = [
  "cpu",
  "memory",
  "load",
  "disk_read",
  "disk_written",
  "received",
  "sent",
  "filesystem",
] as const;
export type HostFigure = (typeof hostFigures)[number];

const ringStepMs = 15_000;
export const ringLength = 240;

/** What is read from one row, in this order; the first six are counters. */
const sums = [
  "cpu",
  "idle",
  "disk_read",
  "disk_written",
  "received",
  "sent",
  "memory",
  "free",
  "load",
] as const;
type Sum = (typeof sums)[number];

const sumOfMetric: ReadonlyMap<string, Sum> = new Map([
  ["node_disk_read_bytes_total", "disk_read"],
  ["node_disk_written_bytes_total", "disk_written"],
  ["node_network_receive_bytes_total", "received"],
  ["node_network_transmit_bytes_total", "sent"],
  ["node_memory_MemTotal_bytes", "memory"],
  ["node_memory_MemAvailable_bytes", "free"],
  ["node_load1", "load"],
]);
/** Whole devices: what lies on top of others would count twice. */
const wholeDisk = /^(?:(?:sd|vd|xvd|hd)[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;
const ownNetwork = /^(?:lo|docker\d+|br-.*|veth.*|virbr.*|cni.*|flannel.*|cali.*)$/;
const passingFilesystem = /^(?:tmpfs|devtmpfs|ramfs|overlay|squashfs|iso9660|fuse\..*)$/;

/** The columns of a schema that matter. */
type Columns = {
  resolved: number;
  readonly bySum: Map<Sum, number[]>;
  /** Column of the free bytes, column of the size, by mount point. */
  readonly filesystems: Map<string, { free: number; size: number }>;
};
type Reading = {
  readonly timestampMs: number;
  /** By the monotonic clock. */
  readonly readMs: number;
  readonly values: Float64Array;
};

const none = -1;

/**
 * The last hour of this host in some 10 kB, a point a quarter of a minute, for the page that the agent shows by itself. Fed with every tick of the host's
 * collector: counters become rates between the ticks.
 */
export class HostRing {
  readonly #values = new Float32Array(hostFigures.length * ringLength).fill(Number.NaN);
  /** By place: the number of the step since 1970 that it holds. */
  readonly #steps = new Float64Array(ringLength);
  readonly #columns = new WeakMap<SeriesSchema, Columns>();
  #last: Reading | undefined;
  /** The last reading of the step before. */
  #base: Reading | undefined;
  /** Mount point of the fullest filesystem. */
  fullest = "";

  /** `readMs` is when the last row was read, by the monotonic clock. Rates go by it, so that no step of the wall clock shows in them. */
  add({ schema, rows }: MetricsBatch, readMs: number): void {
    const columns = this.#columnsOf(schema);
    const newestMs = rows.at(-1)?.timestampMs ?? 0;
    for (const row of rows) this.#addRow(columns, row, readMs - (newestMs - row.timestampMs));
  }

  /** Points of the hour before `nowMs`, oldest first; NaN where there is none. */
  points(figure: HostFigure, nowMs: number): Float32Array {
    const newest = Math.floor(nowMs / ringStepMs);
    const from = hostFigures.indexOf(figure) * ringLength;
    return Float32Array.from({ length: ringLength }, (_, i) => {
      const step = newest - ringLength + 1 + i;
      const place = step % ringLength;
      return this.#steps[place] === step ? (this.#values[from + place] ?? Number.NaN) : Number.NaN;
    });
  }

  #addRow(columns: Columns, row: MetricsRow, readMs: number): void {
    const { timestampMs } = row;
    // A row of other collectors, or one that comes late.
    if (!columns.bySum.has("load") && !columns.bySum.has("cpu")) return;
    if (this.#last !== undefined && readMs <= this.#last.readMs) return;
    const reading = { timestampMs, readMs, values: readSums(columns, row) };
    const step = Math.floor(timestampMs / ringStepMs);
    // Another step, which is an earlier one after a wall clock was set back.
    if (this.#last !== undefined && Math.floor(this.#last.timestampMs / ringStepMs) !== step)
      this.#base = this.#last;
    this.#last = reading;
    const place = step % ringLength;
    if (this.#steps[place] !== step) {
      this.#steps[place] = step;
      for (let i = 0; i < hostFigures.length; i++)
        this.#values[i * ringLength + place] = Number.NaN;
    }
    const put = (figure: HostFigure, value: number) => {
      this.#values[hostFigures.indexOf(figure) * ringLength + place] = value;
    };
    const now = (sum: Sum) => reading.values[sums.indexOf(sum)] ?? Number.NaN;
    put("memory", 1 - now("free") / now("memory"));
    put("load", now("load"));
    put("filesystem", this.#fullestOf(columns, row));
    const base = this.#base;
    if (base === undefined) return;
    const gained = (sum: Sum) => {
      const difference = now(sum) - (base.values[sums.indexOf(sum)] ?? Number.NaN);
      // A counter that fell began anew, or a device went.
      return difference < 0 ? Number.NaN : difference;
    };
    const seconds = (readMs - base.readMs) / 1_000;
    put("cpu", 1 - gained("idle") / gained("cpu"));
    for (const figure of ["disk_read", "disk_written", "received", "sent"] as const)
      put(figure, gained(figure) / seconds);
  }

  #fullestOf({ filesystems }: Columns, { values }: MetricsRow): number {
    let most = Number.NaN;
    for (const [mountpoint, { free, size }] of filesystems) {
      if (free === none || size === none) continue;
      const used = 1 - (values[free] ?? Number.NaN) / (values[size] ?? Number.NaN);
      if (!(used >= 0) || used <= most) continue;
      most = used;
      this.fullest = mountpoint;
    }
    return most;
  }

  #columnsOf(schema: SeriesSchema): Columns {
    let columns = this.#columns.get(schema);
    if (columns === undefined) {
      columns = { resolved: 0, bySum: new Map(), filesystems: new Map() };
      this.#columns.set(schema, columns);
    }
    for (; columns.resolved < schema.series.length; columns.resolved++)
      resolve(columns, columns.resolved, schema.series[columns.resolved] ?? {});
    return columns;
  }
}

function resolve(columns: Columns, column: number, labels: Labels): void {
  const add = (sum: Sum) => {
    const own = columns.bySum.get(sum);
    if (own === undefined) columns.bySum.set(sum, [column]);
    else own.push(column);
  };
  const { __name__: name = "", device = "", mode = "", mountpoint = "", fstype = "" } = labels;
  if (name === "node_cpu_seconds_total") {
    add("cpu");
    if (mode === "idle" || mode === "iowait") add("idle");
  } else if (name.startsWith("node_filesystem_") && !passingFilesystem.test(fstype)) {
    const own = columns.filesystems.get(mountpoint) ?? { free: none, size: none };
    if (name === "node_filesystem_avail_bytes") own.free = column;
    if (name === "node_filesystem_size_bytes") own.size = column;
    columns.filesystems.set(mountpoint, own);
  } else {
    const sum = sumOfMetric.get(name);
    if (sum === undefined) return;
    if (name.startsWith("node_disk_") && !wholeDisk.test(device)) return;
    if (name.startsWith("node_network_") && ownNetwork.test(device)) return;
    add(sum);
  }
}

/** Sums over the columns of each, NaN where none has a sample. */
function readSums({ bySum }: Columns, { values }: MetricsRow): Float64Array {
  const words = wordsOf(values);
  return Float64Array.from(sums, (sum) => {
    let total = Number.NaN;
    for (const column of bySum.get(sum) ?? []) {
      if (column >= values.length || isAbsent(words, column) || isStale(words, column)) continue;
      total = (Number.isNaN(total) ? 0 : total) + (values[column] ?? 0);
    }
    return total;
  });
}

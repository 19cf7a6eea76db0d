import type { Labels } from "#shared/model/labels.ts";
import type { Unit } from "../../units/format.ts";
import { diskUsed, hostSelector, rateWindow, selectors } from "../hosts/host_rows.ts";

/** One chart of the host page, as data. */
export type HostChart = {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly fixedMax?: number;
  readonly lines: readonly ChartLine[];
  /** What is missing when the chart is empty. */
  readonly absent: string;
};

/** One expression, which gives one line, or a line for each value of some labels. */
type ChartLine = {
  readonly name: (labels: Labels) => string;
  readonly expression: (host: string, stepMs: number) => string;
};

function plain(metric: string): ChartLine["expression"] {
  return (host) => `${metric}${hostSelector(host)}`;
}

/** Per second, within the window that fits the step. */
function rate(metric: string, more = "", factor = ""): ChartLine["expression"] {
  return (host, stepMs) =>
    `${factor}rate(${metric}${hostSelector(host, more)}[${rateWindow(stepMs)}])`;
}

function line(name: string, expression: ChartLine["expression"]): ChartLine {
  return { name: () => name, expression };
}

function deviceLine(word: string, expression: ChartLine["expression"]): ChartLine {
  return { name: (labels) => `${labels["device"] ?? "?"} ${word}`, expression };
}

const pressures = [
  ["CPU, some wait", "node_pressure_cpu_waiting_seconds_total"],
  ["I/O, some wait", "node_pressure_io_waiting_seconds_total"],
  ["I/O, all stalled", "node_pressure_io_stalled_seconds_total"],
  ["memory, some wait", "node_pressure_memory_waiting_seconds_total"],
  ["memory, all stalled", "node_pressure_memory_stalled_seconds_total"],
] as const;

const wholeDisks = 'device!~"loop.*|ram.*|zram.*|sr.*|fd.*"';

/** The charts of a host, in the order in which they are read. */
export const hostCharts: readonly HostChart[] = [
  {
    id: "cpu",
    title: "CPU by mode, % of all CPUs",
    unit: "percent",
    absent: "node_cpu_seconds_total",
    lines: [
      {
        name: (labels) => labels["mode"] ?? "?",
        expression: (host, stepMs) =>
          `100 * avg by (mode) (rate(node_cpu_seconds_total${hostSelector(host, 'mode!="idle"')}[${rateWindow(stepMs)}]))`,
      },
    ],
  },
  {
    id: "load",
    title: "Load average",
    unit: "count",
    absent: "node_load1",
    lines: [
      line("1 min", plain("node_load1")),
      line("5 min", plain("node_load5")),
      line("15 min", plain("node_load15")),
    ],
  },
  {
    id: "memory",
    title: "Memory",
    unit: "bytes",
    absent: "node_memory_MemTotal_bytes",
    lines: [
      line(
        "used",
        (host) =>
          `node_memory_MemTotal_bytes${hostSelector(host)} - node_memory_MemAvailable_bytes${hostSelector(host)}`,
      ),
      line("total", plain("node_memory_MemTotal_bytes")),
      line("page cache", plain("node_memory_Cached_bytes")),
      line("buffers", plain("node_memory_Buffers_bytes")),
      line(
        "swap used",
        (host) =>
          `node_memory_SwapTotal_bytes${hostSelector(host)} - node_memory_SwapFree_bytes${hostSelector(host)}`,
      ),
    ],
  },
  {
    id: "network",
    title: "Network",
    unit: "bytes_per_second",
    absent: "node_network_receive_bytes_total",
    lines: [
      deviceLine("in", rate("node_network_receive_bytes_total", selectors.noWire)),
      deviceLine("out", rate("node_network_transmit_bytes_total", selectors.noWire)),
    ],
  },
  {
    id: "disk_io",
    title: "Disk I/O",
    unit: "bytes_per_second",
    absent: "node_disk_read_bytes_total",
    lines: [
      deviceLine("read", rate("node_disk_read_bytes_total", wholeDisks)),
      deviceLine("written", rate("node_disk_written_bytes_total", wholeDisks)),
    ],
  },
  {
    id: "disk_space",
    title: "Disk space used by mount, %",
    unit: "percent",
    fixedMax: 100,
    absent: "node_filesystem_avail_bytes",
    lines: [
      {
        name: (labels) => labels["mountpoint"] ?? "?",
        expression: (host) =>
          `100 * (${diskUsed("mountpoint", hostSelector(host, selectors.noDisk))})`,
      },
    ],
  },
  {
    id: "pressure",
    title: "Pressure, % of time waiting",
    unit: "percent",
    absent: "node_pressure_cpu_waiting_seconds_total (the kernel may have PSI switched off)",
    lines: pressures.map(([name, metric]) => line(name, rate(metric, "", "100 * "))),
  },
  {
    id: "processes",
    title: "Processes",
    unit: "count",
    absent: "node_procs_running",
    lines: [
      line("running", plain("node_procs_running")),
      line("blocked on I/O", plain("node_procs_blocked")),
    ],
  },
];

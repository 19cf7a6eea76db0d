/** Rules as people write them for node_exporter, each over one host of the recording. */

const recorded: readonly (readonly [string, string])[] = [
  ["instance:cpu_used:rate5m", 'sum(rate(node_cpu_seconds_total{mode!="idle",H}[5m]))'],
  ["instance_mode:cpu:rate5m", "sum by (mode) (rate(node_cpu_seconds_total{H}[5m]))"],
  ["instance:cpu_count", 'count(node_cpu_seconds_total{mode="idle",H})'],
  [
    "instance:memory_used:ratio",
    "1 - node_memory_MemAvailable_bytes{H} / node_memory_MemTotal_bytes{H}",
  ],
  ["instance:load1", "node_load1{H}"],
  ["device:network_receive_bytes:rate5m", "rate(node_network_receive_bytes_total{H}[5m])"],
  ["device:network_transmit_bytes:rate5m", "rate(node_network_transmit_bytes_total{H}[5m])"],
  ["device:disk_read_bytes:rate5m", "rate(node_disk_read_bytes_total{H}[5m])"],
  ["device:disk_written_bytes:rate5m", "rate(node_disk_written_bytes_total{H}[5m])"],
  [
    "mountpoint:filesystem_used:ratio",
    "1 - node_filesystem_avail_bytes{H} / node_filesystem_size_bytes{H}",
  ],
];

const alerting: readonly (readonly [string, string, string])[] = [
  [
    "HighCpu",
    '(1 - avg(rate(node_cpu_seconds_total{mode="idle",H}[5m]))) > 0.9',
    "CPU is {{ $value | humanizePercentage }} busy",
  ],
  [
    "HighLoad",
    'node_load5{H} > 2 * count without (cpu, mode) (node_cpu_seconds_total{mode="idle",H})',
    "load is {{ $value }}",
  ],
  [
    "LowMemory",
    "node_memory_MemAvailable_bytes{H} / node_memory_MemTotal_bytes{H} < 0.1",
    "{{ $value | humanizePercentage }} left on {{ $labels.instance }}",
  ],
  [
    "DiskFull",
    "node_filesystem_avail_bytes{H} / node_filesystem_size_bytes{H} < 0.1",
    "{{ $labels.mountpoint }} is almost full",
  ],
  [
    "DiskWillFill",
    "predict_linear(node_filesystem_avail_bytes{H}[5m], 4 * 3600) < 0",
    "{{ $labels.device }} will be full in 4 hours",
  ],
  ["NetworkErrors", "rate(node_network_receive_errs_total{H}[5m]) > 1", "{{ $labels.device }}"],
  ["ManyProcesses", "node_procs_running{H} > 100", "{{ $value }} processes run"],
  ["FileDescriptors", "node_filefd_allocated{H} / node_filefd_maximum{H} > 0.8", ""],
  [
    "Busy",
    "max by (instance) (instance:cpu_used:rate5m{H}) > 0",
    "always: {{ $value | humanize }}",
  ],
  ["HostGone", "absent(node_boot_time_seconds{H})", "no data"],
];

const rulesAGroup = 30;

/** Groups of so many rules, spread over hosts; the same each time. */
export function generatedRules(hosts: number, alerts: number, records: number): object[] {
  const rules: object[] = [];
  for (let i = 0; i < records; i++) {
    const [record, expr] = recorded[i % recorded.length] ?? ["", ""];
    const host = Math.floor(i / recorded.length);
    rules.push({
      record,
      expr: ofHost(expr, host % hosts),
      labels: { instance: instanceOf(host % hosts), round: String(Math.floor(host / hosts)) },
    });
  }
  for (let i = 0; i < alerts; i++) {
    const [name, expr, summary] = alerting[i % alerting.length] ?? ["", "", ""];
    const host = Math.floor(i / alerting.length);
    rules.push({
      alert: name,
      expr: ofHost(expr, host % hosts),
      for: "5m",
      labels: { severity: "page", round: String(Math.floor(host / hosts)) },
      annotations: { summary },
    });
  }
  const groups: object[] = [];
  for (let at = 0; at < rules.length; at += rulesAGroup)
    groups.push({
      name: `group-${at / rulesAGroup}`,
      interval: "15s",
      rules: rules.slice(at, at + rulesAGroup),
    });
  return groups;
}

function instanceOf(host: number): string {
  return `host-${host}:9100`;
}

function ofHost(expr: string, host: number): string {
  return expr
    .replaceAll("{H}", `{instance="${instanceOf(host)}"}`)
    .replaceAll(",H}", `,instance="${instanceOf(host)}"}`);
}

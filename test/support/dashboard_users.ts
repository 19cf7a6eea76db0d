/** What a dashboard of a host asks: ten panels, as the usual one for node_exporter has them. */
const panels: readonly string[] = [
  '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",$host}[5m])))',
  "sum by (mode) (rate(node_cpu_seconds_total{$host}[5m]))",
  "node_load1{$host}",
  "1 - node_memory_MemAvailable_bytes{$host} / node_memory_MemTotal_bytes{$host}",
  "sum by (device) (rate(node_network_receive_bytes_total{$host}[5m]))",
  "sum by (device) (rate(node_network_transmit_bytes_total{$host}[5m]))",
  "topk(5, rate(node_disk_io_time_seconds_total{$host}[5m]))",
  "rate(node_disk_read_bytes_total{$host}[5m]) + rate(node_disk_written_bytes_total{$host}[5m])",
  "1 - node_filesystem_avail_bytes{$host} / node_filesystem_size_bytes{$host}",
  "rate(node_context_switches_total{$host}[5m])",
];

/** Panels are some 240 points wide: hours of range, and the step in seconds that a dashboard takes for them. */
const ranges: readonly (readonly [hours: number, stepSeconds: number])[] = [
  [1, 15],
  [3, 45],
  [6, 90],
];

export type Asked = {
  /** Milliseconds until a body was read, of every query. */
  readonly times: readonly number[];
  readonly bytes: number;
  readonly failures: ReadonlyMap<string, number>;
};

/**
 * Users who each look at the dashboard of one of `hosts` hosts over one to six hours, and let it refresh: every `refreshMs` ten range
 * queries at once, up to now (in whole steps, as Grafana asks). Ends after `runMs`.
 */
export async function lookAtDashboards(options: {
  readonly url: string;
  readonly users: number;
  readonly hosts: number;
  readonly refreshMs: number;
  readonly runMs: number;
}): Promise<Asked> {
  const { url, users, hosts, refreshMs, runMs } = options;
  const times: number[] = [];
  const failures = new Map<string, number>();
  let bytes = 0;
  const ask = async (panel: string, host: number, range: (typeof ranges)[number]) => {
    const [hours, step] = range;
    const end = Math.floor(Date.now() / 1_000 / step) * step;
    const parameters = new URLSearchParams({
      query: panel.replaceAll("$host", `instance="host-${host}:9100",job="node"`),
      start: String(end - hours * 3_600),
      end: String(end),
      step: String(step),
    });
    const began = performance.now();
    const answer = await fetch(`${url}/api/v1/query_range?${parameters.toString()}`);
    const body = await answer.text();
    times.push(performance.now() - began);
    bytes += body.length;
    if (answer.ok && body.length > 500) return;
    const failure = `${answer.status} ${body.slice(0, 200)} ${panel}`;
    failures.set(failure, (failures.get(failure) ?? 0) + 1);
  };
  const endMs = performance.now() + runMs;
  await Promise.all(
    Array.from({ length: users }, async (_, user) => {
      // Nobody opens a dashboard at the same moment as another.
      await Bun.sleep((user * refreshMs) / users);
      while (performance.now() < endMs) {
        const began = performance.now();
        const range = ranges[user % ranges.length] ?? [1, 15];
        await Promise.all(panels.map((panel) => ask(panel, user % hosts, range)));
        await Bun.sleep(Math.max(0, refreshMs - (performance.now() - began)));
      }
    }),
  );
  return { times, bytes, failures };
}

/** Of what is asked, its path below /api/v1 and its parameters, times in seconds. */
export type Question = {
  readonly kind: "range" | "instant" | "labels";
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
};

const ranges: Readonly<Record<string, readonly [query: string, stepSeconds: number]>> = {
  one_series: ['node_load1{instance="host-0:9100"}', 60],
  sum_by_rate: ["sum by (instance) (rate(node_network_receive_bytes_total[5m]))", 60],
  rate_all_cpus: ["rate(node_cpu_seconds_total[5m])", 60],
  topk_sum_by: ["topk(5, sum by (instance) (rate(node_cpu_seconds_total[5m])))", 60],
  max_over_time: ["max by (instance) (max_over_time(node_load1[15m]))", 300],
  count_all: ['count({job="node"})', 900],
};

const instants: Readonly<Record<string, string>> = {
  instant_one: 'node_load1{instance="host-0:9100"}',
  instant_topk: 'topk(10, {job="node"})',
  instant_count_by_name: 'count by (__name__) ({job="node"})',
  instant_predict_linear: "predict_linear(node_filesystem_avail_bytes[6h], 86400)",
  instant_sum_by_rate: "sum by (instance) (rate(node_cpu_seconds_total[5m]))",
};

/** What is asked of a day, by name; instant queries look at its end. */
export function dayQuestions(startMs: number, endMs: number): Record<string, Question> {
  const [start, end] = [String(startMs / 1_000), String(endMs / 1_000)];
  const questions: Record<string, Question> = {};
  for (const [name, [query, step]] of Object.entries(ranges)) {
    const parameters = { query, start, end, step: String(step), nocache: "1" };
    questions[name] = { kind: "range", path: "query_range", parameters };
  }
  for (const [name, query] of Object.entries(instants)) {
    const parameters = { query, time: end, nocache: "1" };
    questions[name] = { kind: "instant", path: "query", parameters };
  }
  const within = { start, end };
  const one = { ...within, "match[]": '{instance="host-0:9100"}' };
  questions["label_names"] = { kind: "labels", path: "labels", parameters: within };
  questions["label_values"] = {
    kind: "labels",
    path: "label/__name__/values",
    parameters: within,
  };
  questions["values_of_host"] = { kind: "labels", path: "label/__name__/values", parameters: one };
  questions["series_of_host"] = { kind: "labels", path: "series", parameters: one };
  return questions;
}

const panelMetrics = [
  "node_cpu_seconds_total",
  "node_network_receive_bytes_total",
  "node_network_transmit_bytes_total",
  "node_disk_reads_completed_total",
  "node_disk_io_time_seconds_total",
  "node_softnet_processed_total",
  "node_context_switches_total",
  "node_intr_total",
  "node_forks_total",
  "node_vmstat_pgfault",
];

/** The 20 panels of a dashboard over a day. */
export function dayPanels(startMs: number, endMs: number): Question[] {
  const [start, end] = [String(startMs / 1_000), String(endMs / 1_000)];
  const of = (query: string): Question => ({
    kind: "range",
    path: "query_range",
    parameters: { query, start, end, step: "120", nocache: "1" },
  });
  return panelMetrics.flatMap((name) => [
    of(`sum by (instance) (rate(${name}[5m]))`),
    of(`max(rate(${name}[5m]))`),
  ]);
}

/** Milliseconds of one question, its answer read to the end. */
export async function askDay(url: string, { path, parameters }: Question): Promise<number> {
  const began = performance.now();
  const query = new URLSearchParams(parameters).toString();
  const answer = await fetch(`${url}/api/v1/${path}?${query}`, {
    // On one machine compression only costs.
    headers: { "accept-encoding": "identity" },
  });
  const body = await answer.bytes();
  const tookMs = performance.now() - began;
  if (!answer.ok || body.length < 60)
    throw new Error(
      `${path} ${query}: ${answer.status} ${new TextDecoder().decode(body.subarray(0, 300))}`,
    );
  return tookMs;
}

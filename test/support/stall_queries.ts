/** One hostile query, as a form body of Prometheus's or Loki's API. */
export type Stall = {
  readonly name: string;
  readonly api: "prometheus" | "loki";
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
};

/** Queries that ask for as much work in one piece as they can, at a time. */
export function stallQueries(nowMs: number): Stall[] {
  return [...promql(nowMs), ...logql(nowMs)];
}

function groups(count: number, group = "(.*)"): string {
  return group.repeat(count);
}

function names(count: number): string {
  return Array.from({ length: count }, (_, i) => `"label${i}"`).join(",");
}

function bare(count: number): string {
  return Array.from({ length: count }, (_, i) => `label${i}`).join(",");
}

function hosts(count: number): string {
  return Array.from({ length: count }, (_, i) => `host-${i}.example.com:9100`).join("|");
}

function jsonPaths(count: number): string {
  return Array.from({ length: count }, (_, i) => `k${i}="a.b${i}"`).join();
}

function promql(nowMs: number): Stall[] {
  const instant: Readonly<Record<string, string>> = {
    plain: "m",
    replace_300: `label_replace(m, "x", "$1", "i", "${groups(300)}")`,
    replace_490: `label_replace(m, "x", "$1", "i", "${groups(490)}")`,
    replace_output: `label_replace(m, "x", "${"$1".repeat(50_000)}", "i", "(.*)")`,
    join_20000: `label_join(m, "x", ",", ${names(20_000)})`,
    join_repeated: `label_join(m, "x", ",", ${'"i",'.repeat(20_000)}"i")`,
    sort_by_label_20000: `sort_by_label(m, ${names(20_000)})`,
    sort_by_label: `sort_by_label(m, "job", "i")`,
    sort: "sort_desc(m)",
    topk: "topk(10000, m)",
    limit_ratio: "limit_ratio(0.5, m)",
    count_values: 'count_values("v", m)',
    count_values_by: `count_values by (${bare(20_000)}) ("v", m)`,
    sum_by_20000: `sum by (${bare(20_000)}) (m)`,
    sum_without_20000: `sum without (${bare(20_000)}) (m)`,
    sum_by: "sum by (i) (m)",
    quantile: "quantile(0.9, m)",
    match_ignoring: `m + ignoring(${bare(20_000)}) m`,
    match_on: `m + on(${bare(20_000)}) group_left m`,
    many_to_many_and: "m and m or m unless m",
    histogram_quantile: "histogram_quantile(0.9, n_bucket)",
    info: "info(m)",
    absent: "absent(m)",
    regex_values: `{i=~"${groups(300)}1"}`,
    regex_long: `{i=~"(.*a|.*b|.*1){300}.*"}`,
    regex_hosts_2000: `m{i=~"${hosts(2_000)}"}`,
    regex_hosts_prefixes: `m{i=~"${hosts(2_000).replaceAll("|", ".*|")}"}`,
    regex_hosts_20000: `m{i=~"${hosts(20_000)}"}`,
    regex_repeats: `m{i=~"((((a{1,9}){1,9}){1,9}){1,9}){1,9}"}`,
    deep: `${"(".repeat(5_000)}m${")".repeat(5_000)}`,
    long_sum: Array.from({ length: 20_000 }, () => "1").join("+"),
    long_text: `vector(1) and "${"x".repeat(2_000_000)}"`,
    nested_calls: `${"abs(".repeat(60)}m${")".repeat(60)}`,
  };
  const range: Readonly<Record<string, string>> = {
    range_plain: "m",
    range_sum: "sum(m)",
    range_quantile: "quantile(0.5, m)",
    range_rate: "rate(m[5m])",
    range_topk: "topk(1000, m)",
    range_limit_ratio: "limit_ratio(0.5, m)",
    range_binary: "m * on(i) m",
    range_and: "m and on(i) m",
    range_subquery: "max_over_time(sum(m)[9m:1ms])",
  };
  const common = { api: "prometheus" } as const;
  return [
    ...Object.entries(instant).map(([name, query]) => ({
      ...common,
      name: `promql_${name}`,
      path: "/query",
      body: { query, time: String(nowMs / 1_000 - 60) },
    })),
    ...Object.entries(range).map(([name, query]) => ({
      ...common,
      name: `promql_${name}`,
      path: "/query_range",
      body: {
        query,
        start: String(nowMs / 1_000 - 600),
        end: String(nowMs / 1_000),
        step: "1",
      },
    })),
  ];
}

function logql(nowMs: number): Stall[] {
  const named = Array.from({ length: 200 }, (_, i) => `(?P<a${i}>.*)`).join("");
  const logs: Readonly<Record<string, string>> = {
    plain: '{job="logs"}',
    regexp_200: `{job="logs"} | regexp "${named}"`,
    regexp_5: `{job="logs"} | regexp "(?P<a>.*)(?P<b>.*)(?P<c>.*)(?P<d>.*)(?P<e>.*) "`,
    line_star_500: `{job="logs"} |~ "(.*a){500}"`,
    line_star_500_not: `{job="logs"} !~ "(.*[ab]){500}x"`,
    line_states: `{job="logs"} |~ "[ae]..{200}[io]...{200}x"`,
    line_stage: `{job="logs"} | line_format "{{.job}}" |~ "(.*a){500}"`,
    label_regex: `{job="logs"} | json | path=~"${groups(300)}"`,
    json: '{job="logs"} | json',
    json_paths: `{job="logs"} | json ${jsonPaths(2_000)}`,
    logfmt: '{job="logs"} | logfmt',
    logfmt_json: '{job="logs"} | logfmt | json',
    pattern: `{job="logs"} | pattern "${Array.from({ length: 500 }, (_, i) => `<a${i}>,`).join("")}"`,
    pattern_filter: `{job="logs"} |> "${"<_>,".repeat(2_000)}"`,
    format_repeat: `{job="logs"} | line_format "{{ repeat 1000000 \\"x\\" }}"`,
    format_regex: `{job="logs"} | line_format "{{ regexReplaceAll \\"(.*a){500}\\" __line__ \\"x\\" }}"`,
    format_long: `{job="logs"} | line_format "${"{{ __line__ }}".repeat(1_000)}"`,
    format_double: `{job="logs"} ${'| line_format "{{ __line__ }}{{ __line__ }}" '.repeat(30)}`,
    label_format: `{job="logs"} | label_format ${Array.from({ length: 1_000 }, (_, i) => `l${i}="{{ __line__ }}"`).join(",")}`,
    drop_many: `{job="logs"} | json | drop ${bare(5_000)}`,
    keep_many: `{job="logs"} | json | keep ${bare(5_000)}`,
    decolorize: '{job="logs"} | decolorize',
    filters_1000: `{job="logs"} ${'!= "zzz" '.repeat(1_000)}`,
    stages_1000: `{job="logs"} ${"| json ".repeat(1_000)}`,
  };
  const metrics: Readonly<Record<string, string>> = {
    metric_regexp_200: `sum by (a1) (count_over_time({job="logs"} | regexp "${named}" [5m]))`,
    metric_by_line: 'count_over_time({job="logs"} | logfmt | json [5m])',
    metric_quantile: `quantile_over_time(0.9, {job="logs"} | json | unwrap took [5m]) by (path)`,
    metric_replace: `label_replace(sum by (path) (count_over_time({job="logs"} | json [5m])), "x", "$1", "path", "${groups(300)}")`,
    metric_topk: 'topk(1000, sum by (path) (count_over_time({job="logs"} | json [5m])))',
    metric_line_star: `sum(count_over_time({job="logs"} |~ "(.*a){500}" [5m]))`,
  };
  const common = { api: "loki" } as const;
  const [start, end] = [String(nowMs - 600_000), String(nowMs)].map((ms) => `${ms}000000`);
  const bounds = { start: start ?? "", end: end ?? "" };
  return [
    ...Object.entries(logs).map(([name, query]) => ({
      ...common,
      name: `logql_${name}`,
      path: "/query_range",
      body: { ...bounds, query, limit: "5000" },
    })),
    ...Object.entries(metrics).map(([name, query]) => ({
      ...common,
      name: `logql_${name}`,
      path: "/query",
      body: { query, time: bounds.end },
    })),
  ];
}

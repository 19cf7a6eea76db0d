import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { natsServerPath } from "#test/support/nats.ts";
import { logSystems } from "#test/support/log_corpus.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";

/** Small enough for every test run: what is proved is that they run and print what is read from them, not a figure. */
const tiny: Readonly<Record<string, { readonly args: string[]; readonly keys: string[] }>> = {
  access_log: {
    args: words("--lines 2000 --rounds 1"),
    keys: ["us_per_line", "us_per_line_of_series"],
  },
  adaptive: {
    args: words("--seconds 1 --warm_up 2 --ship 2s --agent source"),
    keys: ["plain", "every_second", "adaptive"],
  },
  adversary: {
    args: words("--series 50 --lines 200 --seconds 5 --only syslog_nuls"),
    keys: words("max_stall_ms p99_health_ms peak_rss_mb killed attacks"),
  },
  aggregation: {
    args: words("--targets 2 --series 20 --samples 4000"),
    keys: ["cpu_s_per_million"],
  },
  backtest: {
    args: words("--hosts 1 --days 1 --rounds 1"),
    keys: words("evaluations fired notifications first_s best_s"),
  },
  chaos: { args: ["--rounds", "0"], keys: ["rounds", "items", "unexplained", "duplicated"] },
  codec: { args: ["--scrapes", "3", "--rounds", "1"], keys: ["wire_bytes_per_sample"] },
  day: {
    args: words("--hosts 1 --hours 0.25 --rounds 1 --first_rounds 0 --peers none"),
    keys: words(
      "cpu_s_per_million blocks stored_bytes_per_sample max_stall_ms rss_mb p99_ms labels_p99_ms",
    ),
  },
  fleet: {
    args: words("--agents 3 --series 20 --interval 1 --seconds 2 --warm_up 1 --rounds 1"),
    keys: words("agents aggregator_cpu_percent aggregator_rss_mb list_agents_ms hosts_page_ms"),
  },
  footprint: {
    args: words("--seconds 1 --warm_up 4 --interval 1s --integrations memcached,redis"),
    keys: words("agent_rss_mb agent_cpu_percent series log_lines_per_s integrations"),
  },
  ingest: {
    args: ["--hosts", "1", "--samples", "5000", "--flush_interval", "200ms"],
    keys: words(
      "samples_per_s active_series aggregator_cpu_s_per_million agent_cpu_s_per_million aggregator_rss_mb wire_bytes_per_sample",
    ),
  },
  labels: {
    args: words("--hosts 1 --blocks 2 --rounds 1"),
    keys: words("names_ms values_ms series_ms one_values_ms one_series_ms first_names_ms rss_mb"),
  },
  logs: {
    args: words("--lines 5000 --flush_interval 200ms --agent source"),
    keys: words(
      "lines_per_s agent_cpu_s_per_million aggregator_cpu_s_per_million wire_bytes_per_line stored_bytes_per_line agent_rss_mb aggregator_rss_mb",
    ),
  },
  miner: {
    args: ["--lines", "1000"],
    keys: words(
      "cpu_s_per_million entropy_bytes_per_line wire_bytes_per_line stored_bytes_per_line zstd_3_bytes_per_line zstd_19_bytes_per_line systems",
    ),
  },
  outage: {
    args: words("--hosts 1 --hours 0.05 --rate 16KiB"),
    keys: words(
      "backlog_frames backlog_bytes newest_queryable_s backlog_bytes_per_s live_p50_ms live_p99_ms agent_cpu_s aggregator_cpu_s equal",
    ),
  },
  pace: {
    args: words(
      "--hosts 2 --minutes 0.05 --interval 1 --rest 0 --flush_interval 200ms --peers prometheus",
    ),
    keys: words("samples cpu_s_per_million peak_rss_mb blocks"),
  },
  pipeline: {
    args: words("--samples 5000 --lines 5000 --hosts 1 --flush_interval 200ms --agent source"),
    keys: ["ingest", "logs"],
  },
  probes: { args: ["--rounds", "3"], keys: ["rounds", "lapwing"] },
  query: {
    args: words(
      "--hosts 1 --hours 0.5 --rounds 1 --cold_rounds 1 --queries count_all --peers none",
    ),
    keys: ["p50_ms", "p99_ms"],
  },
  pushed_logs: {
    args: words("--lines 5000 --batch 500 --rest 0 --flush_interval 200ms"),
    keys: words("cpu_s_per_million rss_mb rest_rss_mb stored_bytes_per_line compaction"),
  },
  receivers: {
    args: words(
      "--lines 2000 --batch 200 --forms syslog_3164,fluent,otlp_json --flush_interval 200ms",
    ),
    keys: words("cpu_s_per_million rss_mb wire_bytes_per_line"),
  },
  redaction: { args: ["--lines", "8000", "--rounds", "1"], keys: ["cpu_s_per_million"] },
  reload: {
    args: words("--targets 20 --jobs 2 --sources 2 --rounds 1 --warm_up 1 --agent source"),
    keys: words("runs_ms answer_ms inputs_restarted reload_jitter_max_ms"),
  },
  remote_write: {
    args: ["--hosts", "2", "--samples", "10000", "--flush_interval", "200ms"],
    keys: words("samples_per_s cpu_s_per_million rss_mb"),
  },
  rules: {
    args: words("--hosts 1 --alerts 10 --records 10 --seconds 1 --warm_up 1 --peers none"),
    keys: words("cpu_percent rules_cpu_percent rss_mb group_p99_ms"),
  },
  targets: {
    args: words("--targets 20 --series 5 --interval 1 --seconds 2 --warm_up 2 --agent source"),
    keys: words("jitter_p50_ms jitter_p99_ms jitter_max_ms scrapes_per_s missed agent_cpu_percent"),
  },
  tiers: {
    args: words("--hosts 1 --days 1 --rounds 1 --cold_rounds 1 --queries sum_by_rate"),
    keys: ["p50_ms", "p99_ms", "cold", "bytes_per_bucket"],
  },
  size: {
    args: ["--scrapes", "30", "--peers", ""],
    keys: ["wire_bytes_per_sample", "stored_bytes_per_sample", "by_column"],
  },
  search: {
    args: ["--lines", "20000", "--rounds", "1", "--cold_rounds", "1"],
    keys: words("lines p50_ms p99_ms cold_p99_ms queries searches rss_mb peak_rss_mb"),
  },
  stalls: {
    args: words("--series 100 --lines 20 --only promql_s"),
    keys: words("max_stall_ms queries"),
  },
  statsd: {
    args: words("--packets 20000 --rate 50000 --series 100 --interval 1s"),
    keys: words("packets_per_s lost cpu_s_per_million cpu_share rss_mb"),
  },
  scrape: { args: ["--series", "50", "--rounds", "2"], keys: ["microseconds_a_sample"] },
  ui_dashboard: {
    args: words("--hosts 1 --hours 0.2 --rounds 1"),
    keys: words("last_panel_ms requests aggregator_cpu_ms page_busy_ms page_cpu_ms from_list"),
  },
  ui_logs: {
    args: words("--lines 2000 --seconds 1 --minutes 0.02"),
    keys: words("lines_scrolled frame_max_ms task_max_cpu_ms scroll_heap_mb follow_heap_mb"),
  },
  ui_series: {
    args: words("--series 200 --moves 5"),
    keys: words("load pointer show_more"),
  },
  wanted: {
    args: words("--inputs 2 --targets 2 --rounds 1"),
    keys: words("applied_ms_p50 applied_ms_max inputs_restarted"),
  },
};

function words(text: string): string[] {
  return text.split(" ");
}

const root = join(import.meta.dir, "../..");
const names = readdirSync(import.meta.dir)
  .filter((file) => /^[a-z_]+\.ts$/.test(file) && file !== "run.ts")
  .map((file) => file.slice(0, -3));
const hasMaterial = logSystems().length > 0 && (await recordedScrapes()).length > 0;
const isSupported = process.platform === "linux" && process.arch === "x64";
const test64 = test.skipIf(!isSupported || natsServerPath === undefined || !hasMaterial);

for (const name of names) {
  test64(
    `the benchmark ${name} runs and prints what is read from it`,
    async () => {
      const size = tiny[name];
      if (size === undefined) throw new Error(`${name} has no tiny size here`);
      const command = [process.execPath, "test/bench/run.ts", name, ...size.args];
      const child = Bun.spawn(command, { cwd: root, stdout: "pipe", stderr: "pipe" });
      const [told, errors] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      if ((await child.exited) !== 0) throw new Error(errors);
      const result = JSON.parse(told.trim().split("\n").at(-1) ?? "");
      expect(result.bench).toBe(name);
      for (const key of size.keys) expect(result).toHaveProperty(key);
      for (const value of Object.values(result)) expect(value).not.toBeNaN();
    },
    120_000,
  );
}

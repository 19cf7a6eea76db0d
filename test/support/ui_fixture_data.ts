import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AgentSchema, SeriesLimitStateSchema } from "#proto/gen/v1/query_pb.js";
import type { Labels } from "#shared/model/labels.ts";

export type FixtureHost = {
  readonly agent: string;
  readonly name: string;
  readonly silent: boolean;
};

/** A name that is markup, and a label value of 300 characters: whatever shows them must show text. */
export const markupName = `<img src=x onerror="window.hostile=1"><b>web</b>`;
const longValue = `/mnt/${"volume-".repeat(42)}z`.slice(0, 300);

/** Hosts with some silent ones among them; the first two have hostile names where asked for. */
export function fixtureHosts(count: number, hostile: boolean): FixtureHost[] {
  return Array.from({ length: count }, (_, i) => {
    const number = String(i + 1).padStart(3, "0");
    const plain = `web-${number}.example.net`;
    const name = hostile && i === 0 ? markupName : hostile && i === 1 ? longValue : plain;
    return { agent: `agent-${number}`, name, silent: count > 2 && i % 97 === 2 };
  });
}

const startedMs = Date.now() - 3 * 86_400_000;

const fixtureServices = [
  {
    integration: "memcached",
    title: "Memcached",
    instance: "127.0.0.1:11211",
    state: "running",
    origin: "detection",
    because: ["process memcached (pid 812)", "listens on 127.0.0.1:11211"],
  },
  {
    integration: "redis",
    title: "Redis",
    instance: "127.0.0.1:6379",
    state: "needs",
    origin: "detection",
    because: ["process redis-server (pid 813)", markupName],
    needs: [{ key: "password_file", example: "/etc/lapwing/redis", why: "It asks for one." }],
    snippet:
      "integrations:\n  redis:\n    - address: 127.0.0.1:6379\n      # It asks for one.\n      password_file: /etc/lapwing/redis\n",
  },
  {
    integration: "nginx",
    title: "nginx",
    instance: "127.0.0.1:8090",
    state: "down",
    origin: "configuration",
    lastError: "connect ECONNREFUSED 127.0.0.1:8090",
  },
];

const fixtureTargets = (seenMs: number) => [
  {
    pool: "node",
    url: "http://127.0.0.1:9100/metrics",
    health: "up",
    lastScrapeMs: seenMs - 3_000,
    lastDurationSeconds: 0.041,
    samples: 1_204,
  },
  {
    pool: "app",
    url: "http://127.0.0.1:8080/metrics",
    health: "down",
    lastError: `got status 500 from http://127.0.0.1:8080/metrics, expected 200: ${markupName}`,
    lastScrapeMs: seenMs - 9_000,
    lastDurationSeconds: 2.1,
  },
];

/** An agent as ListAgents tells it: its account grows with time and adds up at any moment. */
export function fixtureAgent(
  host: FixtureHost,
  i: number,
  nowMs: number,
  /** Without what a list leaves out. */
  isBrief = false,
): MessageInitShape<typeof AgentSchema> {
  const seenMs = host.silent ? nowMs - 900_000 : nowMs - 400;
  return {
    heartbeat: {
      tenant: "default",
      agent: host.agent,
      name: host.name,
      version: i % 50 === 7 ? "0.0.9" : "0.1.0",
      startedMs,
      nowMs: seenMs,
      facts: {
        os: "Debian GNU/Linux 13 (trixie)",
        kernel: "6.12.57",
        arch: "x86_64",
        cpus: "8",
        memory_bytes: String(16 * 1_024 ** 3),
      },
      labels: { env: i % 3 === 0 ? "staging" : "prod", site: ["north", "south"][i % 2] ?? "" },
      targetCounts: [
        { pool: "node", health: "up", count: 1 },
        { pool: "app", health: i % 10 === 0 ? "down" : "up", count: 1 },
      ],
      configuration: { source: "local" },
      scrapePools: [{ name: "app", configYaml: "job_name: app\nscrape_interval: 15s\n" }],
      lanes: [
        { spoolBytes: 1_200_000 + i, spoolBytesMax: 512 * 1_024 ** 2, state: "ok" },
        { spoolBytes: 90_000, spoolBytesMax: 512 * 1_024 ** 2, state: "ok" },
      ],
      integrations: isBrief ? [] : fixtureServices,
      targets: isBrief ? [] : fixtureTargets(seenMs),
      sources: [{ type: "host_metrics", state: "running" }],
    },
    lastSeenMs: seenMs,
    status: host.silent ? "silent" : "live",
    clockOffsetMs: i === 3 ? 4_200 : 12,
    account: fixtureLanes(host, i, nowMs),
  };
}

/** One limit that refuses, one that is nearly full, one with room; long and hostile names among them. */
export function fixtureSeriesLimits(
  hosts: readonly FixtureHost[],
  nowMs: number,
): MessageInitShape<typeof SeriesLimitStateSchema>[] {
  const [host] = hosts;
  if (host === undefined) return [];
  const { agent, name } = host;
  const target = "checkout 10.20.30.40:8080";
  return [
    {
      agent,
      limit: {
        scope: "target",
        name: target,
        limit: 200_000,
        active: 200_000,
        refusedSeries: 48_213,
        refusedSamples: 3_181_004,
        lastRefusedMs: nowMs - 4_000,
        fastest: {
          metric: "http_request_duration_seconds_bucket",
          label: "user_id",
          distinctValues: 18_400,
          growth: 17_950,
        },
      },
    },
    {
      agent,
      limit: {
        scope: "agent",
        name,
        limit: 1_000_000,
        active: 861_300,
        fastest: { metric: "", label: "__name__", distinctValues: 5_310, growth: 12 },
      },
    },
    { limit: { scope: "tenant", name: "default", limit: 5_000_000, active: 1_204_411 } },
  ];
}

export function fixtureLanes(host: FixtureHost, i: number, nowMs: number) {
  const seconds = Math.floor((nowMs - startedMs) / 1_000);
  const samples = seconds * 80;
  const lines = seconds * 3;
  const lost = i % 40 === 4 ? 1_234 : 0;
  return [
    {
      agent: host.agent,
      signal: "metrics",
      collected: samples,
      stored: samples - 640 - lost,
      inFlight: 640,
      dropped: lost > 0 ? { spool_full: lost - 34, sample_limit: 34 } : {},
      behindMs: 1_800,
      backlogItems: 0,
      backlogAgeMs: 0,
    },
    {
      agent: host.agent,
      signal: "logs",
      collected: lines,
      stored: lines - 6,
      inFlight: 6,
      dropped: {},
      behindMs: 900,
      backlogItems: 0,
      backlogAgeMs: 0,
    },
  ];
}

type Shape = {
  readonly metric: RegExp;
  readonly labels: readonly Labels[];
  readonly value: (line: number, seconds: number, host: number) => number;
};

const wave = (seconds: number, period: number, phase: number): number =>
  (Math.sin(seconds / period + phase) + 1) / 2;
const gib = 1_024 ** 3;

/** What the expressions of the pages give, by the first metric named in them. */
const shapes: readonly Shape[] = [
  {
    metric: /avg by \(mode\)/,
    labels: ["user", "system", "iowait", "irq", "nice", "softirq", "steal"].map((mode) => ({
      mode,
    })),
    value: (line, t, host) =>
      (line > 2 ? 0.05 * line : ([30, 12, 4][line] ?? 0)) * (0.3 + wave(t, 150, host + line)),
  },
  {
    metric: /idle/,
    labels: [{}],
    value: (_, t, host) => 4 + 70 * wave(t, 300, host) * wave(host, 7, 0),
  },
  {
    metric: /^100.*MemAvailable/,
    labels: [{}],
    value: (_, t, host) => 30 + (host % 60) + 4 * wave(t, 600, host),
  },
  {
    metric: /by \(mountpoint\)/,
    labels: [{ mountpoint: "/" }, { mountpoint: "/var" }, { mountpoint: longValue }],
    value: (line) => [61.4, 22.1, 92.7][line] ?? 0,
  },
  { metric: /filesystem/, labels: [{}], value: (_, t, host) => 20 + (host % 78) + t / 1e11 },
  {
    metric: /^sum.*receive/,
    labels: [{}],
    value: (_, t, host) => 1.2e6 * (1 + (host % 9)) * wave(t, 90, host),
  },
  {
    metric: /^sum.*transmit/,
    labels: [{}],
    value: (_, t, host) => 3.1e5 * (1 + (host % 7)) * wave(t, 130, host),
  },
  {
    metric: /receive|transmit/,
    labels: [{ device: "eth0" }, { device: "wg0" }],
    value: (line, t, host) => (2e6 / (1 + 9 * line)) * wave(t, 90, host),
  },
  { metric: /node_load1\{/, labels: [{}], value: (_, t, host) => 0.4 + 2.5 * wave(t, 200, host) },
  { metric: /node_load/, labels: [{}], value: (_, t, host) => 1.1 + wave(t, 400, host) },
  { metric: /^node_memory_MemTotal_bytes\{[^}]*\}$/, labels: [{}], value: () => 16 * gib },
  { metric: /MemTotal/, labels: [{}], value: (_, t, host) => (6 + wave(t, 500, host)) * gib },
  { metric: /Cached/, labels: [{}], value: (_, t) => (4 + wave(t, 900, 1)) * gib },
  { metric: /Buffers/, labels: [{}], value: () => 0.3 * gib },
  { metric: /Swap/, labels: [{}], value: () => 0 },
  {
    metric: /node_disk/,
    labels: [{ device: "nvme0n1" }, { device: "sda" }],
    value: (line, t, host) => (4e6 / (1 + 5 * line)) * wave(t, 60, host) ** 3,
  },
  { metric: /pressure/, labels: [{}], value: (_, t, host) => 6 * wave(t, 180, host) ** 2 },
  { metric: /procs/, labels: [{}], value: (_, t) => 1 + Math.round(4 * wave(t, 40, 0)) },
  {
    metric: /collected_items/,
    labels: [{}],
    value: (_, t, host) => (host === 0 ? 900 + 40 * wave(t, 90, 0) : 0),
  },
  { metric: /boot_time/, labels: [{}], value: () => 1_234_567 },
];

export type FixtureSeries = {
  readonly metric: Labels;
  readonly at: (seconds: number) => number | undefined;
};

/** The series that an expression gives, for the host that it names, or else one for each. */
export function fixtureSeries(query: string, hosts: readonly FixtureHost[]): FixtureSeries[] {
  // What holds only where something is wrong: nothing is, but for what agents tell themselves.
  if (/ > 0(?:\.85)?$| == 0$/.test(query)) return [];
  const shape = shapes.find(({ metric }) => metric.test(query));
  if (shape === undefined) return [];
  const literal = /instance=("(?:[^"\\]|\\.)*")/.exec(query)?.[1];
  const named: unknown = literal === undefined ? undefined : JSON.parse(literal);
  return hosts.flatMap((host, i) => {
    if (named !== undefined && named !== host.name) return [];
    return shape.labels.map((labels, line) => ({
      metric: { instance: host.name, ...labels },
      at: (seconds: number) => {
        const ageSeconds = Date.now() / 1_000 - seconds;
        if (host.silent && ageSeconds < 840) return undefined;
        // Two minutes that were never collected: pages must leave them open.
        if (/node_load|idle/.test(query) && ageSeconds > 300 && ageSeconds < 420) return undefined;
        return shape.value(line, seconds, i);
      },
    }));
  });
}

const lines = [
  `level=info msg="GET /api/orders" status=200 duration=12ms`,
  `level=debug msg="cache hit" key=orders:41`,
  `[warn] upstream answered after 1.8 s, expected 0.5 s`,
  `ERROR could not connect to postgres at 10.0.0.7:5432: connection refused`,
  `Nov 21 06:12:01 web CRON[4711]: (root) CMD (run-parts /etc/cron.hourly)`,
  `<script>window.hostile=1</script> says a visitor`,
  `{"level":"info","msg":"a long line","detail":"${"lorem ipsum dolor ".repeat(30)}"}`,
];

/** The line of one moment: one each 700 ms. */
export const linePeriodMs = 700;
export function fixtureLine(index: number): string {
  return `${lines[index % lines.length] ?? ""} #${index}`;
}

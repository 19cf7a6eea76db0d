import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { type Attack, statusOf, statusesText, type Victim } from "./attack.ts";

/** Statements that take gigabytes or minutes where nothing bounds them. */
const statements = [
  "SELECT length(range(2000000000))",
  "SELECT length(repeat('x', 4000000000))",
  "SELECT length(repeat(repeat('x', 60000), 60000))",
  "SELECT sum(length(repeat('x', 1000000))) FROM range(100000)",
  "SELECT length(rpad('x', 2000000000, 'y'))",
  "SELECT sum(length(lpad('x', 100000000, 'y'))) FROM range(20)",
  "SELECT length(printf('%2000000000d', 1))",
  "SELECT length(format('{:>2000000000}', 1))",
  "SELECT length(bitstring('1', 2000000000))",
  "SELECT length(list_sort(range(500000000)))",
  "SELECT cardinality(histogram(range)) FROM range(100000000)",
  "SELECT median(range) FROM range(1000000000)",
  "SELECT mode(range) FROM range(1000000000)",
  "SELECT damerau_levenshtein(repeat('a', 60000), repeat('b', 60000))",
  "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
  `SELECT repeat('a', 100000) GLOB '${"*a".repeat(30)}b'`,
  nestedTables(40),
];

function nestedTables(depth: number): string {
  const tables = ["t0 AS (SELECT range AS x FROM range(1000))"];
  for (let i = 1; i < depth; i++)
    tables.push(`t${i} AS (SELECT a.x FROM t${i - 1} a, t${i - 1} b)`);
  return `WITH ${tables.join(", ")} SELECT count(*) FROM t${depth - 1}`;
}

const groups = (count: number) => Array.from({ length: count }, (_, i) => `(?P<a${i}>.*)`).join("");

export const sqlBombs: Attack = {
  name: "sql_bombs",
  run: async ({ url }, signal) => {
    const rpc = createClient(QueryService, createConnectTransport({ baseUrl: url }));
    const statuses = await pooled(statements, 4, (sql) => askSql(rpc, sql, signal));
    return statusesText(statuses);
  },
};

/** "ok", the code of Connect, or "ended". The answer is read to its end and thrown away. */
async function askSql(
  rpc: Client<typeof QueryService>,
  sql: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    for await (const _ of rpc.querySql({ sql }, { signal })) if (signal.aborted) break;
    return "ok";
  } catch (thrown) {
    if (signal.aborted) return "ended";
    const { code } = ConnectError.from(thrown);
    if (code === Code.Unimplemented) throw thrown;
    return Code[code];
  }
}

const promqlTexts = [
  `label_replace(victim_series, "x", "$1", "i", "${"(.*)".repeat(300)}")`,
  `label_replace(victim_series, "x", "$1", "i", "${"(.*)".repeat(490)}")`,
  `sort_by_label(victim_series, ${labelNames(20_000)})`,
  `label_join(victim_series, "x", "-", ${labelNames(20_000)})`,
  `count_values("x", label_replace(victim_series, "y", "$1", "i", "(.*)"))`,
  `{i=~"${"(.*1)".repeat(200)}"}`,
  `quantile_over_time(0.5, victim_series[1h:1s])`,
  `victim_series * on (i) group_left () victim_series`,
  `sum by (i) (max_over_time(victim_series[30m:1s]))`,
];

function labelNames(count: number): string {
  return Array.from({ length: count }, (_, i) => `"l${i}"`).join(",");
}

export const promqlBombs: Attack = {
  name: "promql_bombs",
  run: async (victim, signal) =>
    statusesText(await pooled(promqlTexts, 3, (query) => askPromql(victim, query, signal))),
};

/** Makes each line ten times as long where it has an "e". */
const grown = String.raw`{{ __line__ | replace \"e\" \"eeeeeeeeee\" }}`;

const logqlTexts = [
  `{job="victim"} | regexp "${groups(200)}"`,
  `{job="victim"} |~ "(.*a){500}"`,
  `{job="victim"} |~ "(a|b|c|d|e|f|.*){200}x"`,
  `sum by (a0) (count_over_time({job="victim"} | regexp "${groups(100)}" [1h]))`,
  `{job="victim"} | line_format "${grown.repeat(20)}"`,
  `topk(10, sum by (line) (count_over_time({job="victim"} | pattern "<line> <_>" [1h])))`,
];

export const logqlBombs: Attack = {
  name: "logql_bombs",
  run: async (victim, signal) =>
    statusesText(await pooled(logqlTexts, 3, (query) => askLogql(victim, query, signal))),
};

/** 200 queries of all kinds at once, as many dashboards would ask. */
export const mixedQueries: Attack = {
  name: "mixed_queries",
  run: async (victim, signal) => {
    const kinds: readonly (() => Promise<number | string>)[] = [
      () => askPromql(victim, "sum_over_time(victim_series[1h])", signal, 3_600),
      () => askPromql(victim, "sort(victim_series)", signal),
      () => askPromql(victim, "sum by (i) (rate(victim_series[5m]))", signal, 3_600),
      () => askLogql(victim, '{job="victim"}', signal),
      () =>
        askLogql(victim, 'sum by (level) (count_over_time({job="victim"} | json [5m]))', signal),
      () => statusOf(`${victim.url}api/v1/series?match[]=victim_series`, {}, signal),
    ];
    const asked = Array.from({ length: 200 }, (_, i) => kinds[i % kinds.length]);
    return statusesText(await Promise.all(asked.map((ask) => ask?.() ?? Promise.resolve("none"))));
  },
};

function askPromql({ url }: Victim, query: string, signal: AbortSignal, rangeSeconds = 0) {
  const now = Math.floor(Date.now() / 1_000);
  const time = { query, time: String(now) };
  const range = { query, start: String(now - rangeSeconds), end: String(now), step: "15" };
  const path = rangeSeconds > 0 ? "query_range" : "query";
  const body = new URLSearchParams(rangeSeconds > 0 ? range : time);
  return statusOf(`${url}api/v1/${path}`, { method: "POST", body }, signal);
}

function askLogql({ url }: Victim, query: string, signal: AbortSignal) {
  const body = new URLSearchParams({ query, limit: "5000", since: "6h" });
  return statusOf(`${url}loki/api/v1/query_range`, { method: "POST", body }, signal);
}

/** Runs `work` over all items, so many at once. */
async function pooled<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of rest) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

import type { Client } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Command } from "commander";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";

type QueryFlags = {
  readonly url: string;
  readonly since: string;
  readonly step?: string;
  readonly limit: string;
  readonly json?: boolean;
};

/** `lapwing query promql|logql|sql EXPR`: asks a running Lapwing over its RPC, prints plain lines or JSON. */
export function queryCommand(command: Command): void {
  command.description("ask a running Lapwing");
  const sub = (name: string, what: string) =>
    command
      .command(name)
      .argument("<expr>", what)
      .option("--url <url>", "where it runs", process.env.LAPWING_URL ?? "http://127.0.0.1:7600")
      .option("--since <duration>", "how far back a range goes", "1h")
      .option("--limit <n>", "rows or lines at most", "100")
      .option("--json", "print the answer as JSON");
  sub("promql", "PromQL; an instant query unless --step is given")
    .description("metrics by PromQL")
    .option("--step <duration>", "ask for a range, a value each step")
    .action(promql);
  sub("logql", "LogQL")
    .description("logs by LogQL")
    .option("--step <duration>", "step of a metric query")
    .action(logql);
  sub("sql", "one SELECT over the views metrics and logs")
    .description("metrics and logs by SQL, read-only")
    .action(sql);
}

async function promql(query: string, flags: QueryFlags): Promise<void> {
  const { start, end } = range(flags);
  const request = { query, start, end, step: stepOf(flags) };
  const answer = await asked(flags, (lapwing) => lapwing.queryPromql(request));
  for (const warning of answer.warnings) console.error(`warning: ${warning}`);
  console.log(flags.json === true ? answer.json : pretty(answer.json));
}

async function logql(query: string, flags: QueryFlags): Promise<void> {
  const request = { query, ...range(flags), step: stepOf(flags), limit: Number(flags.limit) };
  const answer = await asked(flags, (lapwing) => lapwing.queryLogql(request));
  console.log(flags.json === true ? answer.json : pretty(answer.json));
}

async function sql(text: string, flags: QueryFlags): Promise<void> {
  const request = { sql: text, rowsMax: Number(flags.limit) };
  const answer = await asked(flags, (lapwing) => lapwing.querySql(request));
  if (flags.json === true) {
    const columns = answer.columns.map(({ name, type }) => ({ name, type }));
    console.log(JSON.stringify({ columns, rows: answer.rows.map((row) => JSON.parse(row)) }));
    return;
  }
  console.log(answer.columns.map(({ name }) => name).join("\t"));
  for (const row of answer.rows) {
    const cells: unknown = JSON.parse(row);
    if (Array.isArray(cells)) console.log(cells.map(cellText).join("\t"));
  }
  if (answer.truncated) console.error("there are more rows: raise --limit");
}

/** A refused query says why by itself; for what never arrived we say where it was sent to. */
async function asked<Answer>(
  { url }: QueryFlags,
  ask: (lapwing: Client<typeof QueryService>) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(createClient(QueryService, createConnectTransport({ baseUrl: url })));
  } catch (cause) {
    const isRefusal = cause instanceof ConnectError && cause.code !== Code.Unknown;
    const why = cause instanceof ConnectError ? cause.rawMessage : messageOf(cause);
    const message = isRefusal ? why : `no answer from ${url} (${why}): --url or LAPWING_URL`;
    throw new OperatingError(isRefusal ? "bad_request" : "unavailable", message, { cause });
  }
}

function range({ since }: QueryFlags): { start: number; end: number } {
  const end = Date.now() / 1_000;
  return { start: end - durationOf("--since", since) / 1_000, end };
}

function stepOf({ step }: QueryFlags): number {
  return step === undefined ? 0 : durationOf("--step", step) / 1_000;
}

function durationOf(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new OperatingError("bad_request", `${flag} is "${text}": expected a duration such as 15m`);
}

function cellText(cell: unknown): string {
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

/** Prometheus's and Loki's `data` as lines: labels and value, or time and log line. */
function pretty(json: string): string {
  const data: unknown = JSON.parse(json);
  if (typeof data !== "object" || data === null || !("result" in data)) return json;
  if (!Array.isArray(data.result)) return JSON.stringify(data.result);
  if (data.result.every((item) => typeof item !== "object")) return String(data.result[1]);
  return data.result.flatMap((item: Record<string, unknown>) => linesOf(item)).join("\n");
}

function linesOf(item: Record<string, unknown>): string[] {
  const labels = labelText(item.metric ?? item.stream);
  const points = Array.isArray(item.values) ? item.values : [item.value];
  return points.map((point: unknown) => {
    const [time, value] = Array.isArray(point) ? point : [undefined, undefined];
    const isLog = item.stream !== undefined;
    const ms = isLog ? Number(BigInt(String(time)) / 1_000_000n) : Number(time) * 1_000;
    return `${new Date(ms).toISOString()}\t${labels}\t${String(value)}`;
  });
}

function labelText(labels: unknown): string {
  if (typeof labels !== "object" || labels === null) return "{}";
  const { __name__: name = "", ...rest }: Record<string, unknown> = { ...labels };
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${String(name)}{${pairs.join(",")}}`;
}

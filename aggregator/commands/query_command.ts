import type { Client } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Command } from "commander";
import { type ReadAnswer, readParts } from "#proto/columns/answer_reader.ts";
import { readSql } from "#proto/columns/sql_rows.ts";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { answerJson, answerLines } from "./answer_text.ts";

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
  const request = { query, ...range(flags), step: stepOf(flags) };
  print(await asked(flags, (lapwing) => readParts(lapwing.queryPromql(request))), flags);
}

async function logql(query: string, flags: QueryFlags): Promise<void> {
  const request = { query, ...range(flags), step: stepOf(flags), limit: Number(flags.limit) };
  print(await asked(flags, (lapwing) => readParts(lapwing.queryLogql(request))), flags);
}

function print(answer: ReadAnswer, { json }: QueryFlags): void {
  for (const warning of answer.end.warnings) console.error(`warning: ${warning}`);
  if (json === true) console.log(JSON.stringify(answerJson(answer)));
  else for (const line of answerLines(answer)) console.log(line);
}

async function sql(text: string, flags: QueryFlags): Promise<void> {
  const request = { sql: text, rowsMax: Number(flags.limit) };
  const answer = await asked(flags, (lapwing) => readSql(lapwing.querySql(request)));
  for (const warning of answer.warnings) console.error(`warning: ${warning}`);
  if (flags.json === true) {
    const { columns, rows } = answer;
    console.log(JSON.stringify({ columns, rows: rows.map((row) => row.map(jsonCell)) }));
    return;
  }
  console.log(answer.columns.map(({ name }) => name).join("\t"));
  for (const row of answer.rows) console.log(row.map(cellText).join("\t"));
  if (answer.truncated) console.error("there are more rows: raise --limit");
}

/** A refused query says why by itself; for what never arrived we say where it was sent to. */
async function asked<Answer>(
  { url }: QueryFlags,
  ask: (lapwing: Client<typeof QueryService>) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(
      createClient(QueryService, createConnectTransport({ baseUrl: url, useBinaryFormat: true })),
    );
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
  const shown = jsonCell(cell);
  return typeof shown === "string" ? shown : JSON.stringify(shown);
}

/** JSON has no NaN and no infinities: their names stand for them. */
function jsonCell(cell: unknown): unknown {
  return typeof cell === "number" && !Number.isFinite(cell) ? String(cell) : cell;
}

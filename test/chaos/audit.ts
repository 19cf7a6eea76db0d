import { z } from "zod";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { audit } from "#test/support/numbered.ts";
import type { Host, World } from "./world.ts";

export type Verdict = {
  items: number;
  /** Numbers that are in no block and that nothing explains. */
  unexplained: number;
  duplicated: number;
  /** Items that the loss account names with a reason. */
  dropped_with_reason: number;
  /** Scrapes under way when their agent was killed: never collected, so never promised. */
  scrapes_cut_short: number;
  /** Scrapes whose answer came too late for their timeout: stored as up 0, which is what happened. */
  scrapes_failed: number;
  problems: string[];
};

/** A scrape whose answer was sent this long before a kill may not have reached the spool. */
const scrapeLifeMs = 1_500;

function client(world: World) {
  return createClient(QueryService, createConnectTransport({ baseUrl: world.aggregator.url }));
}

async function rowsOf(world: World, sql: string): Promise<unknown[][]> {
  const { rows, truncated } = await client(world).querySql({ sql });
  if (truncated) throw new Error("the audit must see every row");
  return z.array(z.array(z.unknown())).parse(rows.map((row): unknown => JSON.parse(row)));
}

async function accounts(world: World) {
  const { lanes } = await client(world).getLossAccount({});
  return lanes;
}

/** Waits until every line written is stored and nothing is in flight. Says what is missing when that takes too long. */
export async function settle(world: World, timeoutMs: number): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  let state = "nothing was heard";
  while (performance.now() < deadline) {
    try {
      const lanes = (await accounts(world)).filter(({ signal }) => signal === "logs");
      const stored = lanes.reduce((sum, lane) => sum + lane.stored, 0);
      const dropped = lanes.reduce((sum, lane) => sum + total(lane.dropped), 0);
      const written = world.hosts.reduce((sum, { lines }) => sum + lines.written, 0);
      state = `${stored} of ${written} lines stored, ${dropped} dropped`;
      if (stored + dropped >= written) return undefined;
    } catch (thrown) {
      state = String(thrown);
    }
    await Bun.sleep(250);
  }
  return state;
}

/** Every number given out, held against what is stored and what the account says. */
export async function judge(world: World): Promise<Verdict> {
  const verdict: Verdict = {
    items: 0,
    unexplained: 0,
    duplicated: 0,
    dropped_with_reason: 0,
    scrapes_cut_short: 0,
    scrapes_failed: 0,
    problems: [],
  };
  const lanes = await accounts(world);
  verdict.dropped_with_reason = lanes.reduce((sum, lane) => sum + total(lane.dropped), 0);
  const lines = await rowsOf(world, "SELECT body FROM logs");
  const samples = await rowsOf(
    world,
    "SELECT labels['exporter'], value FROM metrics WHERE name = 'chaos_number' AND NOT isnan(value)",
  );
  const failures = await rowsOf(
    world,
    "SELECT labels['instance'], epoch_ms(timestamp) FROM metrics WHERE name = 'up' AND value = 0",
  );
  for (const host of world.hosts) {
    judgeLines(host, lines, verdict);
    const failed = failures.filter(([instance]) => instance === host.exporter.target);
    judgeSamples(
      host,
      samples,
      failed.map(([, ms]) => Number(ms)),
      verdict,
    );
  }
  await judgeAccount(world, verdict);
  return verdict;
}

function judgeLines(host: Host, rows: readonly unknown[][], verdict: Verdict): void {
  const shape = new RegExp(`^${host.name} line (\\d+) end$`);
  const numbers = rows.flatMap(([body]) => {
    const match = shape.exec(String(body));
    return match === null ? [] : [Number(match[1])];
  });
  const { missing, repeated, foreign } = audit(numbers, host.lines.written);
  verdict.items += host.lines.written;
  verdict.unexplained += missing.length + foreign;
  verdict.duplicated += repeated.length;
  note(verdict, `lines of ${host.name} missing`, missing);
  note(verdict, `lines of ${host.name} repeated`, repeated);
}

function judgeSamples(
  host: Host,
  rows: readonly unknown[][],
  failedMs: readonly number[],
  verdict: Verdict,
): void {
  const numbers = rows.filter(([name]) => name === host.name).map(([, value]) => Number(value));
  // What was scraped after the end of the audit's own question is not asked for.
  const count = Math.max(0, ...numbers);
  const { missing, repeated } = audit(numbers, count);
  const unexplained: number[] = [];
  for (const number of missing) {
    const at = host.exporter.servedMs[number - 1] ?? 0;
    const isCut = host.killedMs.some((killed) => killed >= at && killed - at < scrapeLifeMs);
    const isFull = host.fullMs.some(({ from, to }) => at >= from && at <= to);
    // A scrape's time is that of its start; its answer left at most the timeout later.
    const isFailed = failedMs.some((failed) => Math.abs(failed - at) < 500);
    if (isCut) verdict.scrapes_cut_short++;
    else if (isFailed) verdict.scrapes_failed++;
    else if (!isFull || verdict.dropped_with_reason === 0) unexplained.push(number);
  }
  verdict.items += count;
  verdict.unexplained += unexplained.length;
  verdict.duplicated += repeated.length;
  note(verdict, `samples of ${host.name} missing`, unexplained);
  note(verdict, `samples of ${host.name} repeated`, repeated);
}

/** The account's own words against the rows: what it calls stored is what is there. */
async function judgeAccount(world: World, verdict: Verdict): Promise<void> {
  const lanes = await accounts(world);
  for (const lane of lanes) {
    const right = lane.stored + lane.inFlight + total(lane.dropped);
    if (lane.collected !== right)
      verdict.problems.push(
        `${lane.agent} ${lane.signal}: collected ${lane.collected}, sum ${right}`,
      );
  }
  const logs = lanes.filter(({ signal }) => signal === "logs");
  const [[rows] = []] = await rowsOf(world, "SELECT count(*) FROM logs");
  const stored = logs.reduce((sum, lane) => sum + lane.stored, 0);
  if (Number(rows) !== stored)
    verdict.problems.push(`account stores ${stored} lines, blocks ${String(rows)}`);
}

function note(verdict: Verdict, what: string, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  verdict.problems.push(`${what}: ${numbers.length}, first ${numbers.slice(0, 5).join(" ")}`);
}

function total(dropped: Readonly<Record<string, number>>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

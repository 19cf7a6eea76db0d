import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { readSql } from "#proto/columns/sql_rows.ts";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { asking } from "#test/support/asking.ts";
import { audit } from "#test/support/numbered.ts";
import type { Cause } from "./explain_samples.ts";
import { explainSamples } from "./explain_samples.ts";
import { lostNumbers } from "./lost_numbers.ts";
import type { ScrapeRow } from "./scrape_rows.ts";
import { failedScrapes, scrapeRows } from "./scrape_rows.ts";
import { removedRecords } from "./stores.ts";
import type { Host, World } from "./world.ts";

/**
 * The audit of the chaos: every number that was given out is stored once, or one cause of its own explains it.
 *
 * A block that was given up explains what it held, item by item, and nothing of that may be stored elsewhere. Besides, lines need no explanation: a tail reads them again. A scrape can't be had again, so a number that its target gave out may rightly be
 * nowhere, and the audit must know why for each of them, by what was seen on both sides and not by a margin of time:
 *
 * - The scrape failed: its row says `up 0` and how long it took, so it is known from when to when its request was under way. A target that
 *   stands still (here: all of them, whenever this process does) still finds the request when it goes on, and answers to
 *   nobody. The exporter tells when the request came at the earliest, which is before it stood still.
 * - The scrape was cut short: its agent was killed before the row was in the spool, so after its last row that is stored. A target's scrapes
 *   and their rows come one after another, hence a kill explains one number.
 * - The disk refused the row, and the account has counted its samples.
 *
 * A connection that asks again has read the answer before, if too late; so no kill explains such a number, and a failed scrape only where the answer came before its time-out. What has no cause is a loss.
 */
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
  /** Lines past their retention: stored, and then removed. */
  lines_expired: number;
  /** Scrapes whose rows the disk refused: among those dropped with a reason. */
  scrapes_refused: number;
  /** Lines and numbers of blocks that were given up. */
  lost_with_blocks: number;
  /** Whole days of samples that were there to be downsampled. */
  days_downsampled: number;
  problems: string[];
};

/** When a disk takes writes again, one that was refused may still be on its way back. */
const refusedLateMs = 1_000;

/** The number; up, the duration, and three counts of samples and series. */
const samplesAScrape = 6;

function client(world: World) {
  return createClient(
    QueryService,
    createConnectTransport({ baseUrl: world.aggregator.process.url }),
  );
}

function data(world: World) {
  return createClient(
    DataService,
    createConnectTransport({ baseUrl: world.aggregator.process.url }),
  );
}

async function rowsOf(world: World, sql: string): Promise<unknown[][]> {
  const { rows, truncated } = await readSql(client(world).querySql({ sql }));
  if (truncated) throw new Error("the audit must see every row");
  return rows.map((row) => [...row]);
}

async function accounts(world: World) {
  const { lanes } = await client(world).getLossAccount({});
  return lanes;
}

/**
 * Waits until every line that was written, and for each host a sample that was scraped after the writing stopped, is stored and nothing
 * is in flight before them. Says what is missing when that takes too long.
 */
export async function settle(world: World, timeoutMs: number): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  let state = "nothing was heard";
  while (performance.now() < deadline) {
    try {
      const missing =
        (await missingLines(world)) ??
        (await missingSamples(world)) ??
        (await maintenanceLeft(world));
      if (missing === undefined) return undefined;
      state = missing;
    } catch (thrown) {
      state = String(thrown);
    }
    await Bun.sleep(250);
  }
  return state;
}

async function missingLines(world: World): Promise<string | undefined> {
  const lanes = (await accounts(world)).filter(({ signal }) => signal === "logs");
  const stored = lanes.reduce((sum, lane) => sum + lane.stored, 0);
  const dropped = lanes.reduce((sum, lane) => sum + total(lane.dropped), 0);
  const written = world.hosts.reduce((sum, { lines, expired }) => sum + lines.written + expired, 0);
  if (stored + dropped >= written) return undefined;
  return `${stored} of ${written} lines stored, ${dropped} dropped`;
}

/** What is past its retention goes, and old days are downsampled, with the next rounds of maintenance. */
async function maintenanceLeft(world: World): Promise<string | undefined> {
  const [[left] = []] = await rowsOf(
    world,
    "SELECT count(*) FROM logs WHERE body LIKE '% expired %'",
  );
  if (Number(left) > 0) return `${String(left)} lines past their retention are there`;
  const { deletionStopped } = await data(world).getStorage({});
  if (deletionStopped !== "") return `deletion is stopped: ${deletionStopped}`;
  const { oldDays, process } = world.aggregator;
  const isDone = await oldDays.areDownsampled(asking(process.url));
  return isDone ? undefined : "the oldest day is not downsampled";
}

async function missingSamples(world: World): Promise<string | undefined> {
  // The newest sample may be there before older ones that a break has left.
  const left = (await accounts(world)).find(({ backlogItems }) => backlogItems > 0);
  if (left !== undefined) return `${left.agent}: ${left.backlogItems} items of ${left.signal} left`;
  const rows = await rowsOf(
    world,
    "SELECT labels['exporter'], max(value) FROM metrics WHERE name = 'chaos_number' AND NOT isnan(value) GROUP BY 1",
  );
  const newest = new Map(rows.map(([name, value]) => [String(name), Number(value)]));
  for (const { name, asked } of world.hosts) {
    const have = newest.get(name) ?? 0;
    if (have <= asked) return `${name}: sample ${have} is the newest, ${asked} were asked for`;
  }
  return undefined;
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
    scrapes_refused: 0,
    lines_expired: world.hosts.reduce((sum, { expired }) => sum + expired, 0),
    lost_with_blocks: 0,
    days_downsampled: 0,
    problems: [],
  };
  const lanes = await accounts(world);
  verdict.dropped_with_reason = lanes.reduce((sum, lane) => sum + total(lane.dropped), 0);
  const lines = await rowsOf(world, "SELECT body FROM logs");
  const samples = await rowsOf(
    world,
    "SELECT labels['exporter'], value FROM metrics WHERE name = 'chaos_number' AND NOT isnan(value)",
  );
  const scrapes = withLost(await scrapeRows((sql) => rowsOf(world, sql)), world);
  const refusals = refusalsOf(lanes);
  for (const host of world.hosts) {
    judgeLines(world, host, lines, verdict);
    judgeSamples(world, host, samples, { causes: causesOf(host, scrapes, refusals), verdict });
  }
  await judgeAccount(world, verdict);
  const { oldDays, process } = world.aggregator;
  verdict.days_downsampled = oldDays.count;
  verdict.problems.push(...(await oldDays.problems(asking(process.url))));
  return verdict;
}

/** How many whole scrapes the disk has refused, by the account. */
function refusalsOf(lanes: Awaited<ReturnType<typeof accounts>>): number {
  const items = lanes
    .filter(({ signal }) => signal === "metrics")
    .reduce((sum, { dropped }) => sum + (dropped.disk_error ?? 0), 0);
  return Math.floor(items / samplesAScrape);
}

function causesOf(
  host: Host,
  scrapes: ReadonlyMap<string, readonly ScrapeRow[]>,
  refusals: number,
): Cause[] {
  const rows = scrapes.get(host.exporter.target) ?? [];
  const cutShort = host.goneMs.map((goneMs): Cause => {
    const last = rows.findLast(({ atMs }) => atMs <= goneMs);
    return { kind: "cut_short", spans: [{ fromMs: last?.atMs ?? 0, toMs: goneMs }] };
  });
  const spans = host.full.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + refusedLateMs }));
  const refused = Array.from({ length: spans.length === 0 ? 0 : refusals }, (): Cause => {
    return { kind: "disk_error", spans };
  });
  return [...failedScrapes(rows), ...cutShort, ...refused];
}

function judgeLines(world: World, host: Host, rows: readonly unknown[][], verdict: Verdict): void {
  const shape = new RegExp(`^${host.name} line (\\d+) end$`);
  const numbersOf = (bodies: readonly unknown[]) =>
    bodies.flatMap((body) => {
      const match = shape.exec(String(body));
      return match === null ? [] : [Number(match[1])];
    });
  const stored = numbersOf(rows.map(([body]) => body));
  const { lostBlocks, lostBlocksForgotten } = world.aggregator;
  const inBlocks = lostBlocks.map(({ lines }) => numbersOf(lines));
  const lost = lostNumbers(inBlocks, lostBlocksForgotten, stored);
  verdict.lost_with_blocks += lost.length;
  const { missing, repeated, foreign } = audit([...stored, ...lost], host.lines.written);
  verdict.items += host.lines.written;
  verdict.unexplained += missing.length + foreign;
  verdict.duplicated += repeated.length;
  note(verdict, `lines of ${host.name} missing`, missing);
  note(verdict, `lines of ${host.name} repeated`, repeated);
}

function judgeSamples(
  world: World,
  host: Host,
  rows: readonly unknown[][],
  { causes, verdict }: { readonly causes: readonly Cause[]; readonly verdict: Verdict },
): void {
  // What was scraped after the writing stopped is not asked for.
  const stored = rows
    .filter(([name]) => name === host.name)
    .map(([, value]) => Number(value))
    .filter((number) => number <= host.asked);
  const { lostBlocks, lostBlocksForgotten } = world.aggregator;
  const inBlocks = lostBlocks.map(({ numbers }) => numbers.get(host.name) ?? []);
  const lost = lostNumbers(inBlocks, lostBlocksForgotten, stored);
  verdict.lost_with_blocks += lost.length;
  const { missing, repeated } = audit([...stored, ...lost], host.asked);
  const given = missing.map((number) => host.exporter.given(number));
  const { explained, unexplained } = explainSamples(given, causes);
  verdict.scrapes_failed += explained.scrape_failed;
  verdict.scrapes_cut_short += explained.cut_short;
  verdict.scrapes_refused += explained.disk_error;
  verdict.items += host.asked;
  verdict.unexplained += unexplained.length;
  verdict.duplicated += repeated.length;
  note(verdict, `samples of ${host.name} missing`, unexplained);
  note(verdict, `samples of ${host.name} repeated`, repeated);
}

/** With the rows of blocks that were given up. */
function withLost(
  rows: ReadonlyMap<string, readonly ScrapeRow[]>,
  { aggregator }: World,
): Map<string, ScrapeRow[]> {
  const all = new Map(Array.from(rows, ([target, own]) => [target, [...own]]));
  for (const { scrapes } of aggregator.lostBlocks)
    for (const [target, lost] of scrapes)
      all.set(
        target,
        [...(all.get(target) ?? []), ...lost].toSorted((a, b) => a.atMs - b.atMs),
      );
  return all;
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
  // A catalog that was lost knows no more what it had removed.
  const { catalogLosses, lostBlocks, lostBlocksForgotten } = world.aggregator;
  const { removed: counts } = await data(world).getStorage({});
  for (const signal of ["logs", "metrics"] as const) {
    const lost = lostBlocks
      .slice(lostBlocksForgotten)
      .filter((block) => block.signal === signal)
      .reduce((sum, { items }) => sum + items, 0);
    const counted = counts.find((one) => one.signal === signal && one.reason === "lost");
    const reported = counted?.items ?? 0;
    if (reported !== lost)
      verdict.problems.push(
        `${reported} items of ${signal} are lost by the catalog, expected ${lost}`,
      );
  }
  if (catalogLosses > 0) return;
  const removed = await removedRecords(world.stores);
  if (Number(rows) + removed !== stored)
    verdict.problems.push(
      `account stores ${stored} lines, blocks ${String(rows)}, and ${removed} are removed`,
    );
}

function note(verdict: Verdict, what: string, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  verdict.problems.push(`${what}: ${numbers.length}, first ${numbers.slice(0, 5).join(" ")}`);
}

function total(dropped: Readonly<Record<string, number>>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

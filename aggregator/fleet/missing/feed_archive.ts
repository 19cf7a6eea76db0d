import { z } from "zod";
import { nextTurn, isTurnOver } from "#shared/async/turns.ts";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { AgentFeed } from "../../read/missing_agent.ts";
import { type AgentFeeds, viewOf } from "./agent_feeds.ts";

const lookEveryMs = 30_000;
/** Series of a running agent that come and go are written this often at most; those of one that has not sent all of its series yet more often. */
const [rewriteAfterMs, unsettledAfterMs] = [600_000, 120_000];
/** An agent that sends nothing for so long is written at once: it may be going. */
const quietMs = 20_000;
/** Series of one agent that are kept over a restart. */
const seriesMax = 100_000;

const AgentRow = z.object({ agent: z.string() });
const FeedRow = z.object({ series: z.string() });
const LabelSet = z.record(z.string(), z.string());
const [newline, signs] = ["\n", { metrics: "m", streams: "s" }] as const;

type Saved = { readonly revision: number; readonly savedMs: number };
type Parts = {
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly feeds: AgentFeeds;
  /** Agents that are not forgotten. */
  readonly known: () => ReadonlySet<string>;
};

/** Keeps in the catalog which series each agent sends, so that after a restart it is known what a silent agent would have sent. */
export class FeedArchive {
  readonly #parts: Parts;
  readonly #failures: RepeatedWarning;
  readonly #stored: Set<string>;
  readonly #saved = new Map<string, Saved>();
  /** What was written before the start. */
  readonly #read = new Map<string, AgentFeed | undefined>();
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  static async open(parts: Parts): Promise<FeedArchive> {
    const { catalog, tenant } = parts;
    const rows = await catalog.transaction("read agents that fed rules", async (sql) => [
      ...(await sql`SELECT agent FROM agent_feeds WHERE tenant = ${tenant}`),
    ]);
    const stored = z.array(AgentRow).parse(rows);
    return new FeedArchive(parts, new Set(stored.map(({ agent }) => agent)));
  }

  private constructor(parts: Parts, stored: Set<string>) {
    this.#parts = parts;
    const { log, clock } = parts;
    this.#failures = new RepeatedWarning(log, clock, "the series of agents are not kept");
    this.#stored = stored;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** What an agent had sent when that was written last. What cannot be read is logged, and asked for again later. */
  async read(agent: string): Promise<AgentFeed | undefined> {
    if (!this.#stored.has(agent)) return undefined;
    if (this.#read.has(agent)) return this.#read.get(agent);
    const { catalog, tenant } = this.#parts;
    try {
      const rows = await catalog.transaction("read the series of an agent", async (sql) => [
        ...(await sql`SELECT series FROM agent_feeds WHERE tenant = ${tenant} AND agent = ${agent}`),
      ]);
      const [row] = z.array(FeedRow).parse(rows);
      const feed = row === undefined ? undefined : await feedOf(row.series);
      this.#read.set(agent, feed);
      return feed;
    } catch (thrown) {
      this.#failures.warn(() => ({ agent, error: messageOf(thrown) }));
      return undefined;
    }
  }

  /** Writes what has changed. */
  async save(): Promise<void> {
    const { feeds, known } = this.#parts;
    const listed = known();
    try {
      for (const agent of feeds.agents()) if (this.#isDue(agent)) await this.#write(agent);
      for (const agent of [...this.#stored].filter((one) => !listed.has(one)))
        await this.#remove(agent);
    } catch (thrown) {
      // The next look tries again.
      this.#failures.warn(() => ({ error: messageOf(thrown) }));
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal);
      if (!signal.aborted) await this.save();
    }
  }

  #isDue(agent: string): boolean {
    const { feeds, clock } = this.#parts;
    const saved = this.#saved.get(agent);
    // What was written before the start is better than a part of it.
    if (saved === undefined) return !this.#stored.has(agent) || feeds.isSettled(agent);
    if (saved.revision === feeds.revisionOf(agent)) return false;
    const nowMs = clock.monotonic();
    const afterMs = feeds.isSettled(agent) ? rewriteAfterMs : unsettledAfterMs;
    return nowMs - saved.savedMs > afterMs || nowMs - feeds.seenMs(agent) > quietMs;
  }

  async #write(agent: string): Promise<void> {
    const { catalog, tenant, clock, feeds } = this.#parts;
    const feed = feeds.of(agent);
    if (feed === undefined) return;
    const series = await textOf(feed);
    const updatedMs = Math.round(clock.now());
    await catalog.fenced(
      "write the series of an agent",
      (sql) => sql`INSERT INTO agent_feeds (tenant, agent, series, updated_ms)
        VALUES (${tenant}, ${agent}, ${series}, ${updatedMs})
        ON CONFLICT (tenant, agent) DO UPDATE SET series = excluded.series,
        updated_ms = excluded.updated_ms`,
    );
    this.#stored.add(agent);
    this.#read.delete(agent);
    this.#saved.set(agent, { revision: feed.revision, savedMs: clock.monotonic() });
  }

  async #remove(agent: string): Promise<void> {
    const { catalog, tenant, feeds } = this.#parts;
    await catalog.fenced(
      "forget the series of an agent",
      (sql) => sql`DELETE FROM agent_feeds WHERE tenant = ${tenant} AND agent = ${agent}`,
    );
    feeds.forget(agent);
    for (const map of [this.#saved, this.#read]) map.delete(agent);
    this.#stored.delete(agent);
  }
}

/** A line for each label set, as JSON behind the sign of its kind, compressed with zstd, as base64: both kinds of catalogs have texts. */
async function textOf(feed: AgentFeed): Promise<string> {
  const lines: string[] = [];
  await addLines(lines, signs.metrics, feed.metrics());
  await addLines(lines, signs.streams, feed.streams());
  const packed = await Bun.zstdCompress(lines.join(newline));
  return packed.toString("base64");
}

async function addLines(lines: string[], sign: string, series: Iterable<Labels>): Promise<void> {
  let count = 0;
  for (const labels of series) {
    if (isTurnOver()) await nextTurn();
    if (count++ >= seriesMax) break;
    lines.push(sign + JSON.stringify(labels));
  }
}

async function feedOf(text: string): Promise<AgentFeed> {
  const packed = await Bun.zstdDecompress(Buffer.from(text, "base64"));
  const metrics: Labels[] = [];
  const streams: Labels[] = [];
  for (const line of packed.toString().split(newline)) {
    if (isTurnOver()) await nextTurn();
    if (line === "") continue;
    const labels = LabelSet.parse(JSON.parse(line.slice(1)));
    if (line.startsWith(signs.metrics)) metrics.push(labels);
    else streams.push(labels);
  }
  // No feed in memory has it: those count up from 1.
  return viewOf(0, () => metrics, streams);
}

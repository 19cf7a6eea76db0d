import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { AgentFeed } from "../../read/missing_agent.ts";

/** What one agent has sent. Times are of the clock that does not jump. */
type Feed = {
  readonly schemas: Map<DecodedSchema, { seenMs: number; columns: number }>;
  readonly streams: Map<string, Labels>;
  /** When its first frame came. */
  readonly firstMs: number;
  /** Of all schemas. */
  columns: number;
  prunedMs: number;
  seenMs: number;
  revision: number;
  /** Made when asked for. */
  view: AgentFeed | undefined;
};

/** Series that were in no frame for so long are no longer the agent's. */
const keptMs = 3_600_000;
const pruneEveryMs = 600_000;
/** Of more than so many, those are let go first that were in no frame for a minute: where series come and go, they would fill the memory. */
const seriesMaxDefault = 200_000;
const idleMs = 60_000;
const idleEveryMs = 5_000;
/** An agent has sent all of its series after so long: frames that are read again after a start bring them one by one. */
const settledAfterMs = 600_000;
/** Streams of one agent that are remembered; more are not. */
const streamsMax = 10_000;

/**
 * Which series come from which agent, in memory, for one tenant: series carry no name of their agent. Series are known by the schemas of
 * frames, which are in memory anyway, so a frame costs a few entries of a map.
 */
export class AgentFeeds {
  readonly #tenant: string;
  readonly #monotonic: () => number;
  readonly #seriesMax: number;
  readonly #feeds = new Map<string, Feed>();
  #revisions = 0;

  constructor(tenant: string, monotonic: () => number, seriesMax = seriesMaxDefault) {
    this.#tenant = tenant;
    this.#seriesMax = seriesMax;
    this.#monotonic = monotonic;
  }

  metricsArrived(lane: LaneId, { rows, sparse, histograms = [] }: DecodedMetrics): void {
    if (lane.tenant !== this.#tenant) return;
    const nowMs = this.#monotonic();
    const feed = this.#feedOf(lane.agent, nowMs);
    let last: DecodedSchema | undefined;
    for (const list of [rows, sparse, histograms])
      for (const { schema } of list) {
        if (schema === last) continue;
        last = schema;
        this.#note(feed, schema, nowMs);
      }
  }

  logsArrived(lane: LaneId, { streams }: Pick<LogsBatch, "streams">): void {
    if (lane.tenant !== this.#tenant) return;
    const feed = this.#feedOf(lane.agent, this.#monotonic());
    for (const labels of streams) {
      const key = labelsKey(labels);
      if (feed.streams.has(key) || feed.streams.size >= streamsMax) continue;
      feed.streams.set(key, labels);
      this.#changed(feed);
    }
  }

  /** Agents that have sent data. */
  agents(): Iterable<string> {
    return this.#feeds.keys();
  }

  of(agent: string): AgentFeed | undefined {
    const feed = this.#feeds.get(agent);
    if (feed === undefined) return undefined;
    feed.view ??= viewOf(feed.revision, () => seriesOf(feed), feed.streams.values().toArray());
    return feed.view;
  }

  /** Changes when the agent sends other series; undefined where it has sent none. */
  revisionOf(agent: string): number | undefined {
    return this.#feeds.get(agent)?.revision;
  }

  /** Whether all that it sends is known; else what is known from before the start counts, too. */
  isSettled(agent: string): boolean {
    const feed = this.#feeds.get(agent);
    return feed !== undefined && feed.seenMs - feed.firstMs >= settledAfterMs;
  }

  /** When its last frame came, by the clock that does not jump. */
  seenMs(agent: string): number {
    return this.#feeds.get(agent)?.seenMs ?? -Infinity;
  }

  forget(agent: string): void {
    this.#feeds.delete(agent);
  }

  #note(feed: Feed, schema: DecodedSchema, nowMs: number): void {
    const columns = schema.series.length;
    const known = feed.schemas.get(schema);
    if (known === undefined) feed.schemas.set(schema, { seenMs: nowMs, columns });
    else {
      known.seenMs = nowMs;
      if (known.columns === columns) return;
      feed.columns -= known.columns;
      known.columns = columns;
    }
    feed.columns += columns;
    if (feed.columns > this.#seriesMax && nowMs - feed.prunedMs > idleEveryMs)
      this.#prune(feed, nowMs, idleMs);
    this.#changed(feed);
  }

  #feedOf(agent: string, nowMs: number): Feed {
    let feed = this.#feeds.get(agent);
    if (feed === undefined) {
      const times = { firstMs: nowMs, prunedMs: nowMs, seenMs: nowMs };
      const series = { schemas: new Map(), streams: new Map(), columns: 0 };
      feed = { ...series, ...times, revision: 0, view: undefined };
      this.#feeds.set(agent, feed);
      this.#changed(feed);
    }
    feed.seenMs = nowMs;
    if (nowMs - feed.prunedMs > pruneEveryMs) this.#prune(feed, nowMs, keptMs);
    return feed;
  }

  /** Forgets series that were in no frame for so long. */
  #prune(feed: Feed, nowMs: number, longMs: number): void {
    feed.prunedMs = nowMs;
    for (const [schema, { seenMs, columns }] of feed.schemas) {
      if (nowMs - seenMs <= longMs) continue;
      feed.schemas.delete(schema);
      feed.columns -= columns;
      this.#changed(feed);
    }
  }

  #changed(feed: Feed): void {
    feed.revision = ++this.#revisions;
    feed.view = undefined;
  }
}

/** Schemas of several epochs share label sets: each counts once. */
function* seriesOf({ schemas }: Feed): Generator<Labels> {
  const found = new Set<Labels>();
  for (const { series } of schemas.keys())
    for (const labels of series) {
      if (found.has(labels)) continue;
      found.add(labels);
      yield labels;
    }
}

/** Finds series by name after `index()`. */
export function viewOf(
  revision: number,
  metrics: () => Iterable<Labels>,
  streams: readonly Labels[],
): AgentFeed {
  const byName = new Map<string, Labels[]>();
  let indexed: Promise<void> | undefined;
  return {
    revision,
    metrics,
    streams: () => streams,
    index: () => (indexed ??= addByName(byName, metrics())),
    metric: (name) => byName.get(name) ?? [],
  };
}

async function addByName(byName: Map<string, Labels[]>, series: Iterable<Labels>): Promise<void> {
  for (const labels of series) {
    if (isTurnOver()) await nextTurn();
    const name = labels[metricNameLabel] ?? "";
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [labels]);
    else same.push(labels);
  }
}

/** What an agent sends, and what it sent before the start, as it was stored. */
export function joinedFeeds(own: AgentFeed, stored: AgentFeed): AgentFeed {
  // No feed has a revision below 0, so it differs from the one that is not joined.
  return viewOf(-own.revision, () => bothOf(own, stored), [...own.streams(), ...stored.streams()]);
}

function* bothOf(own: AgentFeed, stored: AgentFeed): Generator<Labels> {
  yield* own.metrics();
  yield* stored.metrics();
}

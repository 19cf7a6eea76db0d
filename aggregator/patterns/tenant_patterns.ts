import { printedLabels } from "#shared/model/printed_labels.ts";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { severity } from "#shared/model/logs.ts";
import { levelOf } from "../read/level.ts";
import type { DueData } from "../read/own_data.ts";
import type { PatternRecord, PatternsCommit } from "../read/store.ts";
import { BatchCounts, type LineCount } from "./batch_counts.ts";
import type { PatternsConfig } from "./config.ts";
import { severityOfLevel } from "./levels.ts";
import { type KnownPattern, PatternBook } from "./pattern_book.ts";
import { type EventKind, PatternEvents } from "./pattern_events.ts";
import { type GroupChange, linesMetric, PatternGroup, windowsOpen } from "./pattern_group.ts";
import { PatternSeries, type SeriesCell } from "./pattern_series.ts";
import { groupOf, groupState, PatternState } from "./pattern_state.ts";

const infoMetric = "lapwing_log_pattern_info";
/** What of a pattern's text fits a label, and of a line an event. */
const textMax = 512;
const lineMax = 1_024;
/** Lines may come later than their window's end by this much, or by half a window where that is less. */
const graceMaxMs = 60_000;
/** A group without a line for so long makes room for another. */
const forgetGroupMs = 24 * 60 * 60_000;

const families = [
  {
    name: linesMetric,
    type: "counter" as const,
    help: "Log lines by what they have in common; those of rare patterns are counted as other.",
    unit: "",
  },
  {
    name: infoMetric,
    type: "gauge" as const,
    help: "The text of a pattern of log lines, by its id.",
    unit: "",
  },
];

export type TenantPatternsParts = {
  readonly tenant: string;
  readonly config: PatternsConfig;
  /** Whether the event could be stored. */
  readonly onEvent: (kind: EventKind, isStored: boolean) => void;
};

/**
 * Patterns of a tenant's log lines as they come: what they are, how many lines each has, and when one is new or out of its usual
 * band. Everything here follows from the lines of frames that were taken and from the state that was committed with the last of
 * them, so that after a crash the same frames, taken again, tell the same once more, and what was stored is there once.
 */
export class TenantPatterns {
  readonly book: PatternBook;
  readonly #parts: TenantPatternsParts;
  readonly #series = new PatternSeries(families);
  readonly #groups = new Map<string, PatternGroup>();
  readonly #infos = new Map<string, SeriesCell>();
  readonly #counts: BatchCounts;
  readonly #events: PatternEvents;
  readonly #graceMs: number;
  /** The first window that this process sees all of. */
  readonly #judgeFrom: number;
  #window: number;
  #toldMs: number;
  #settled = 0;
  #isChanged = false;

  /** `stateText` is that of an earlier state(); Throws where it can't be read. */
  constructor(
    parts: TenantPatternsParts,
    nowMs: number,
    records: readonly PatternRecord[] = [],
    stateText?: string,
  ) {
    this.#parts = parts;
    const { config } = parts;
    const { window: windowMs } = config;
    this.book = new PatternBook(config.patterns_max, records);
    this.#counts = new BatchCounts(windowMs);
    this.#graceMs = Math.min(graceMaxMs, windowMs / 2);
    const state = stateText === undefined ? undefined : PatternState.parse(JSON.parse(stateText));
    this.#events = new PatternEvents(config.events_per_hour, state?.events);
    this.#toldMs = state?.toldMs ?? 0;
    this.#judgeFrom = Math.floor(nowMs / windowMs) + 1;
    this.#window = this.#oldestOpen(nowMs);
    for (const group of state?.groups ?? []) {
      const perGroup = config.patterns_per_group;
      const known = groupOf(group, this.#series, perGroup, this.book, nowMs);
      this.#groups.set(labelsKey(known.labels), known);
    }
    if (state === undefined) return;
    const isSame = state.windowMs === windowMs;
    if (isSame) this.#window = state.window;
    // Windows that ended while nobody was there say nothing.
    this.#closeWindows(nowMs, !isSame);
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /**
   * Lines of a batch that was appended to the head. A backlog's are old: their patterns are known from then on, but no news, and counters and
   * rates, which tell of now, leave them out.
   */
  arrived(batch: LogsBatch, nowMs: number, isBacklog = false): void {
    this.#isChanged = true;
    const groups: PatternGroup[] = [];
    const patterns: (KnownPattern | undefined)[] = [];
    const isLooked: boolean[] = [];
    this.#counts.count(batch, (count) => {
      const group = (groups[count.stream] ??= this.#groupOf(
        batch.streams[count.stream] ?? {},
        nowMs,
      ));
      const { template } = count;
      if (template >= 0 && isLooked[template] !== true) {
        isLooked[template] = true;
        patterns[template] = this.#patternOf(batch, count, group, nowMs, isBacklog);
      }
      if (isBacklog) return;
      const slot = group.slotOf(template < 0 ? undefined : patterns[template], count.count);
      const ahead = count.window - this.#window;
      const window = ahead >= 0 && ahead < windowsOpen ? count.window : undefined;
      group.add(slot, count.level, count.count, window);
    });
  }

  /** What is to be stored now: samples once an interval, events as they are there. */
  due(nowMs: number): DueData {
    const { interval } = this.#parts.config;
    this.#closeWindows(nowMs, false);
    const logs = this.#events.take();
    const atMs = Math.floor(nowMs / interval) * interval;
    let metrics: readonly DecodedMetrics[] = [];
    // A clock that was set back does not stop the samples for long.
    if (atMs > this.#toldMs || atMs < this.#toldMs - 2 * interval) {
      this.#settle();
      this.#tellTexts();
      metrics = this.#series.rows(atMs, atMs - Math.floor(interval / 2));
      this.#toldMs = atMs;
      this.book.rest();
    }
    if (metrics.length > 0 || logs !== undefined) this.#isChanged = true;
    return logs === undefined ? { metrics } : { metrics, logs };
  }

  /** What has to be committed with all lines, samples and events up to now; undefined where nothing has changed. */
  state(): PatternsCommit | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    this.#settle();
    const state = {
      format: 1,
      toldMs: this.#toldMs,
      windowMs: this.#parts.config.window,
      window: this.#window,
      events: this.#events.state,
      groups: Array.from(this.#groups.values(), groupState),
    };
    const { tenant } = this.#parts;
    return { tenant, state: JSON.stringify(state), ...this.book.takeChanges() };
  }

  #groupOf(stream: Labels, nowMs: number): PatternGroup {
    const labels: Record<string, string> = {};
    for (const name of this.#parts.config.group_by) {
      const value = stream[name];
      if (typeof value === "string" && value !== "") labels[name] = value;
    }
    const key = labelsKey(labels);
    const found = this.#groups.get(key) ?? this.#newGroup(key, labels, nowMs);
    found.seenMs = nowMs;
    return found;
  }

  /** Without room for it, the group of streams that have none of the labels. */
  #newGroup(key: string, labels: Labels, nowMs: number): PatternGroup {
    const { groups_max: groupsMax, patterns_per_group: slotsMax } = this.#parts.config;
    if (key !== "" && this.#groups.size >= groupsMax && !this.#forgetGroup(nowMs))
      return this.#groupOf({}, nowMs);
    const group = new PatternGroup(labels, nowMs, this.#series, slotsMax);
    this.#groups.set(key, group);
    return group;
  }

  #forgetGroup(nowMs: number): boolean {
    for (const [key, group] of this.#groups) {
      if (key === "" || nowMs - group.seenMs < forgetGroupMs) continue;
      group.end();
      this.#groups.delete(key);
      return true;
    }
    return false;
  }

  #patternOf(
    batch: LogsBatch,
    { template, row, level, stream }: LineCount,
    group: PatternGroup,
    nowMs: number,
    isBacklog: boolean,
  ): KnownPattern | undefined {
    const own = batch.mined?.templates[template];
    if (own === undefined) return undefined;
    const seen = this.book.known(own, nowMs);
    if (seen !== undefined) return seen;
    const timeMs = batch.timestampsMs[row] ?? 0;
    const found = this.book.of(own, timeMs, nowMs);
    if (found === undefined) return undefined;
    const { known, isNew } = found;
    if (isNew && !isBacklog && nowMs - group.firstMs >= this.#parts.config.learning) {
      const labels = batch.streams[stream] ?? {};
      known.isNews = this.#tell("new_pattern", nowMs, {
        timeMs,
        nanos: batch.nanos[row] ?? 0,
        severity: batch.severities[row] ?? 0,
        text: `new pattern: ${known.pattern.text.slice(0, textMax)}`,
        attributes: {
          ...attributesOf(known, group),
          level: levelOf(severityOfLevel(level)),
          stream: printedLabels(labels),
          line: lineOf(batch, row),
        },
      });
      this.book.changed(known);
    }
    return known;
  }

  #closeWindows(nowMs: number, isReset: boolean): void {
    const oldest = this.#oldestOpen(nowMs);
    if (oldest === this.#window) return;
    // Set back, or far ahead: what was counted belongs to windows that are not asked for any more.
    const isFar = isReset || oldest < this.#window || oldest > this.#window + windowsOpen;
    const from = isFar ? oldest - windowsOpen : this.#window;
    for (let window = from; window < oldest; window++) {
      const isJudged = !isFar && window >= this.#judgeFrom;
      for (const group of this.#groups.values())
        for (const change of group.close(window, isJudged))
          this.#tellRate(change, group, window, nowMs);
    }
    this.#window = oldest;
    this.#isChanged = true;
  }

  #oldestOpen(nowMs: number): number {
    return Math.floor((nowMs - this.#graceMs) / this.#parts.config.window);
  }

  #tellRate(change: GroupChange, group: PatternGroup, window: number, nowMs: number): void {
    const { window: windowMs } = this.#parts.config;
    const { known, direction, usual, count } = change;
    const rate = (lines: number) => String(Number((lines / (windowMs / 1_000)).toPrecision(4)));
    const [before, after] = [rate(usual), rate(count)];
    const pattern = known.pattern.text.slice(0, textMax);
    this.#tell("pattern_rate", nowMs, {
      timeMs: (window + 1) * windowMs,
      nanos: 0,
      severity: severity.warn,
      text: `${after} lines/s instead of ${before}: ${pattern}`,
      attributes: {
        ...attributesOf(known, group),
        direction,
        rate_before: before,
        rate_after: after,
        window_seconds: String(windowMs / 1_000),
      },
    });
  }

  #tell(
    kind: EventKind,
    nowMs: number,
    event: Omit<Parameters<PatternEvents["add"]>[0], "kind">,
  ): boolean {
    const isStored = this.#events.add({ kind, ...event }, nowMs);
    this.#parts.onEvent(kind, isStored);
    return isStored;
  }

  /** Counters follow what patterns have become. */
  #settle(): void {
    if (this.#settled === this.book.version) return;
    this.#settled = this.book.version;
    for (const group of this.#groups.values())
      group.settle(({ pattern }) => this.book.byId(pattern.id) !== undefined);
  }

  /** Texts are told of those patterns whose counters are. */
  #tellTexts(): void {
    const wanted = new Map<string, KnownPattern>();
    for (const { slots } of this.#groups.values())
      for (const [id, { known, cells }] of slots)
        if (known !== undefined && cells.some((cell) => cell !== undefined && isMoving(cell)))
          wanted.set(id, known);
    for (const [id, cell] of Array.from(this.#infos))
      if (!wanted.has(id)) {
        this.#series.remove(cell);
        this.#infos.delete(id);
      }
    for (const [id, { pattern }] of wanted) {
      if (this.#infos.has(id)) continue;
      const text = pattern.text.slice(0, textMax);
      const labels = { __name__: infoMetric, pattern_id: id, pattern: text };
      // It is never idle: counters that it stands for may go on at any time.
      const state = { value: 1, isShown: true, changedMs: Infinity };
      this.#infos.set(id, this.#series.add(labels, state));
    }
  }
}

function isMoving({ isShown, value, told }: SeriesCell): boolean {
  return isShown || value !== told;
}

function attributesOf({ pattern }: KnownPattern, { labels }: PatternGroup): Record<string, string> {
  return { ...labels, pattern_id: pattern.id, pattern: pattern.text.slice(0, textMax) };
}

/** A line, cut where it is long. */
function lineOf({ bodies, bodyEnds }: LogsBatch, row: number): string {
  const start = row === 0 ? 0 : (bodyEnds[row - 1] ?? 0);
  const end = Math.min(bodyEnds[row] ?? 0, start + lineMax);
  return Buffer.from(bodies.buffer, bodies.byteOffset + start, end - start).toString("utf8");
}

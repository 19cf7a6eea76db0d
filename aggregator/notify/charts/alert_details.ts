import type { Fact, MessageDetails } from "#aggregator/channels/details.ts";
import type {
  NotificationReason,
  NotifiedAlert,
  Notification,
} from "#aggregator/channels/notification.ts";
import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { alertLinks } from "./alert_links.ts";
import { type ChartSeries, linesOf } from "./alert_series.ts";
import { clockText, dayText } from "./axis_ticks.ts";
import { type AlertChart, chartSvg } from "./chart_svg.ts";
import { type ChartLanguage, comparedPart } from "./compared_part.ts";
import type { PublishedCharts } from "./published_charts.ts";
import { spanOf, type ChartSpan } from "./chart_span.ts";
import { unitOf, valueText } from "./value_text.ts";

export type AskChart = (
  query: { readonly expr: string; readonly language: ChartLanguage },
  span: ChartSpan,
) => Promise<readonly ChartSeries[]>;

/** What changed in a span of time, the newest first, a sentence each. */
export type AskChanges = (startMs: number, endMs: number) => Promise<readonly string[]>;

export type AlertDetailsParts = {
  readonly askChart: AskChart;
  readonly askChanges: AskChanges;
  /** SVG to PNG. */
  readonly render: (svg: string) => Promise<Uint8Array>;
  /** Gives the addresses of pictures for services that take no file. */
  readonly published: Pick<PublishedCharts, "publish" | "settled">;
  readonly now: () => number;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** How long a message waits; 5 s without it. */
  readonly waitMs?: number;
};

/** A message waits no longer for its details: notifications have 10 s at least. */
const waitMsDefault = 5_000;
/** Details that are made, or wait to be made; messages beyond go out without. */
const waitingMax = 50;
/** Channels of a receiver send at about the same time: they share details. */
const keptMs = 30_000;
const changesMax = 3;
const hourMs = 3_600_000;

const outcomes = ["drawn", "no_data", "query_failed", "drawing_failed", "late", "refused"] as const;
type Outcome = (typeof outcomes)[number];

/** Makes the charts and facts of messages, one at a time. What fails is counted, and the message goes out without it. */
export class AlertDetails {
  readonly #parts: AlertDetailsParts;
  readonly #count: (outcome: Outcome) => void;
  readonly #made = new Map<string, Promise<MessageDetails>>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: AlertDetailsParts) {
    this.#parts = parts;
    const charts = parts.metrics.counter(
      "lapwing_alertmanager_charts_total",
      "Charts for messages, by what became of them.",
      ["outcome"],
    );
    for (const outcome of outcomes) charts.inc({ outcome }, 0);
    this.#count = (outcome) => charts.inc({ outcome });
  }

  /** undefined where no alert fires, and where the details come too late. Never rejects. */
  async of(notification: Notification): Promise<MessageDetails | undefined> {
    const firing = notification.alerts.filter(({ status }) => status === "firing");
    const [first] = firing;
    if (first === undefined) return undefined;
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      this.#count("late");
      late.resolve(undefined);
    }, this.#parts.waitMs ?? waitMsDefault);
    try {
      return await Promise.race([this.#shared(notification, firing, first), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #shared(
    notification: Notification,
    firing: readonly NotifiedAlert[],
    first: NotifiedAlert,
  ): Promise<MessageDetails> {
    const { groupKey, reason } = notification;
    const key = JSON.stringify([groupKey, reason, ...firing.map(({ fingerprint }) => fingerprint)]);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#inTurn(notification, firing, first);
    this.#made.set(key, made);
    setTimeout(() => this.#made.delete(key), keptMs).unref();
    return made;
  }

  async #inTurn(
    notification: Notification,
    firing: readonly NotifiedAlert[],
    first: NotifiedAlert,
  ): Promise<MessageDetails> {
    const links = alertLinks(notification, first);
    if (this.#waiting >= waitingMax) {
      this.#count("refused");
      return { chart: undefined, facts: this.#facts(notification, first, undefined, []), links };
    }
    this.#waiting++;
    const before = this.#queue;
    const done = Promise.withResolvers<void>();
    this.#queue = done.promise;
    try {
      await before;
      const chart = await this.#chartOf(firing, first);
      const changes = await this.#changes(first);
      const facts = this.#facts(notification, first, chart, changes);
      return { chart: chart && (await this.#draw(chart)), facts, links };
    } finally {
      this.#waiting--;
      done.resolve();
    }
  }

  async #chartOf(
    firing: readonly NotifiedAlert[],
    first: NotifiedAlert,
  ): Promise<AlertChart | undefined> {
    const expression = expressionOf(first.generatorUrl);
    const compared = expression === undefined ? undefined : comparedPart(expression);
    if (compared === undefined || expression === undefined) return this.#none("no_data");
    const span = spanOf(first.startsAtMs, this.#parts.now());
    const alike = firing.filter(({ generatorUrl }) => generatorUrl === first.generatorUrl);
    try {
      const series = await this.#parts.askChart(compared, span);
      if (series.every(({ values }) => values.length === 0)) return this.#none("no_data");
      const { lines, seriesOfAlert } = linesOf(series, alike);
      const { alertname = "Alert", ...labels } = first.labels;
      const { threshold } = compared;
      return {
        title: alike.length === 1 ? alertname : `${alertname} (${alike.length})`,
        subtitle: subtitleOf(alike.length === 1 ? labels : commonOf(alike)),
        expression,
        unit: unitOf(compared.expr),
        lines,
        threshold,
        ...span,
        firedMs: first.startsAtMs,
        value: seriesOfAlert === undefined ? undefined : lastOf(seriesOfAlert),
      };
    } catch (thrown) {
      this.#parts.log.debug("no chart for a message", { error: messageOf(thrown) });
      return this.#none("query_failed");
    }
  }

  async #draw(chart: AlertChart): Promise<MessageDetails["chart"]> {
    try {
      const png = await this.#parts.render(chartSvg(chart));
      this.#count("drawn");
      let link: string | undefined;
      const { published } = this.#parts;
      return {
        png,
        alt: altOf(chart),
        link: () => (link ??= published.publish(png)),
        settled: () => (link === undefined ? Promise.resolve() : published.settled()),
      };
    } catch (thrown) {
      this.#parts.log.warn("a chart could not be drawn", { error: messageOf(thrown) });
      return this.#none("drawing_failed");
    }
  }

  #none(outcome: Outcome): undefined {
    this.#count(outcome);
    return undefined;
  }

  async #changes({ startsAtMs }: NotifiedAlert): Promise<readonly string[]> {
    try {
      return await this.#parts.askChanges(startsAtMs - hourMs, this.#parts.now());
    } catch {
      // The message does without.
      return [];
    }
  }

  #facts(
    { reason }: Notification,
    { startsAtMs }: NotifiedAlert,
    chart: AlertChart | undefined,
    changes: readonly string[],
  ): Fact[] {
    const nowMs = this.#parts.now();
    const since = `${dayText(Math.floor(startsAtMs / 60_000) * 60_000)} UTC (${spanText(nowMs - startsAtMs)})`;
    const news = reasons[reason];
    return [
      ...(chart?.value === undefined ? [] : [{ name: "Value", value: valueWithLimit(chart) }]),
      { name: "Since", value: since },
      { name: "Changed", value: [...news, ...changes.slice(0, changesMax)].join("; ") },
    ].filter(({ value }) => value !== "");
  }
}

/** Why the message is sent, in people's words. */
const reasons: Readonly<Record<NotificationReason, readonly string[]>> = {
  "first notification": ["began to fire"],
  "new alerts added": ["more alerts of the group fire"],
  "some alerts resolved": ["some alerts of the group are resolved"],
  "all alerts resolved": ["all alerts of the group are resolved"],
  "repeat interval elapsed": ["nothing; it still fires"],
  unknown: [],
};

/** The expression in a link to Prometheus's or Lapwing's graph. */
function expressionOf(generatorUrl: string): string | undefined {
  if (!URL.canParse(generatorUrl)) return undefined;
  return new URL(generatorUrl).searchParams.get("g0.expr") ?? undefined;
}

function subtitleOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
}

function commonOf(alerts: readonly NotifiedAlert[]): Readonly<Record<string, string>> {
  const [first, ...others] = alerts;
  return Object.fromEntries(
    Object.entries(first?.labels ?? {}).filter(
      ([name, value]) =>
        name !== "alertname" && others.every(({ labels }) => labels[name] === value),
    ),
  );
}

function lastOf({ values }: ChartSeries): number | undefined {
  return values.length === 0 ? undefined : values[values.length - 1];
}

function valueWithLimit({ value = Number.NaN, unit, threshold }: AlertChart): string {
  const shown = valueText(value, unit);
  if (threshold === undefined) return shown;
  return `${shown} (fires if ${threshold.operator} ${valueText(threshold.value, unit)})`;
}

function altOf(chart: AlertChart): string {
  const value = chart.value === undefined ? "" : `, now ${valueText(chart.value, chart.unit)}`;
  return `Chart of ${chart.title} from ${clockText(chart.startMs)} to ${clockText(chart.endMs)} UTC${value}`;
}

/** "12 min", "3 h 5 min", "2 d 4 h". */
function spanText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

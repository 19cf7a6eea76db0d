import { requireSuccess } from "#aggregator/channels/http/answer.ts";
import { exchange } from "#aggregator/channels/http/exchange.ts";
import { attempt } from "#aggregator/channels/failure.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { relabelledAlerts } from "./relabelled_alerts.ts";
import type { SentAlert } from "../sent_alerts.ts";
import type { Endpoint } from "./endpoints.ts";
import type { AlertmanagerMeters } from "./meters.ts";

/** Alerts of one request, as in Prometheus. */
const batchMax = 256;
/** How long a stop waits for what is still to be sent. */
const drainMaxMs = 3_000;
/** Alerts are sent again once a minute, and for 15 minutes after they are resolved. */
const failureAgeMaxMs = 5 * 60_000;

export type AlertQueueParts = {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly meters: AlertmanagerMeters;
  readonly onFailure: (alertmanager: string, alerts: number, error: string) => void;
};

/**
 * Sends alerts to one Alertmanager, one request after the other. What it refuses is dropped: alerts that go on are sent again a minute later
 * (sent_alerts.ts). An Alertmanager that hangs holds up no other.
 */
export class AlertQueue {
  readonly endpoint: Endpoint;
  readonly #parts: AlertQueueParts;
  readonly #ended = new AbortController();
  #waiting: SentAlert[] = [];
  #isStopping = false;
  /** When the last alerts were refused, by the clock that does not jump; undefined where they were taken. */
  #failedMs: number | undefined;
  #wake: () => void = () => {};
  readonly #running: Promise<void>;

  constructor(endpoint: Endpoint, parts: AlertQueueParts) {
    this.endpoint = endpoint;
    this.#parts = parts;
    this.#running = this.#run();
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether the last alerts were refused, not long ago: there may be none to send any more. */
  get isFailing(): boolean {
    const nowMs = this.#parts.clock.monotonic();
    return this.#failedMs !== undefined && nowMs - this.#failedMs <= failureAgeMaxMs;
  }

  /** The oldest beyond `queueMax` are dropped. */
  put(alerts: readonly SentAlert[], queueMax: number): void {
    const { meters } = this.#parts;
    const { url, entry } = this.endpoint;
    const wanted = relabelledAlerts(alerts, entry.alert_relabel_configs);
    meters.dropped(url, "relabel", alerts.length - wanted.length);
    this.#waiting = this.#waiting.concat(wanted);
    const surplus = Math.max(0, this.#waiting.length - queueMax);
    this.#waiting.splice(0, surplus);
    meters.dropped(url, "queue_full", surplus);
    this.#wake();
  }

  /** Sends what waits, for a few seconds; what is left then is dropped. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    const done = new AbortController();
    await Promise.race([this.#running, this.#parts.clock.sleep(drainMaxMs, done.signal)]);
    done.abort();
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      if (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, batchMax));
      else if (this.#isStopping) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#parts.meters.dropped(this.endpoint.url, "stopped", this.#waiting.length);
    this.#waiting = [];
  }

  async #send(alerts: readonly SentAlert[]): Promise<void> {
    const { clock, fetch, meters, onFailure } = this.#parts;
    const { url, entry } = this.endpoint;
    const startMs = clock.monotonic();
    const now = () => clock.now();
    const outcome = await attempt(async (secrets) => {
      const sending = {
        http: entry.http,
        parts: { fetch, now },
        signal: this.#ended.signal,
        secrets,
        timeoutMs: entry.timeout,
      };
      const answer = await exchange({ url, json: alerts.map(alertJson) }, sending);
      requireSuccess(answer, clock.now());
      return { answer: "" };
    });
    meters.answered(url, (clock.monotonic() - startMs) / 1_000);
    this.#failedMs = outcome.kind === "failed" ? clock.monotonic() : undefined;
    if (outcome.kind === "sent") return meters.sent(url, alerts.length);
    meters.failed(url, alerts.length);
    onFailure(url, alerts.length, outcome.error);
  }
}

/** A postableAlert of Alertmanager's API v2. */
function alertJson(alert: SentAlert): object {
  const { labels, annotations, startsAtMs, endsAtMs, generatorUrl } = alert;
  return {
    labels,
    annotations,
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    generatorURL: generatorUrl,
  };
}

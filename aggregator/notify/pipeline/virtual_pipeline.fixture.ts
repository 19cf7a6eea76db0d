import type { SendOutcome } from "../../channels/channel.ts";
import type { AlertmanagerConfig } from "../config/alertmanager_config.ts";
import { type ReceivedAlert, type PostedAlert, receivedAlert } from "./alert.ts";
import { AlertPipeline, type PipelineLimits } from "./alert_pipeline.ts";
import type { Delivery, Settled } from "./deliveries.ts";
import { type LogEntry, NotificationLog } from "./notification_log.ts";
import type { Silencer } from "./suppression.ts";

export type Sent = {
  readonly atMs: number;
  readonly integration: string;
  readonly receiver: string;
  readonly groupKey: string;
  readonly status: string;
  readonly reason: string;
  /** `alertname` of each alert, resolved ones behind a minus. */
  readonly alerts: readonly string[];
};

/** What a sink answers: at once, after some time, or never (undefined). */
export type Answer = { readonly afterMs: number; readonly outcome: SendOutcome } | undefined;

type Options = {
  readonly config: AlertmanagerConfig;
  readonly silencer?: Silencer;
  readonly limits?: Partial<PipelineLimits>;
  readonly answer?: (delivery: Delivery, atMs: number) => Answer;
  readonly entries?: readonly LogEntry[];
};

export const sentAtOnce: Answer = { afterMs: 0, outcome: { kind: "sent", answer: "ok" } };

/** The pipeline with a clock that moves when the test says so, and a sink that answers as the test says. */
export class VirtualPipeline {
  readonly pipeline: AlertPipeline;
  readonly sent: Sent[] = [];
  readonly settled: { readonly delivery: Delivery; readonly settled: Settled }[] = [];
  readonly suppressed: Record<string, number> = {};
  readonly attempts: number[] = [];
  nowMs = 0;
  /** What the wall clock is ahead of the timers'. */
  wallAheadMs = 0;
  readonly #answers: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor({ config, silencer, limits, answer, entries }: Options) {
    this.pipeline = new AlertPipeline(config, {
      now: () => ({ wallMs: this.nowMs + this.wallAheadMs, timerMs: this.nowMs }),
      silencer: silencer ?? { silencesOf: () => [] },
      log: new NotificationLog(120 * 3_600_000, entries),
      limits: { alertsMax: 0, groupsMax: 0, ...limits },
      externalUrl: () => "http://lapwing",
      onSuppressed: (reason, alerts) => {
        this.suppressed[reason] = (this.suppressed[reason] ?? 0) + alerts;
      },
      onGroupRefused: () => {},
      renderLabels: ({ route }) => route.labels,
      random: () => 0.5,
      cancel: () => {},
      onNoted: () => {},
      attempt: (delivery) => {
        this.attempts.push(this.nowMs);
        const given = answer === undefined ? sentAtOnce : answer(delivery, this.nowMs);
        if (given === undefined) return;
        const { outcome, afterMs } = given;
        const run = () => this.pipeline.attempted(delivery, outcome);
        this.#answers.push({ atMs: this.nowMs + afterMs, run });
      },
      onSettled: (delivery, settled) => {
        this.settled.push({ delivery, settled });
        if (settled.kind === "sent") this.sent.push(this.#sentOf(delivery));
      },
    });
  }

  put(alert: Partial<PostedAlert> & { readonly labels: PostedAlert["labels"] }): ReceivedAlert {
    const posted = { annotations: {}, generatorUrl: "", ...alert };
    const received = receivedAlert(posted, this.nowMs + this.wallAheadMs, 300_000);
    this.pipeline.put(received);
    return received;
  }

  /** Lets the time pass until then, event by event. */
  until(untilMs: number): this {
    for (;;) {
      this.#answers.sort((a, b) => a.atMs - b.atMs);
      const answerMs = this.#answers[0]?.atMs ?? Infinity;
      const timerMs = this.pipeline.dueMs ?? Infinity;
      const nextMs = Math.min(answerMs, timerMs);
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      if (answerMs <= timerMs) this.#answers.shift()?.run();
      else this.pipeline.runOne();
    }
    this.nowMs = untilMs;
    return this;
  }

  #sentOf({ key, notification }: Delivery): Sent {
    return {
      atMs: this.nowMs,
      integration: key.integration,
      receiver: key.receiver,
      groupKey: key.groupKey,
      status: notification.status,
      reason: notification.reason,
      alerts: notification.alerts.map(
        ({ status, labels }) => `${status === "resolved" ? "-" : ""}${labels["alertname"]}`,
      ),
    };
  }
}

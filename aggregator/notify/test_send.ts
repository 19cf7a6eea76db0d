import type { ChannelParts, SendOutcome } from "#aggregator/channels/channel.ts";
import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { AlertmanagerConfig } from "./config/alertmanager_config.ts";
import type { Delivery } from "./pipeline/deliveries.ts";
import { fingerprintOf, labelSetText } from "./routing/label_sets.ts";
import type { Sender } from "./sender.ts";
import type { NotifyState } from "./state/notify_state.ts";

/** Which integration is tried, and with which alert. */
export type TestSend = {
  readonly receiver: string;
  /** Such as `slack[0]`. */
  readonly integration: string;
  readonly labels: Labels;
  readonly annotations: Labels;
};

export type TestSendParts = {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly sender: Pick<Sender, "send" | "cancel">;
  readonly state: Pick<NotifyState, "begin" | "recordTest">;
  readonly config: () => AlertmanagerConfig;
  readonly channelParts: () => ChannelParts;
  readonly externalUrl: () => string;
};

/** A person waits for it. */
const timeoutMs = 15_000;
/** An integration is tried once in this time, and all of them together no more often. */
const limits = { onceMs: 10_000, windowMs: 60_000, windowMax: 20 } as const;

/**
 * Sends an alert of a test to one integration, once, the way notifications go: same sender, channel and templates. The history has it with
 * the reason "test". The notification log does not have it, so real notifications are not affected.
 */
export class TestSends {
  readonly #parts: TestSendParts;
  /** When each integration was last tried. */
  readonly #last = new Map<string, number>();

  constructor(parts: TestSendParts) {
    this.#parts = parts;
  }

  /** Throws OperatingError: "not_found" for an unknown integration, "overloaded" beyond the limits. */
  async send(test: TestSend): Promise<SendOutcome> {
    const { sender, state, channelParts, now } = this.#parts;
    const delivery = this.#delivery(test);
    this.#admit(`${test.receiver}/${test.integration}`);
    await state.begin(delivery, "test");
    const timer = setTimeout(() => sender.cancel(delivery), timeoutMs);
    const outcome = await sender.send(delivery, channelParts(), "test");
    clearTimeout(timer);
    await state.recordTest(delivery, outcome, now());
    return outcome;
  }

  #delivery({ receiver: name, integration: place, labels, annotations }: TestSend): Delivery {
    const { config, now, externalUrl } = this.#parts;
    const receiver = config().receivers.find((one) => one.name === name);
    if (receiver === undefined)
      throw new OperatingError("not_found", `no receiver ${JSON.stringify(name)}`);
    const integration = receiver.integrations.find(
      ({ channel, index }) => `${channel}[${index}]` === place,
    );
    if (integration === undefined)
      throw new OperatingError(
        "not_found",
        `receiver ${JSON.stringify(name)} has no integration ${JSON.stringify(place)}`,
      );
    const nowMs = now();
    const alert: NotifiedAlert = {
      status: "firing",
      labels,
      annotations,
      startsAtMs: nowMs,
      endsAtMs: undefined,
      generatorUrl: `${externalUrl()}/alerts?tab=receivers`,
      fingerprint: fingerprintOf(labels),
    };
    const groupKey = `{}/{test}:${labelSetText(labels)}`;
    return {
      id: Bun.randomUUIDv7(),
      key: { groupKey, receiver: name, integration: place },
      integration,
      notification: {
        receiver: name,
        status: "firing",
        alerts: [alert],
        groupKey,
        groupLabels: labels,
        commonLabels: labels,
        commonAnnotations: annotations,
        routeLabels: {},
        externalUrl: externalUrl(),
        reason: "first notification",
        kept: {},
      },
      createdMs: nowMs,
      attempts: 1,
    };
  }

  #admit(name: string): void {
    const nowMs = this.#parts.now();
    for (const [known, atMs] of this.#last)
      if (nowMs - atMs >= limits.windowMs || nowMs < atMs) this.#last.delete(known);
    const since = nowMs - (this.#last.get(name) ?? -Infinity);
    if (since < limits.onceMs)
      throw new OperatingError(
        "overloaded",
        `${name} was tested ${Math.round(since / 1_000)} s ago: expected at least ${limits.onceMs / 1_000} s between two tests`,
      );
    if (this.#last.size >= limits.windowMax)
      throw new OperatingError(
        "overloaded",
        `${limits.windowMax} integrations were tested within a minute: try again in a moment`,
      );
    this.#last.set(name, nowMs);
  }
}

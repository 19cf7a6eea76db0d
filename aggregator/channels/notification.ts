import type { Labels } from "#shared/model/labels.ts";

export type NotifiedStatus = "firing" | "resolved";

/** An alert in a notification. Times are Unix milliseconds. */
export type NotifiedAlert = {
  readonly status: NotifiedStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** undefined while it fires. */
  readonly endsAtMs: number | undefined;
  readonly generatorUrl: string;
  /** 16 hexadecimal digits, as Alertmanager has it. */
  readonly fingerprint: string;
};

/** Why a notification is sent. The texts are Alertmanager's (NotifyReason.String() of notify/notify.go). */
export type NotificationReason =
  | "first notification"
  | "new alerts added"
  | "some alerts resolved"
  | "all alerts resolved"
  | "repeat interval elapsed"
  | "unknown";

/** One notification of a group of alerts to one integration of a receiver: what templates and channels see. */
export type Notification = {
  readonly receiver: string;
  /** `firing` where any of its alerts fires. */
  readonly status: NotifiedStatus;
  readonly alerts: readonly NotifiedAlert[];
  /** Of route and labels, such as `{}/{team="a"}:{alertname="X"}`. The same for every notification of the group. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly routeLabels: Labels;
  /** Where people reach this server, without a slash at its end. */
  readonly externalUrl: string;
  readonly reason: NotificationReason;
  /** What the channel kept from earlier notifications of the group, such as the id of a message that it updates. */
  readonly kept: Readonly<Record<string, string>>;
};

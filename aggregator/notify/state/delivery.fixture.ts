import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import type { Delivery } from "../pipeline/deliveries.ts";

const key = { groupKey: '{}:{a="b"}', receiver: "r", integration: "webhook[0]" };

/** A notification that is about to be sent. */
export function deliveryOf(
  id: string,
  createdMs: number,
  alerts: readonly NotifiedAlert[] = [],
): Delivery {
  return {
    id,
    key,
    createdMs,
    attempts: 2,
    integration: {
      channel: "webhook",
      index: 0,
      sendsResolved: true,
      send: () => Promise.reject(new Error("not sent here")),
    },
    notification: {
      receiver: "r",
      status: "firing",
      alerts,
      groupKey: key.groupKey,
      groupLabels: {},
      commonLabels: {},
      commonAnnotations: {},
      routeLabels: {},
      externalUrl: "",
      reason: "first notification",
      kept: {},
    },
  };
}

import type { BacktestResult, NotificationCounts } from "../../../client/rules.ts";
import { formatSpan } from "../../../units/format.ts";

/** Who would have been notified, and what the rule as it is kept would have done. */
export function RuleNotified({
  result,
  before,
}: {
  readonly result: BacktestResult;
  /** Of the rule as it is kept; undefined for a new one, and until it is known. */
  readonly before: BacktestResult | undefined;
}) {
  return (
    <>
      <p>{notifiedText(result.notifications)}</p>
      {before !== undefined && (
        <p className="quiet">
          Today: {firedText(before)}, {countText(before.notifications.count)}.
        </p>
      )}
    </>
  );
}

/** "12 notifications: ops (email) 8, web (webhook) 4." */
export function notifiedText({ count, receivers }: NotificationCounts): string {
  if (count === 0) return "No notifications.";
  const parts = receivers.map(({ receiver, integration, count: own }) => {
    const channel = integration.replace(/\[\d+\]$/, "");
    return `${receiver} (${channel}) ${own}`;
  });
  return `${countText(count)}: ${parts.join(", ")}.`;
}

function countText(count: number): string {
  return count === 1 ? "1 notification" : `${count} notifications`;
}

function firedText({ fired, firingMs }: BacktestResult): string {
  if (fired === 0) return "would not have fired";
  const often = fired === 1 ? "once" : `${fired} times`;
  return `fired ${often}, ${formatSpan(firingMs)} in all`;
}

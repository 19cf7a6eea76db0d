/** What becomes of an alert: it fires and is notified, waits for its `for`, or fires and is held back. The worst first. */
export const alertStates = ["firing", "pending", "silenced", "inhibited", "muted"] as const;
export type AlertState = (typeof alertStates)[number];

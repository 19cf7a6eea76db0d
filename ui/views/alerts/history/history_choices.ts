import { assertNever } from "#shared/assert.ts";
import type { HistoryFilter } from "../../../client/alerts/alert_history.ts";

/** What the history can be narrowed to. */
export const historyChoices = [
  "all",
  "changes",
  "pending",
  "firing",
  "resolved",
  "notifications",
  "failed",
] as const;
export type HistoryChoice = (typeof historyChoices)[number];

export const historyDays = ["1", "7", "30", "90"] as const;

export const choiceNames: Readonly<Record<HistoryChoice, string>> = {
  all: "Everything",
  changes: "Changes of alerts",
  pending: "Became pending",
  firing: "Fired",
  resolved: "Resolved",
  notifications: "Notifications",
  failed: "Failed notifications",
};

export function filterOf(choice: HistoryChoice): HistoryFilter {
  switch (choice) {
    case "all":
      return {};
    case "changes":
      return { kind: "change" };
    case "pending":
    case "firing":
    case "resolved":
      return { state: choice };
    case "notifications":
      return { kind: "notification" };
    case "failed":
      return { outcome: choice };
    default:
      return assertNever(choice);
  }
}

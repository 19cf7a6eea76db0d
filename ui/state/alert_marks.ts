import { useSyncExternalStore } from "react";
import { readItem, writeItem } from "./stored.ts";

/** Of which alerts charts show when they fired: those whose labels fit their series, all, or none. */
export const alertMarkChoices = ["fitting", "all", "none"] as const;
export type AlertMarkChoice = (typeof alertMarkChoices)[number];

const storageKey = "lapwing.alert_marks";
const changeEvent = "lapwing:alert_marks";

/** What this browser's person chose; the fitting ones until then. */
export function useAlertMarkChoice(): AlertMarkChoice {
  return useSyncExternalStore(subscribe, chosen);
}

export function chooseAlertMarks(choice: AlertMarkChoice): void {
  writeItem(storageKey, choice);
  dispatchEvent(new Event(changeEvent));
}

function chosen(): AlertMarkChoice {
  const stored = readItem(storageKey);
  return alertMarkChoices.find((each) => each === stored) ?? "fitting";
}

function subscribe(onChange: () => void): () => void {
  addEventListener(changeEvent, onChange);
  return () => removeEventListener(changeEvent, onChange);
}

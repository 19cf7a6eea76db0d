import type { Alertmanager } from "../../../notify/alertmanager.ts";

export type AlertmanagerRouteParts = {
  readonly alertmanager: Alertmanager;
  /** Unix milliseconds. */
  readonly now: () => number;
};

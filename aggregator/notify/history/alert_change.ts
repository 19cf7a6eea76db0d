import type { Labels } from "#shared/model/labels.ts";

/** What an alert became. `resolved`: it fired before. `inactive`: it was pending and has never fired. */
export const changeStates = ["pending", "firing", "resolved", "inactive"] as const;
export type ChangeState = (typeof changeStates)[number];

/** A group of rules: the file that it was read from, or its namespace, and its name. */
export type GroupPlace = { readonly file: string; readonly name: string };

/** An alert became something else. */
export type AlertChange = {
  readonly id: string;
  /** Unix milliseconds: of the evaluation, or when the alert was received. */
  readonly atMs: number;
  readonly state: ChangeState;
  readonly labels: Labels;
  /** Of the rule's expression at its last evaluation; undefined for an alert of another server. */
  readonly value: number | undefined;
  /** undefined for an alert of another server. */
  readonly group: GroupPlace | undefined;
};

/** An alert that is pending or firing as far as the history knows. */
export type OpenAlert = Pick<AlertChange, "labels" | "value" | "group"> & {
  readonly state: "pending" | "firing";
};

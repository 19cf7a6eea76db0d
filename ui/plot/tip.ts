import type { DataLink } from "#shared/dashboards/dashboard.ts";

/** What a tooltip says: a head, and rows of a name with its value. Text only. */
export type Tip = {
  readonly head: string;
  readonly rows: readonly {
    readonly color?: string | undefined;
    readonly name: string;
    readonly value: string;
  }[];
  /** Where what is pointed at leads to: a click shows them. */
  readonly links?: readonly DataLink[];
};

export const tipRowsMax = 12;

/** What a tooltip says: a head, and rows of a name with its value. Text only. */
export type Tip = {
  readonly head: string;
  readonly rows: readonly {
    readonly color?: string | undefined;
    readonly name: string;
    readonly value: string;
  }[];
};

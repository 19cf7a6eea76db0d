/** A place in a history that is read from the newest entry on: behind this one. `ms`: Unix milliseconds. */
export type HistoryPlace = { readonly ms: number; readonly id: string };

import type { DropReason } from "#shared/model/account.ts";

/** What is wrong with the items of a request: counted by reason, the first in words for the sender. */
export class Faults {
  readonly counts = new Map<DropReason, number>();
  first: string | undefined;
  firstReason: DropReason | undefined;

  /** `text` is built for the first fault only. */
  add(reason: DropReason, items: number, text: () => string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + items);
    if (this.first !== undefined) return;
    this.first = text();
    this.firstReason = reason;
  }
}

import type { DropReason } from "#shared/model/account.ts";
import { TooLargeError } from "../transport/body.ts";

/** Of two bytes each a body has millions, and each takes a microsecond. */
const faultsMax = 500_000;

/** What is wrong with the items of a request: counted by reason, the first in words for the sender. */
export class Faults {
  readonly counts = new Map<DropReason, number>();
  first: string | undefined;
  firstReason: DropReason | undefined;
  #added = 0;

  /** `text` is built for the first fault only. Throws TooLargeError where there are more than honest senders have. */
  add(reason: DropReason, items: number, text: () => string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + items);
    if (++this.#added > faultsMax)
      throw new TooLargeError(`request has more than ${faultsMax} items that cannot be stored`);
    if (this.first !== undefined) return;
    this.first = text();
    this.firstReason = reason;
  }
}

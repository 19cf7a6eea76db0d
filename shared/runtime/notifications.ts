import type { Clock } from "./clock.ts";

/** Something that whoever looks after the process should know now; `active` turns false when it is over. */
export type Notification = {
  readonly text: string;
  /** RFC 3339. */
  readonly date: string;
  readonly active: boolean;
};

/** Streams that are told of changes at once; more are refused. */
const listenersMax = 16;

/** What is the matter with the process, each text once, and who is told when that changes. */
export class Notifications {
  readonly #clock: Clock;
  readonly #current = new Map<string, Notification>();
  readonly #listeners = new Set<(changed: Notification) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  list(): readonly Notification[] {
    return [...this.#current.values()];
  }

  raise(text: string): void {
    if (this.#current.has(text)) return;
    const raised = { text, date: new Date(this.#clock.now()).toISOString(), active: true };
    this.#current.set(text, raised);
    this.#tell(raised);
  }

  clear(text: string): void {
    const known = this.#current.get(text);
    if (known === undefined) return;
    this.#current.delete(text);
    this.#tell({ ...known, active: false });
  }

  /** Tells what there is and then every change; gives the way to end that, or undefined when too many listen already. */
  listen(listener: (changed: Notification) => void): (() => void) | undefined {
    if (this.#listeners.size >= listenersMax) return undefined;
    this.#listeners.add(listener);
    for (const one of this.#current.values()) listener(one);
    return () => void this.#listeners.delete(listener);
  }

  #tell(changed: Notification): void {
    for (const listener of this.#listeners) listener(changed);
  }
}

/** The last notification of a group by one integration of a receiver. Alerts are fingerprints, times Unix milliseconds. */
export type LogEntry = {
  readonly groupKey: string;
  readonly receiver: string;
  /** Such as `webhook[0]`. */
  readonly integration: string;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly notifiedMs: number;
  readonly expiresMs: number;
  /** What the channel keeps of the group, such as the id of a message. */
  readonly kept: Readonly<Record<string, string>>;
};

export type LogKey = Pick<LogEntry, "groupKey" | "receiver" | "integration">;

/** The last notification of each group by each integration: what decides whether there is news (Alertmanager's nflog). */
export class NotificationLog {
  readonly #entries = new Map<string, LogEntry>();
  readonly #retentionMs: number;

  constructor(retentionMs: number, entries: readonly LogEntry[] = []) {
    this.#retentionMs = retentionMs;
    for (const entry of entries) this.#entries.set(keyOf(entry), entry);
  }

  /** undefined where there was none, or it is too old. */
  find(key: LogKey, nowMs: number): LogEntry | undefined {
    const entry = this.#entries.get(keyOf(key));
    if (entry === undefined || entry.expiresMs <= nowMs) return undefined;
    // A clock that was set back must not put repeats off.
    return entry.notifiedMs > nowMs ? { ...entry, notifiedMs: nowMs } : entry;
  }

  /** Kept for twice the repeat interval, and no longer than entries are kept at all. */
  add(
    entry: Omit<LogEntry, "notifiedMs" | "expiresMs">,
    nowMs: number,
    repeatIntervalMs: number,
  ): LogEntry {
    const keptMs = Math.min(2 * repeatIntervalMs, this.#retentionMs);
    const added = { ...entry, notifiedMs: nowMs, expiresMs: nowMs + keptMs };
    this.#entries.set(keyOf(entry), added);
    return added;
  }

  /** The wall clock was set: entries are as old as they were. */
  shift(byMs: number): void {
    for (const [key, entry] of this.#entries) {
      const { notifiedMs, expiresMs } = entry;
      const moved = { notifiedMs: notifiedMs + byMs, expiresMs: expiresMs + byMs };
      this.#entries.set(key, { ...entry, ...moved });
    }
  }

  /** Forgets entries that are too old. */
  clean(nowMs: number): void {
    for (const [key, { expiresMs }] of this.#entries)
      if (expiresMs <= nowMs) this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}

export function keyOf({ groupKey, receiver, integration }: LogKey): string {
  return JSON.stringify([groupKey, receiver, integration]);
}

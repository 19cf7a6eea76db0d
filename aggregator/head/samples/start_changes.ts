import type { StartTimestamps } from "#shared/model/metrics.ts";
import type { StartChange } from "../../read/start_timestamps.ts";

/** The start timestamps of one table's columns: as they were when it began, and what changed since. Empty for nearly all tables. */
export class StartChanges {
  readonly #before: ReadonlyMap<number, number> | undefined;
  #changes: Map<number, StartChange[]> | undefined;

  constructor(before: ReadonlyMap<number, number> | undefined) {
    // A copy: the decoder goes on changing its own.
    this.#before = before === undefined ? undefined : new Map(before);
  }

  append({ columns, timestampsMs, startsMs }: StartTimestamps): void {
    const all = (this.#changes ??= new Map<number, StartChange[]>());
    for (const [i, column] of columns.entries()) {
      const change = { fromMs: timestampsMs[i] ?? 0, startMs: startsMs[i] ?? 0 };
      const known = all.get(column);
      if (known === undefined) all.set(column, [change]);
      else known.push(change);
    }
  }

  /** In the order of arrival; undefined where nothing is known. */
  of(column: number): readonly StartChange[] | undefined {
    if (this.#before === undefined && this.#changes === undefined) return undefined;
    const changes = this.#changes?.get(column);
    const startMs = this.#before?.get(column);
    if (startMs === undefined) return changes;
    return [{ fromMs: -Infinity, startMs }, ...(changes ?? [])];
  }
}

import { OperatingError } from "#shared/errors.ts";
import { type Occurrence, type Recurrence, occurrencesIn } from "./recurrence.ts";
import { type Silence, stateOf } from "./silence.ts";
import type { SilenceBook } from "./silence_book.ts";

type Parts = {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Writes one before it counts. */
  readonly save: (recurrence: Recurrence) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
};

type Book = Pick<SilenceBook, "all" | "set" | "expire">;

/** What people write: with an empty id a new one, else a changed one. */
export type PostedRecurrence = Omit<Recurrence, "updatedAtMs" | "madeMs">;

const recurrencesMax = 500;
/** An occurrence becomes a silence this long before it begins, so that people see it as pending. */
const aheadMs = 86_400_000;
/** Annotations of an occurrence: id and version of its recurring silence, and its start. */
const names = { id: "recurrence", version: "recurrence_version", start: "occurrence" } as const;

/**
 * Recurring silences, in the catalog. Each occurrence becomes an ordinary silence a day before it begins. From then on people change
 * and end it like any other, and it is not made again.
 */
export class RecurringSilences {
  readonly #parts: Parts;
  readonly #book: Book;
  readonly #recurrences = new Map<string, Recurrence>();
  /** Changes and new occurrences run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(book: Book, parts: Parts, known: readonly Recurrence[] = []) {
    this.#book = book;
    this.#parts = parts;
    for (const recurrence of known) this.#recurrences.set(recurrence.id, recurrence);
  }

  all(): readonly Recurrence[] {
    return [...this.#recurrences.values()];
  }

  /** Returns the id. Throws OperatingError: "not_found" for an unknown id, "overloaded" beyond 500 of them. */
  set(posted: PostedRecurrence): Promise<string> {
    return this.#inTurn(async () => {
      const { now, save } = this.#parts;
      const isKnown = this.#recurrences.has(posted.id);
      if (posted.id !== "" && !isKnown) throw unknown(posted.id);
      if (!isKnown && this.#recurrences.size >= recurrencesMax)
        throw new OperatingError("overloaded", `there are ${recurrencesMax} recurring silences`);
      const id = isKnown ? posted.id : crypto.randomUUID();
      const recurrence = { ...posted, id, updatedAtMs: Math.round(now()), madeMs: undefined };
      await save(recurrence);
      this.#recurrences.set(id, recurrence);
      await this.#endOccurrences(id);
      await this.#makeOccurrences(recurrence);
      return id;
    });
  }

  /** Removes one, and ends its occurrences. Throws OperatingError("not_found"). */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#recurrences.has(id)) throw unknown(id);
      await this.#parts.remove(id);
      this.#recurrences.delete(id);
      await this.#endOccurrences(id);
    });
  }

  /** Makes silences of new occurrences that are in force or begin within a day. Throws the first failure after it tried all. */
  keepUp(): Promise<void> {
    return this.#inTurn(async () => {
      const failures: unknown[] = [];
      for (const recurrence of this.all())
        await this.#makeOccurrences(recurrence).catch((failure: unknown) => failures.push(failure));
      if (failures.length > 0) throw failures[0];
    });
  }

  async #makeOccurrences(recurrence: Recurrence): Promise<void> {
    const nowMs = this.#parts.now();
    const known = new Set(
      this.#occurrencesOf(recurrence.id)
        .filter(({ annotations }) => annotations[names.version] === versionOf(recurrence))
        .map(({ annotations }) => annotations[names.start]),
    );
    let made = recurrence;
    for (const occurrence of occurrencesIn(made, { startMs: nowMs, endMs: nowMs + aheadMs })) {
      if (occurrence.startMs <= (made.madeMs ?? -Infinity)) continue;
      // A crash can come between the silence and the mark.
      if (!known.has(timeText(occurrence.startMs)))
        await this.#book.set({ ...silenceOf(made, occurrence), id: "" });
      made = { ...made, madeMs: occurrence.startMs };
      await this.#parts.save(made);
      this.#recurrences.set(made.id, made);
    }
  }

  async #endOccurrences(id: string): Promise<void> {
    const nowMs = this.#parts.now();
    for (const silence of this.#occurrencesOf(id))
      if (stateOf(silence, nowMs) !== "expired") await this.#book.expire(silence.id);
  }

  #occurrencesOf(id: string): readonly Silence[] {
    return this.#book.all().filter(({ annotations }) => annotations[names.id] === id);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

function silenceOf(
  recurrence: Recurrence,
  { startMs, endMs }: Occurrence,
): Omit<Silence, "id" | "updatedAtMs"> {
  const { id, matchers, createdBy, comment } = recurrence;
  return {
    matchers,
    startsAtMs: startMs,
    endsAtMs: endMs,
    createdBy,
    comment,
    annotations: {
      [names.id]: id,
      [names.version]: versionOf(recurrence),
      [names.start]: timeText(startMs),
    },
  };
}

function versionOf({ updatedAtMs }: Recurrence): string {
  return String(updatedAtMs);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function unknown(id: string): OperatingError {
  return new OperatingError("not_found", `recurring silence ${id.slice(0, 100)} not found`);
}

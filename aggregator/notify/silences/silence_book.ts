import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { type AlertMatcher, isSameMatchers } from "../routing/matcher.ts";
import { type Silence, silences, stateOf } from "./silence.ts";

export type SilenceLimits = {
  /** Silences that are kept, expired ones included. 0 for no limit. */
  readonly silencesMax: number;
  /** Of one silence as JSON. 0 for no limit. */
  readonly bytesMax: number;
  /** How long a silence is kept after its end. */
  readonly retentionMs: number;
};

export type SilenceBookParts = {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly limits: () => SilenceLimits;
  /** Writes silences before they count. */
  readonly save: (changed: readonly Silence[]) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
};

/** What people ask for: without an id a new silence, else a changed one. */
export type PostedSilence = Omit<Silence, "updatedAtMs">;

/** Silences that are active from one moment until before another. */
type Active = {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly silences: readonly Silence[];
};
const noneKnown: Active = { fromMs: Infinity, untilMs: -Infinity, silences: [] };

/**
 * All silences, as Alertmanager keeps them (silence/silence.go): a change of matchers, or of a start that is over, expires the old one
 * and makes a new one.
 */
export class SilenceBook {
  readonly #parts: SilenceBookParts;
  readonly #silences = new Map<string, Silence>();
  #active: Active = noneKnown;
  /** Changes come one after the other: each is written before it counts. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: SilenceBookParts, known: readonly Silence[] = []) {
    this.#parts = parts;
    for (const silence of known) this.#silences.set(silence.id, silence);
  }

  all(): readonly Silence[] {
    return [...this.#silences.values()];
  }

  find(id: string): Silence | undefined {
    return this.#silences.get(id);
  }

  /** Ids of the active silences that match. */
  silencesOf(labels: Labels, nowMs: number): readonly string[] {
    const ids: string[] = [];
    for (const silence of this.#activeAt(nowMs))
      if (silences(silence, labels)) ids.push(silence.id);
    return ids;
  }

  /** Kept until one begins, ends or changes: thousands of alerts ask at the same time. */
  #activeAt(nowMs: number): readonly Silence[] {
    if (nowMs >= this.#active.fromMs && nowMs < this.#active.untilMs) return this.#active.silences;
    const all = this.all();
    const changes = all
      .flatMap(({ startsAtMs, endsAtMs }) => [startsAtMs, endsAtMs])
      .filter((ms) => ms > nowMs);
    this.#active = {
      fromMs: nowMs,
      untilMs: changes.reduce((least, ms) => Math.min(least, ms), Infinity),
      silences: all.filter((silence) => stateOf(silence, nowMs) === "active"),
    };
    return this.#active.silences;
  }

  /** Gives the id. Throws OperatingError: "bad_request", "not_found" for an unknown id, "overloaded" beyond the limits. */
  set(posted: PostedSilence): Promise<string> {
    return this.#inTurn(() => this.#set(posted));
  }

  /** Ends a silence now; one that has ended stays as it is. Throws OperatingError("not_found"). */
  expire(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const silence = this.#silences.get(id);
      if (silence === undefined) throw unknownSilence(id);
      const nowMs = this.#parts.now();
      if (stateOf(silence, nowMs) !== "expired") await this.#write([expired(silence, nowMs)]);
    });
  }

  /** Forgets silences that ended long ago. */
  async clean(): Promise<void> {
    const { now, limits, remove } = this.#parts;
    const oldestMs = now() - limits().retentionMs;
    const gone = this.all().filter(({ endsAtMs }) => endsAtMs < oldestMs);
    if (gone.length === 0) return;
    const ids = gone.map(({ id }) => id);
    await this.#inTurn(async () => {
      await remove(ids);
      for (const id of ids) this.#silences.delete(id);
    });
  }

  async #set(posted: PostedSilence): Promise<string> {
    const nowMs = this.#parts.now();
    const fault = faultOf(posted);
    if (fault !== undefined) throw new OperatingError("bad_request", `invalid silence: ${fault}`);
    const before = this.#silences.get(posted.id);
    if (posted.id !== "" && before === undefined) throw unknownSilence(posted.id);
    if (before !== undefined && canChange(before, posted, nowMs)) {
      const changed = { ...posted, updatedAtMs: nowMs };
      this.#checkSize(changed);
      await this.#write([changed]);
      return changed.id;
    }
    const { silencesMax } = this.#parts.limits();
    if (silencesMax > 0 && this.#silences.size >= silencesMax)
      throw new OperatingError(
        "overloaded",
        `exceeded maximum number of silences: ${this.#silences.size} (limit: ${silencesMax})`,
      );
    const startsAtMs = Math.max(posted.startsAtMs, nowMs);
    const added = { ...posted, id: crypto.randomUUID(), startsAtMs, updatedAtMs: nowMs };
    this.#checkSize(added);
    const isLeft = before !== undefined && stateOf(before, nowMs) !== "expired";
    await this.#write(isLeft ? [expired(before, nowMs), added] : [added]);
    return added.id;
  }

  #checkSize(silence: Silence): void {
    const { bytesMax } = this.#parts.limits();
    const bytes = Buffer.byteLength(JSON.stringify(silence));
    if (bytesMax > 0 && bytes > bytesMax)
      throw new OperatingError(
        "overloaded",
        `silence exceeded maximum size: ${bytes} bytes (limit: ${bytesMax} bytes)`,
      );
  }

  async #write(changed: readonly Silence[]): Promise<void> {
    await this.#parts.save(changed);
    for (const silence of changed) this.#silences.set(silence.id, silence);
    this.#active = noneKnown;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

function expired(silence: Silence, nowMs: number): Silence {
  const startsAtMs = Math.min(silence.startsAtMs, nowMs);
  return { ...silence, startsAtMs, endsAtMs: nowMs, updatedAtMs: nowMs };
}

/** Whether a change leaves it true what was silenced in the past. */
function canChange(before: Silence, posted: PostedSilence, nowMs: number): boolean {
  if (!isSameMatchers(before.matchers, posted.matchers)) return false;
  const state = stateOf(before, nowMs);
  if (state === "active")
    return secondOf(before.startsAtMs) === secondOf(posted.startsAtMs) && posted.endsAtMs >= nowMs;
  return state === "pending" && posted.startsAtMs >= nowMs;
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000);
}

function faultOf({ matchers, startsAtMs, endsAtMs }: PostedSilence): string | undefined {
  if (matchers.length === 0) return "at least one matcher required";
  for (const { name } of matchers) if (name === "") return 'invalid label name ""';
  if (matchers.every(matchesEmpty)) return "at least one matcher must not match the empty string";
  if (endsAtMs < startsAtMs) return "end time must not be before start time";
  return undefined;
}

/** Whether a matcher takes alerts without the label; unanchored for a regular expression, as Alertmanager does. */
function matchesEmpty({ operator, value }: AlertMatcher): boolean {
  if (operator === "=") return value === "";
  return operator === "=~" && searchingRegex(value).test("");
}

function unknownSilence(id: string): OperatingError {
  return new OperatingError("not_found", `silence ${id.slice(0, 100)} not found`);
}

import type { Ask } from "../../frames/ask.ts";
import type { Frame } from "../../frames/frame.ts";
import { seriesNames } from "../../frames/legend.ts";
import { follows, type Window } from "../../state/time_range.ts";
import { windowAt, type Question } from "./question.ts";
import { appendTail, tailStartOf, type Answered } from "./tail.ts";
import { createTurns } from "./turns.ts";

/** What is known of one question. A new object whenever something changes. */
export type AnswerState = {
  /** The last good one: it stays when a refresh fails. */
  readonly answered: Answered | undefined;
  readonly error: unknown;
  readonly asking: boolean;
  /** When the last good answer came, and how long it took. */
  readonly answeredMs: number;
  readonly tookMs: number;
};

type Entry = {
  question: Question;
  state: AnswerState;
  version: number;
  readonly watchers: Set<() => void>;
  abort: AbortController | undefined;
  retry: ReturnType<typeof setTimeout> | undefined;
};

type Options = {
  readonly ask: (ask: Ask, signal: AbortSignal) => Promise<readonly Frame[]>;
  readonly now?: () => number;
  /** Runs what tells of changes: at once, or with the next frame, so that one drawing shows all that came since the last. */
  readonly soon?: (tell: () => void) => void;
};

/** A browser has six connections to an origin: one stays for what people click. */
const atOnce = 5;
/** A failed question is asked again after this. */
const retryMs = 5_000;
/** An answer as old as this is asked anew when its panel comes back into view. */
const staleMs = 10_000;
/** Values of one moment change with every sample; asking more often shows nothing more. */
const instantMs = 5_000;
/** Questions that are put within this have one moment. */
const momentMs = 1_000;
/** So long after a step its value may still change: samples need their time from host to answer. */
const settleMs = 5_000;
/** Questions whose changes are told in one frame: drawing the panels of more holds up what people do (over 50 ms for six). */
const toldAtOnce = 3;
/** Answers that nobody looks at, kept for who scrolls or turns back. */
const keptMax = 60;

const nothing: AnswerState = {
  answered: undefined,
  error: undefined,
  asking: false,
  answeredMs: 0,
  tookMs: 0,
};

/**
 * The answers to the questions of a page. Panels with the same question share it; one that nobody watches any more is given up;
 * a refresh asks for the new part of the range only.
 */
export class AnswerStore {
  readonly #ask: Options["ask"];
  readonly #now: () => number;
  readonly #turn = createTurns(atOnce);
  readonly #entries = new Map<string, Entry>();
  readonly #soon: (tell: () => void) => void;
  /** Those that changed since their watchers were told. */
  readonly #changed = new Set<Entry>();
  #requests = 0;
  #changes = 0;
  #momentMs = Number.NEGATIVE_INFINITY;

  constructor({ ask, now = Date.now, soon = (tell) => tell() }: Options) {
    this.#ask = ask;
    this.#now = now;
    this.#soon = soon;
  }

  /** Requests since the start, for tests and for the inspector. */
  get requests(): number {
    return this.#requests;
  }

  /** From now on `onChange` is called when what is known of the question changes. Gives how to end that. */
  watch(question: Question, onChange: () => void): () => void {
    const entry = this.#entry(question);
    entry.watchers.add(onChange);
    const { answered, asking } = entry.state;
    const isStale = follows(question.range) && this.#ageOf(entry) > staleMs;
    if (!asking && (answered === undefined || isStale)) void this.#fetch(entry);
    return () => {
      entry.watchers.delete(onChange);
      // Who asks the same in the next moment takes it over.
      setTimeout(() => {
        if (entry.watchers.size === 0) this.#leave(entry);
      }, 0);
    };
  }

  state(key: string): AnswerState {
    return this.#entries.get(key)?.state ?? nothing;
  }

  /** Another one after each change of one of these, also when one was forgotten and asked anew. */
  version(keys: readonly string[]): number {
    return keys.reduce((newest, key) => Math.max(newest, this.#entries.get(key)?.version ?? 0), 0);
  }

  /**
   * Asks what is watched anew, where there can be something new: between two steps of a range there is not. What is being asked
   * is not asked twice. `all` asks everything, and the whole range.
   */
  refresh(all = false): void {
    for (const entry of this.#entries.values()) {
      if (entry.watchers.size === 0 || entry.state.asking) continue;
      if (all && entry.state.answered !== undefined) {
        entry.state = { ...entry.state, answered: { ...entry.state.answered, wholeMs: 0 } };
      }
      if (all || this.#mayHaveNews(entry)) void this.#fetch(entry);
    }
  }

  /** Of values of one moment from that moment on: those of a panel grow old together, whichever answer came last. */
  #ageOf({ question, state }: Pick<Entry, "question" | "state">): number {
    const { answered, answeredMs } = state;
    return this.#now() - (question.instant ? (answered?.wholeMs ?? 0) : answeredMs);
  }

  /**
   * The moment that a question is about. Those of a panel have the same one, whenever their turn comes: tables are joined by time.
   */
  #moment(): number {
    const nowMs = this.#now();
    if (Math.abs(nowMs - this.#momentMs) >= momentMs) this.#momentMs = nowMs;
    return this.#momentMs;
  }

  #mayHaveNews({ question, state }: Pick<Entry, "question" | "state">): boolean {
    const { answered, answeredMs } = state;
    if (answered === undefined || state.error !== undefined) return true;
    if (question.instant || !isMetrics(question))
      return this.#ageOf({ question, state }) >= instantMs;
    const { stepMs } = question;
    const shownMs = Math.floor(answered.window.endMs / stepMs) * stepMs;
    const newestMs = Math.floor(windowAt(question, this.#now()).endMs / stepMs) * stepMs;
    // Samples of the last moments may still have been on their way.
    return newestMs > shownMs || answeredMs < shownMs + settleMs;
  }

  #entry(question: Question): Entry {
    const found = this.#entries.get(question.key);
    if (found !== undefined) return found;
    const made: Entry = {
      question,
      state: nothing,
      version: 0,
      watchers: new Set(),
      abort: undefined,
      retry: undefined,
    };
    this.#entries.set(question.key, made);
    return made;
  }

  #leave(entry: Entry): void {
    // Who came back before it was left for good has an entry of their own under this key.
    if (this.#entries.get(entry.question.key) !== entry) return;
    entry.abort?.abort();
    clearTimeout(entry.retry);
    const { key } = entry.question;
    this.#entries.delete(key);
    if (entry.state.answered === undefined) return;
    // Again, as the newest of those that are kept.
    this.#entries.set(key, entry);
    const unwatched = [...this.#entries.values()].filter(({ watchers }) => watchers.size === 0);
    for (const old of unwatched.slice(0, Math.max(0, unwatched.length - keptMax))) {
      this.#entries.delete(old.question.key);
    }
  }

  #change(entry: Entry, change: Partial<AnswerState>): void {
    entry.state = { ...entry.state, ...change };
    entry.version = ++this.#changes;
    const isWaiting = this.#changed.size > 0;
    this.#changed.add(entry);
    if (!isWaiting) this.#soon(() => this.#tell());
  }

  #tell(): void {
    const told = [...this.#changed].slice(0, toldAtOnce);
    for (const entry of told) this.#changed.delete(entry);
    if (this.#changed.size > 0) this.#soon(() => this.#tell());
    for (const { watchers } of told) for (const onChange of watchers) onChange();
  }

  async #fetch(entry: Entry): Promise<void> {
    clearTimeout(entry.retry);
    const abort = new AbortController();
    entry.abort = abort;
    this.#change(entry, { asking: true });
    try {
      const startedMs = this.#now();
      const moment = this.#moment();
      const answered = await this.#turn(
        () => this.#answer(entry, entry.question.instant ? moment : this.#now(), abort.signal),
        abort.signal,
      );
      const answeredMs = this.#now();
      this.#change(entry, {
        answered,
        error: undefined,
        asking: false,
        answeredMs,
        tookMs: answeredMs - startedMs,
      });
    } catch (error) {
      if (abort.signal.aborted) {
        this.#change(entry, { asking: false });
        // Somebody came while it was given up.
        if (entry.watchers.size > 0 && entry.abort === abort) void this.#fetch(entry);
        return;
      }
      this.#change(entry, { error, asking: false });
      entry.retry = setTimeout(() => {
        if (entry.watchers.size > 0) void this.#fetch(entry);
      }, retryMs);
    }
  }

  async #answer({ question, state }: Entry, nowMs: number, signal: AbortSignal): Promise<Answered> {
    const { stepMs, instant } = question;
    const window = windowAt(question, nowMs);
    const before = state.answered;
    const tailMs = instant ? undefined : tailStartOf(before, window, stepMs, nowMs);
    if (before !== undefined && tailMs !== undefined) {
      const tail = { startMs: tailMs, endMs: window.endMs };
      const news = await this.#request(question, tail, signal);
      const frames = appendTail(
        before.frames,
        { frames: withFields(news), window: tail },
        window.startMs,
        stepMs,
      );
      if (frames !== undefined) {
        const named = renamed(frames, question, noticesOf(news));
        return { frames: named, window, stepMs, wholeMs: before.wholeMs };
      }
    }
    const frames = await this.#request(question, window, signal);
    return { frames, window, stepMs, wholeMs: nowMs };
  }

  #request(question: Question, window: Window, signal: AbortSignal): Promise<readonly Frame[]> {
    this.#requests++;
    const { key: _key, range: _range, shiftMs: _shift, timeZone: _zone, ...ask } = question;
    return this.#ask({ ...ask, window }, signal);
  }
}

function isMetrics({ source, format }: Question): boolean {
  return source === "metrics" && format !== "table";
}

/** An answer without series may be one frame that only says something. */
function withFields(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter(({ fields }) => fields.length > 0);
}

function noticesOf(frames: readonly Frame[]): readonly string[] {
  return [...new Set(frames.flatMap(({ notices }) => notices))];
}

/** Automatic names tell series apart: with other series they are others. */
function renamed(
  frames: readonly Frame[],
  { legend, expr }: Question,
  notices: readonly string[],
): readonly Frame[] {
  const names = seriesNames(
    frames.map(({ fields }) => fields[1]?.labels ?? {}),
    legend,
    expr,
  );
  return frames.map((frame, i) => {
    const name = names[i] ?? frame.name;
    const fields = frame.fields.map((field, at) => (at === 1 ? { ...field, name } : field));
    return { ...frame, name, fields, notices: i === 0 ? notices : [] };
  });
}

/** What was before, what is, and what was undone. */
export type History<T> = {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What kind of change made the present: typing on in one field is one step back, not one a letter. */
  readonly last: string | undefined;
};

const stepsMax = 100;

export function startHistory<T>(present: T): History<T> {
  return { past: [], present, future: [], last: undefined };
}

/** Changes of one `kind` in a row become one step; undefined never joins another. */
export function changed<T>(history: History<T>, present: T, kind?: string): History<T> {
  if (present === history.present) return history;
  const joins = kind !== undefined && kind === history.last;
  const past = joins ? history.past : [...history.past, history.present].slice(-stepsMax);
  return { past, present, future: [], last: kind };
}

export function undone<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    last: undefined,
  };
}

export function redone<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future, last: undefined };
}

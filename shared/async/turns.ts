/**
 * Pauses of long work that shares one thread with everything else: after each the event loop has gone round once, and of all that
 * wait only one goes on a round. So however many of them there are, timers, sockets and ingest wait no longer than one takes between
 * two pauses.
 */
const waiting: (() => void)[] = [];
/** Longest that paced works keep the event loop to themselves, all of one turn together. A request passes through several turns until it is answered. */
const sliceMs = 5;
let isScheduled = false;
let turns = 0;
let beganMs = -Infinity;
/** Grows with every turn in which paced work began. */
let begun = 0;
let isBegun = false;

/** Grows with every pause: work that finds it unchanged goes on in the same turn of the event loop. */
export function turnsSoFar(): number {
  return turns;
}

/**
 * Whether paced works have used up this turn, and the caller awaits nextTurn() before it goes on. The time is that of all of them: a
 * hundred requests that arrive at once would otherwise take a slice each before the event loop goes round.
 */
export function isTurnOver(): boolean {
  return performance.now() - beganMs >= sliceMs;
}

/**
 * Called by paced work before it begins. Its time is counted from here, or from where other paced work of the same turn began: work
 * that begins in a turn of its own needs no pause before it.
 */
export function beginTurn(): void {
  if (!isBegun) begin();
}

/** For work that begins, such as a request: resolves when it may. Of many that arrive at once each would otherwise take its first steps in one turn. */
export async function ownTurn(): Promise<void> {
  beginTurn();
  if (isTurnOver()) await nextTurn();
}

/** Resolves when the event loop has gone round, and it is the caller's turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(wakeOne);
  });
}

/** Resolves when the event loop has gone round once, for work that may not wait for others: ingest goes on in every round. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      beginTurn();
      resolve();
    });
  });
}

/**
 * Pauses of work that may not wait for others, and has many small steps: a flush. It has a share of each round, whatever else
 * has used up the turn; with isTurnOver() it would get no further than one step a round while others are paced beside it.
 */
export class RoundShares {
  #untilMs = performance.now() + sliceMs;

  isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** Resolves when the event loop has gone round once. */
  async next(): Promise<void> {
    await nextRound();
    this.#untilMs = performance.now() + sliceMs;
  }
}

function wakeOne(): void {
  turns++;
  begin();
  const wake = waiting.shift();
  isScheduled = waiting.length > 0;
  if (isScheduled) setImmediate(wakeOne);
  wake?.();
}

function begin(): void {
  const own = ++begun;
  isBegun = true;
  beganMs = performance.now();
  setImmediate(() => {
    if (begun === own) isBegun = false;
  });
}

/**
 * Pauses of long work that shares one thread with everything else: after each the event loop has gone round once, and of all that
 * wait only one goes on a round. So however many of them there are, timers, sockets and ingest wait no longer than one takes between
 * two pauses.
 */
const waiting: (() => void)[] = [];
let isScheduled = false;
let turns = 0;

/** Grows with every pause: work that finds it unchanged goes on in the same turn of the event loop. */
export function turnsSoFar(): number {
  return turns;
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

function wakeOne(): void {
  turns++;
  const wake = waiting.shift();
  isScheduled = waiting.length > 0;
  if (isScheduled) setImmediate(wakeOne);
  wake?.();
}

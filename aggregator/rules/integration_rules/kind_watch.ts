import type { Clock } from "#shared/runtime/clock.ts";

/** A service that was found has its rules this much later at most. */
const lookEveryMs = 10_000;

/** Looks which kinds of services agents report, and calls `onChange` where these are others than before, until the signal aborts. */
export async function watchKinds(
  find: () => ReadonlySet<string>,
  { before, clock, signal }: { before: ReadonlySet<string>; clock: Clock; signal: AbortSignal },
  onChange: (kinds: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  let known = before;
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal);
    if (signal.aborted) return;
    const found = find();
    if (found.size === known.size && found.isSubsetOf(known)) continue;
    known = found;
    await onChange(found);
  }
}

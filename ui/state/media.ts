import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";

/** Whether a media query matches, kept current. Told apart once: each look at a new list would ask the page for its style. */
export function useMedia(query: string): boolean {
  const media = useMemo(() => matchMedia(query), [query]);
  const subscribe = useCallback(
    (onChange: () => void) => {
      media.addEventListener("change", onChange);
      return () => media.removeEventListener("change", onChange);
    },
    [media],
  );
  return useSyncExternalStore(subscribe, () => media.matches);
}

/** The width below which tables become cards and the rail a bottom bar; the style sheets use the same number. */
export const phoneQuery = "(max-width: 719px)";

/** The present in Unix milliseconds, told anew every `everyMs`, for texts such as "3 s ago". */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}

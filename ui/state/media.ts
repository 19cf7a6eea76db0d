import { useEffect, useState, useSyncExternalStore } from "react";

/** Whether a media query matches, kept current. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const media = matchMedia(query);
      media.addEventListener("change", onChange);
      return () => media.removeEventListener("change", onChange);
    },
    () => matchMedia(query).matches,
  );
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

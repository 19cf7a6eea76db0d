import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { z } from "zod";
import { readItem, writeItem } from "../../state/stored.ts";

const storageKey = "lapwing.recent_places";
const recentMax = 8;
/** Pages that are only passed are no places one was at. */
const stayMinMs = 1_500;

const Recent = z.array(z.object({ href: z.string().startsWith("/"), title: z.string() }));
export type RecentPlace = { readonly href: string; readonly title: string };

/** Pages that were looked at last, newest first. */
export function recentPlaces(): readonly RecentPlace[] {
  try {
    const read = Recent.safeParse(JSON.parse(readItem(storageKey) ?? "[]"));
    return read.success ? read.data.slice(0, recentMax) : [];
  } catch {
    return [];
  }
}

/** Remembers each page by its path and its title. */
export function useRecentPlace(title: string | undefined): void {
  const { pathname } = useLocation();
  useEffect(() => {
    if (title === undefined) return;
    const timer = setTimeout(() => {
      const others = recentPlaces().filter(({ href }) => href !== pathname);
      const next = [{ href: pathname, title }, ...others].slice(0, recentMax);
      writeItem(storageKey, JSON.stringify(next));
    }, stayMinMs);
    return () => clearTimeout(timer);
  }, [pathname, title]);
}

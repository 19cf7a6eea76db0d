import { useSearch } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { readItem, writeItem } from "./stored.ts";
import type { PageRangeSearch } from "./url.ts";
import { browserZone, isTimeZone } from "../units/time_zones.ts";

const storageKey = "lapwing.time_zone";
const changeEvent = "lapwing:time_zone";

/** The time zone of everything on the page: "browser", "utc" or an IANA name. The URL's, else what the person chose. */
export function useTimeZone(): string {
  const { tz }: PageRangeSearch = useSearch({ strict: false });
  const remembered = useSyncExternalStore(subscribe, rememberedTimeZone);
  return tz ?? remembered;
}

/** Remembers a zone for pages whose URL names none. */
export function rememberTimeZone(zone: string): void {
  writeItem(storageKey, zone);
  dispatchEvent(new Event(changeEvent));
}

function rememberedTimeZone(): string {
  const zone = readItem(storageKey);
  return zone !== undefined && isTimeZone(zone) ? zone : browserZone;
}

function subscribe(onChange: () => void): () => void {
  addEventListener(changeEvent, onChange);
  return () => removeEventListener(changeEvent, onChange);
}

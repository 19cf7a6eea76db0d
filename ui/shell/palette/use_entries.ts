import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { searchMetrics } from "../../client/search.ts";
import { showToast } from "../../overlays/toast.ts";
import { useDashboards } from "../../queries/dashboards.ts";
import { usePageRange } from "../../state/page_range.ts";
import { explorePage } from "../../state/places.ts";
import { useAgents } from "../../queries/inventory.ts";
import { quickRanges } from "../../state/quick_ranges.ts";
import { chooseTheme, themes } from "../../state/theme.ts";
import { windowOf } from "../../state/time_range.ts";
import { copyText } from "../../widgets/copy_button.tsx";
import type { IconName } from "../../elements/icon.tsx";
import { usePlaces } from "../places.ts";
import type { TimeActions } from "../time/use_time_actions.ts";
import { bestOf } from "./rank.ts";
import { recentPlaces } from "./recent.ts";

export type PaletteEntry = {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  readonly keys?: string;
  readonly icon: IconName;
  readonly run: () => void;
};

export type PaletteGroup = { readonly title: string; readonly entries: readonly PaletteEntry[] };

type Source = {
  readonly title: string;
  readonly entries: readonly PaletteEntry[];
  /** Whether it is shown before anything is typed. */
  readonly atStart: boolean;
};

const shownMax = 7;
const metricsMax = 20;

/** What the palette offers for a text: the groups with the best answers first. */
export function useEntries(
  text: string,
  actions: TimeActions,
  showKeys: () => void,
): { readonly groups: readonly PaletteGroup[]; readonly loading: boolean } {
  const metrics = useMetricEntries(useDeferredValue(text.trim()));
  const sources: readonly Source[] = [
    { title: "Recent", entries: useRecentEntries(), atStart: true },
    { title: "Go to", entries: usePlaceEntries(), atStart: true },
    { title: "Dashboards", entries: useDashboardEntries(), atStart: false },
    { title: "Hosts", entries: useHostEntries(), atStart: false },
    { title: "Actions", entries: useActionEntries(actions, showKeys), atStart: true },
    { title: "Time range", entries: useRangeEntries(), atStart: false },
  ];
  const isTyped = text.trim() !== "";
  const ranked = sources
    .filter(({ atStart }) => isTyped || atStart)
    .map(({ title, entries }) => {
      const best = bestOf(entries, ({ label }) => label, text, shownMax);
      return { title, entries: best.map(({ item }) => item), rank: best[0]?.rank ?? 9 };
    });
  // The search of metrics ranks by itself: what it found comes where letters in a row would.
  ranked.push({ title: "Metrics", entries: metrics.entries, rank: 3 });
  const groups = ranked.filter(({ entries }) => entries.length > 0);
  return {
    groups: isTyped ? groups.toSorted((a, b) => a.rank - b.rank) : groups,
    loading: metrics.loading,
  };
}

function useGo(): (path: string) => void {
  const navigate = useNavigate();
  return (path) => void navigate({ to: path });
}

function useHasPage(path: string): boolean {
  const { routesByPath } = useRouter();
  return path in routesByPath;
}

function useRecentEntries(): PaletteEntry[] {
  const go = useGo();
  return recentPlaces()
    .filter(({ href }) => href !== location.pathname)
    .map(({ href, title }) => ({
      id: `recent ${href}`,
      label: title,
      detail: href,
      icon: "clock",
      run: () => go(href),
    }));
}

function usePlaceEntries(): PaletteEntry[] {
  const go = useGo();
  return usePlaces().map(({ path, name, icon, key }) => ({
    id: `page ${path}`,
    label: name,
    keys: `g ${key}`,
    icon,
    run: () => go(path),
  }));
}

function useHostEntries(): PaletteEntry[] {
  const go = useGo();
  const agents = useAgents(0);
  return (agents.data ?? []).map(({ agent, name, live }) => ({
    id: `host ${agent}`,
    label: name,
    detail: live ? "live" : "silent",
    icon: "hosts",
    run: () => go(`/hosts/${encodeURIComponent(agent)}`),
  }));
}

function useDashboardEntries(): PaletteEntry[] {
  const go = useGo();
  const hasPage = useHasPage("/dashboards/$uid");
  const dashboards = useDashboards();
  if (!hasPage) return [];
  return (dashboards.data ?? []).map(({ uid, title, folder, starred }) => ({
    id: `dashboard ${uid}`,
    label: title,
    detail: folder,
    icon: starred ? "star" : "dashboards",
    run: () => go(`/dashboards/${encodeURIComponent(uid)}`),
  }));
}

function useMetricEntries(text: string): {
  readonly entries: PaletteEntry[];
  readonly loading: boolean;
} {
  const navigate = useNavigate();
  const { range } = usePageRange();
  const enabled = useHasPage("/explore") && text.length >= 2;
  const found = useQuery({
    queryKey: ["palette_metrics", text, range.from, range.to],
    enabled,
    queryFn: ({ signal }) => {
      const nowMs = Date.now();
      const window = windowOf(range, nowMs) ?? { startMs: nowMs - 3_600_000, endMs: nowMs };
      return searchMetrics({ text, match: [], window, limit: metricsMax, signal });
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  if (!enabled) return { entries: [], loading: false };
  const entries = (found.data?.results ?? [])
    .slice(0, shownMax)
    .map(({ name, help }): PaletteEntry => ({
      id: `metric ${name}`,
      label: name,
      detail: help,
      icon: "explore",
      run: () => void navigate({ href: explorePage({ expr: name }, range) }),
    }));
  return { entries, loading: found.isFetching };
}

function useRangeEntries(): PaletteEntry[] {
  const { setRange } = usePageRange();
  return quickRanges.map(({ from, to, label }) => ({
    id: `range ${label}`,
    label,
    detail: to === "now" ? from : `${from} to ${to}`,
    icon: "clock",
    run: () => setRange({ from, to }),
  }));
}

function useActionEntries(actions: TimeActions, showKeys: () => void): PaletteEntry[] {
  const { range, timeZone } = usePageRange();
  const copyLink = async (fixed: boolean): Promise<void> => {
    const address = new URL(location.href);
    const window = fixed ? windowOf(range, Date.now()) : undefined;
    address.searchParams.set("from", window === undefined ? range.from : String(window.startMs));
    address.searchParams.set("to", window === undefined ? range.to : String(window.endMs));
    if (timeZone !== "browser") address.searchParams.set("tz", timeZone);
    if (await copyText(address.href)) showToast({ state: "good", title: "Link copied" });
  };
  return [
    act("Copy link", "link", () => void copyLink(false)),
    act("Copy link with these exact times", "link", () => void copyLink(true)),
    act("Show the keys", "keyboard", showKeys, "?"),
    act("Refresh now", "refresh", actions.refreshNow, "t r"),
    act("Stop or start updates", "pause", actions.pause, "t p"),
    act("Zoom out", "zoom_out", actions.zoomOut, "t z"),
    ...themes.map((theme) =>
      act(
        `Theme: ${theme}`,
        theme === "system" ? "system" : theme === "dark" ? "moon" : "sun",
        () => chooseTheme(theme),
      ),
    ),
  ];
}

function act(label: string, icon: IconName, run: () => void, keys?: string): PaletteEntry {
  return { id: `action ${label}`, label, icon, run, ...(keys !== undefined && { keys }) };
}

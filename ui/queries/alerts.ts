import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { listRules, type RuleRow } from "../client/alerting.ts";
import {
  listNotifications,
  listSentAlerts,
  listSilences,
  type NotificationPage,
  type SentAlert,
  type Silence,
} from "../client/alertmanager.ts";
import {
  listHistory,
  type HistoryFilter,
  type HistoryPage,
} from "../client/alerts/alert_history.ts";
import {
  listRuleCosts,
  listStoredGroups,
  type RuleCosts,
  type StoredGroup,
} from "../client/rules.ts";
import { listPush, type PushDevices } from "../client/alerts/push.ts";
import { listRecurring, type RecurringRow } from "../client/alerts/recurring.ts";
import { explainRouting, listReceivers, type Receivers, type Routing } from "../client/routing.ts";
import { intervalOf } from "./query_client.ts";

/** Rules are evaluated every 15 seconds at most. */
const fastestMs = 5_000;
/** The keys of what is asked of the notifier: for invalidateQueries() after a change. */
export const notifierKey = ["alertmanager"];

function everyOf(intervalMs: number): number {
  return intervalMs === 0 ? 0 : Math.max(intervalMs, fastestMs);
}

/** Begins the keys of what is asked of rules. */
export const rulesKey = ["alerting"];

/** Groups of rules that can be changed. */
export function useStoredGroups(): UseQueryResult<readonly StoredGroup[]> {
  return useQuery({
    queryKey: [...rulesKey, "stored"],
    queryFn: ({ signal }) => listStoredGroups(signal),
  });
}

/** The aggregator looks at all series for it. */
const costsEveryMs = 300_000;

/** What rules read. */
export function useRuleCosts(): UseQueryResult<RuleCosts> {
  return useQuery({
    queryKey: [...rulesKey, "costs"],
    queryFn: ({ signal }) => listRuleCosts(signal),
    staleTime: costsEveryMs,
    refetchInterval: costsEveryMs,
    retry: false,
  });
}

/** Browsers that are subscribed to receivers. */
export function usePushDevices(): UseQueryResult<PushDevices> {
  return useQuery({
    queryKey: [...notifierKey, "push"],
    queryFn: ({ signal }) => listPush(signal),
  });
}

/** All rules with their alerts. */
export function useRules(intervalMs: number): UseQueryResult<readonly RuleRow[]> {
  return useQuery({
    queryKey: ["alerting", "all"],
    queryFn: ({ signal }) => listRules(signal),
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

/** What was sent for notification, and what became of it. */
export function useSentAlerts(intervalMs: number): UseQueryResult<readonly SentAlert[]> {
  return useQuery({
    queryKey: [...notifierKey, "alerts"],
    queryFn: ({ signal }) => listSentAlerts(signal),
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

export function useSilences(intervalMs: number): UseQueryResult<readonly Silence[]> {
  return useQuery({
    queryKey: [...notifierKey, "silences"],
    queryFn: ({ signal }) => listSilences(signal),
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

/** Recurring silences, with their occurrences within a span. */
export function useRecurring(span: {
  readonly startMs: number;
  readonly endMs: number;
}): UseQueryResult<readonly RecurringRow[]> {
  return useQuery({
    queryKey: [...notifierKey, "recurring", span],
    queryFn: ({ signal }) => listRecurring(span, signal),
    placeholderData: keepPreviousData,
  });
}

/** The history of notifications, page by page. */
export function useNotifications(
  intervalMs: number,
): UseInfiniteQueryResult<InfiniteData<NotificationPage>> {
  return useInfiniteQuery({
    queryKey: [...notifierKey, "notifications"],
    queryFn: ({ pageParam, signal }) => listNotifications(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: NotificationPage) => next,
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

/** The history of alerts, page by page. */
export function useAlertHistory(
  filter: HistoryFilter,
  intervalMs: number,
): UseInfiniteQueryResult<InfiniteData<HistoryPage>> {
  return useInfiniteQuery({
    queryKey: [...notifierKey, "history", filter],
    queryFn: ({ pageParam, signal }) => listHistory(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: HistoryPage) => next,
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

/** Receivers with what became of their notifications. */
export function useReceivers(intervalMs: number): UseQueryResult<Receivers> {
  return useQuery({
    queryKey: [...notifierKey, "receivers"],
    queryFn: ({ signal }) => listReceivers(signal),
    refetchInterval: intervalOf(everyOf(intervalMs)),
  });
}

/** The routes, and where an alert with these labels goes. */
export function useRouting(
  labels: Readonly<Record<string, string>> | undefined,
): UseQueryResult<Routing> {
  return useQuery({
    queryKey: [...notifierKey, "routing", labels],
    queryFn: ({ signal }) => explainRouting(labels, signal),
    placeholderData: keepPreviousData,
    // Time intervals begin and end.
    refetchInterval: 60_000,
  });
}

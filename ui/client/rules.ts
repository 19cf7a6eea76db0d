import { z } from "zod";
import { fetchJson, fetchText } from "./transport.ts";

/** What an expression of a rule is written in; auto where a group may have both. */
export type RuleLanguage = "promql" | "logql";

/** What a rule of a language is over. */
export const sourceOfLanguage = { promql: "metrics", logql: "logs" } as const satisfies Readonly<
  Record<RuleLanguage, string>
>;

/** A group of rules that can be changed: it is kept by the aggregator, not in a file. */
export type StoredGroup = {
  readonly namespace: string;
  readonly name: string;
  readonly language: RuleLanguage | "auto";
  /** As it was written. */
  readonly yaml: string;
};

/** A rule to try over stored data. Durations are texts such as "5m". */
export type Backtest = {
  readonly name: string;
  readonly expression: string;
  readonly language: RuleLanguage;
  readonly for: string;
  readonly keep_firing_for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly interval: string;
};

/** A time in which an alert would have been active. */
export type Episode = {
  readonly labels: Readonly<Record<string, string>>;
  readonly activeMs: number;
  /** undefined where it would have been pending only. */
  readonly firedMs: number | undefined;
  /** undefined where it is active at the end. */
  readonly endedMs: number | undefined;
  /** Who would have been notified that it fires. */
  readonly receivers: readonly string[];
};

/** What a rule would have done. Times are Unix milliseconds. */
export type BacktestResult = {
  readonly startMs: number;
  readonly endMs: number;
  readonly fired: number;
  readonly pending: number;
  readonly firingMs: number;
  readonly episodes: readonly Episode[];
  /** By the routing in force. */
  readonly notifications: NotificationCounts;
};

/** How many notifications there would have been, and to whom. */
export type NotificationCounts = {
  readonly count: number;
  readonly receivers: readonly {
    readonly receiver: string;
    readonly integration: string;
    readonly count: number;
  }[];
};

const Texts = z.record(z.string(), z.string());
const Groups = z.object({
  groups: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      language: z.enum(["auto", "promql", "logql"]),
      yaml: z.string(),
    }),
  ),
});
const time = z.string().transform((text) => Date.parse(text));
const maybeTime = z
  .string()
  .nullable()
  .transform((text) => (text === null ? undefined : Date.parse(text)));
const Answer = z.object({
  start: time,
  end: time,
  fired: z.number(),
  pending: z.number(),
  firingSeconds: z.number(),
  episodes: z.array(
    z.object({
      labels: Texts,
      activeAt: time,
      firedAt: maybeTime,
      endedAt: maybeTime,
      receivers: z.array(z.string()),
    }),
  ),
  notifications: z.object({
    count: z.number(),
    receivers: z.array(
      z.object({ receiver: z.string(), integration: z.string(), count: z.number() }),
    ),
  }),
});

/** The longest that a backtest may take. */
const backtestTimeoutMs = 35_000;

/** GET /api/v1/monitoring/rules: groups that can be changed. */
export async function listStoredGroups(signal?: AbortSignal): Promise<readonly StoredGroup[]> {
  const path = "/api/v1/monitoring/rules";
  return (await fetchJson({ path, params: {}, signal }, Groups)).groups;
}

const bases: Readonly<Record<RuleLanguage, string>> = {
  promql: "/config/v1/rules",
  logql: "/loki/api/v1/rules",
};

/** Makes a group, or replaces the one of its name, through the ruler API of Mimir or Loki. Throws OperatingError with all mistakes. */
export async function putGroup(
  namespace: string,
  yaml: string,
  language: RuleLanguage,
): Promise<void> {
  const path = `${bases[language]}/${encodeURIComponent(namespace)}`;
  await fetchText({ path, params: {}, text: yaml });
}

/** Removes a group. */
export async function deleteGroup(namespace: string, group: string): Promise<void> {
  const path = `${bases.promql}/${encodeURIComponent(namespace)}/${encodeURIComponent(group)}`;
  await fetchText({ path, params: {}, method: "DELETE" });
}

/** What an expression reads in each evaluation. */
export type RuleCost = z.output<typeof Cost>;
/** null where they are not known. */
const counts = { series: z.number().nullable(), samples: z.number().nullable() };
const Cost = z.object({
  ...counts,
  reads: z.array(z.object({ selector: z.string(), ...counts })),
});

/** POST /api/v1/monitoring/rules/cost. */
export function explainRule(
  body: { readonly expression: string; readonly language: RuleLanguage },
  signal?: AbortSignal,
): Promise<RuleCost> {
  const path = "/api/v1/monitoring/rules/cost";
  return fetchJson({ path, params: {}, body, signal, timeoutMs: backtestTimeoutMs }, Cost);
}

/** What the rules that run cost, and from which share of all samples on one is expensive. */
export type RuleCosts = z.output<typeof Costs>;
const Costs = z.object({
  expensiveShare: z.number(),
  rules: z.array(
    z.object({
      file: z.string(),
      group: z.string(),
      place: z.number(),
      samples: counts.samples,
      share: z.number(),
      failure: z.string(),
    }),
  ),
});

/** GET /api/v1/monitoring/rules/cost. */
export function listRuleCosts(signal?: AbortSignal): Promise<RuleCosts> {
  const path = "/api/v1/monitoring/rules/cost";
  return fetchJson({ path, params: {}, signal, timeoutMs: backtestTimeoutMs }, Costs);
}

/** POST /api/v1/monitoring/rules/backtest, over the last day. */
export async function backtestRule(body: Backtest, signal?: AbortSignal): Promise<BacktestResult> {
  const path = "/api/v1/monitoring/rules/backtest";
  const timeoutMs = backtestTimeoutMs;
  const answer = await fetchJson({ path, params: {}, body, signal, timeoutMs }, Answer);
  return {
    startMs: answer.start,
    endMs: answer.end,
    fired: answer.fired,
    pending: answer.pending,
    firingMs: answer.firingSeconds * 1_000,
    notifications: answer.notifications,
    episodes: answer.episodes.map(({ labels, activeAt, firedAt, endedAt, receivers }) => ({
      labels,
      receivers,
      activeMs: activeAt,
      firedMs: firedAt,
      endedMs: endedAt,
    })),
  };
}

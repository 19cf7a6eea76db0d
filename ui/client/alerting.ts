import { z } from "zod";
import { fetchJson } from "./transport.ts";

/** An alert of Prometheus's API: one series for which a rule's condition holds. */
export type AlertRow = {
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Since when its condition holds. */
  readonly activeMs: number;
  readonly value: string;
};

/** A rule that makes alerts, with its state now. */
export type AlertRuleRow = {
  readonly name: string;
  readonly group: string;
  readonly folder: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly alerts: readonly AlertRow[];
};

/** A rule of either kind, as it was last evaluated. Durations are milliseconds. */
export type RuleRow = {
  readonly kind: "alerting" | "recording";
  readonly name: string;
  readonly group: string;
  readonly file: string;
  /** Given where the query is SQL. */
  readonly language?: "sql";
  /** Its place in the group, from 0. */
  readonly place: number;
  readonly query: string;
  /** inactive, pending, firing; unknown before the first evaluation. Recording rules have none. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly forMs: number;
  readonly keepFiringMs: number;
  /** ok, err, or unknown. */
  readonly health: string;
  readonly lastError: string;
  /** undefined before the first evaluation. */
  readonly evaluatedMs: number | undefined;
  readonly tookMs: number;
  readonly intervalMs: number;
  readonly alerts: readonly AlertRow[];
  /** Why it is not known whether its alerts fire. */
  readonly unknown?: UnknownRule;
  /** Alerts that only late data have shown, the newest first. */
  readonly learned?: readonly LearnedAlert[];
};

/** Agents whose data a rule lacks. */
export type UnknownRule = {
  readonly reason: string;
  readonly agents: readonly {
    readonly agent: string;
    readonly name: string;
    readonly reason: "silent" | "late";
    readonly sinceMs: number;
  }[];
};

/** `text`: when it fired and when that was learned. */
export type LearnedAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
};

const time = z.string().transform((text) => Date.parse(text));
const Texts = z.record(z.string(), z.string());
const Alert = z.object({
  state: z.string(),
  labels: Texts.default({}),
  annotations: Texts.default({}),
  activeAt: z.string().default(""),
  value: z.union([z.string(), z.number()]).default(""),
});
const Alerts = z.object({ data: z.object({ alerts: z.array(Alert) }) });
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        file: z.string().default(""),
        rules: z.array(
          z.object({
            type: z.string().default(""),
            name: z.string(),
            state: z.string().default("unknown"),
            labels: Texts.default({}),
            alerts: z.array(Alert).default([]),
          }),
        ),
      }),
    ),
  }),
});

const UnknownRule = z.object({
  reason: z.string(),
  agents: z.array(
    z
      .object({
        agent: z.string(),
        name: z.string(),
        reason: z.enum(["silent", "late"]),
        since: time,
      })
      .transform(({ since, ...agent }) => ({ ...agent, sinceMs: since })),
  ),
});

const FullRules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        file: z.string(),
        interval: z.number(),
        rules: z.array(
          z.object({
            type: z.enum(["alerting", "recording"]),
            name: z.string(),
            query: z.string(),
            state: z.string().default(""),
            labels: Texts.default({}),
            annotations: Texts.default({}),
            duration: z.number().default(0),
            keepFiringFor: z.number().default(0),
            health: z.string(),
            lastError: z.string().default(""),
            evaluationTime: z.number(),
            lastEvaluation: z.string(),
            alerts: z.array(Alert).default([]),
            language: z.literal("sql").exactOptional(),
            unknown: UnknownRule.exactOptional(),
            learned: z.array(z.object({ labels: Texts, text: z.string() })).exactOptional(),
          }),
        ),
      }),
    ),
  }),
});

/** GET /api/v1/rules: all rules with their alerts, in the order of files, groups and rules. */
export function listRules(signal?: AbortSignal): Promise<RuleRow[]> {
  return askRules({}, signal);
}

/** GET /api/v1/rules: alerting rules of which it is not known whether they fire, without their alerts. */
export async function listUnknownRules(signal?: AbortSignal): Promise<RuleRow[]> {
  const rules = await askRules({ type: "alert", exclude_alerts: "true" }, signal);
  return rules.filter(({ unknown }) => unknown !== undefined);
}

async function askRules(
  params: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<RuleRow[]> {
  const answer = await fetchJson({ path: "/api/v1/rules", params, signal }, FullRules);
  return answer.data.groups.flatMap(({ name: group, file, interval, rules }) =>
    rules.map((one, place) => {
      const { type, duration, keepFiringFor, evaluationTime, lastEvaluation, ...rule } = one;
      const evaluatedMs = Date.parse(lastEvaluation);
      return {
        ...rule,
        kind: type,
        group,
        file,
        place,
        forMs: duration * 1_000,
        keepFiringMs: keepFiringFor * 1_000,
        // What was never evaluated has the year 1.
        evaluatedMs: evaluatedMs > 0 ? evaluatedMs : undefined,
        tookMs: evaluationTime * 1_000,
        intervalMs: interval * 1_000,
        alerts: rule.alerts.map(alertRow),
      };
    }),
  );
}

/** GET /api/v1/alerts: those that are pending or firing. */
export async function listAlerts(signal?: AbortSignal): Promise<AlertRow[]> {
  const answer = await fetchJson({ path: "/api/v1/alerts", params: {}, signal }, Alerts);
  return answer.data.alerts.map(alertRow);
}

/** GET /api/v1/rules: the rules that make alerts, whatever their state. */
export async function listAlertRules(signal?: AbortSignal): Promise<AlertRuleRow[]> {
  const params = { type: "alert" };
  const answer = await fetchJson({ path: "/api/v1/rules", params, signal }, Rules);
  return answer.data.groups.flatMap(({ name: group, file, rules }) =>
    rules
      .filter(({ type }) => type === "" || type === "alerting")
      .map(({ name, state, labels, alerts }) => ({
        name,
        group,
        folder: file,
        state,
        labels,
        alerts: alerts.map(alertRow),
      })),
  );
}

function alertRow({
  state,
  labels,
  annotations,
  activeAt,
  value,
}: z.output<typeof Alert>): AlertRow {
  return {
    name: labels["alertname"] ?? "",
    state,
    labels,
    annotations,
    activeMs: Date.parse(activeAt),
    value: String(value),
  };
}

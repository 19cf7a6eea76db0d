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

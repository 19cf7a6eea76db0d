import { z } from "zod";
import { version } from "#shared/version.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { PlainGroup, PlainRule } from "../plain_rules.ts";

const labels = z.record(z.string(), z.string()).default({});
const Alert = z.looseObject({
  disable: z.boolean().default(false),
  labels,
  annotations: labels,
});

/** Sloth's prometheus/v1, as far as rules are made of it; checkSlos() finds the mistakes. */
const SloFile = z.looseObject({
  version: z.literal("prometheus/v1"),
  service: z.string(),
  labels,
  slos: z.array(
    z.looseObject({
      name: z.string(),
      objective: z.number().gt(0).lt(100),
      labels,
      sli: z.looseObject({
        events: z.looseObject({ error_query: z.string(), total_query: z.string() }).optional(),
        raw: z.looseObject({ error_ratio_query: z.string() }).optional(),
      }),
      alerting: z.looseObject({
        name: z.string().default(""),
        labels,
        annotations: labels,
        page_alert: Alert.prefault({}),
        ticket_alert: Alert.prefault({}),
      }),
    }),
  ),
});
type Slo = z.output<typeof SloFile>["slos"][number];

/** Days that the error budget is for: Sloth's default. */
const periodDays = 30;
const period = `${periodDays}d`;

/** Two windows that must both burn too fast, as the Site Reliability Workbook recommends them for 30 days. */
type BurnRate = {
  readonly short: string;
  readonly long: string;
  /** How many times faster than evenly over the period the budget is used up. */
  readonly factor: number;
};
const severities = {
  page: [
    { short: "5m", long: "1h", factor: 14.4 },
    { short: "30m", long: "6h", factor: 6 },
  ],
  ticket: [
    { short: "2h", long: "1d", factor: 3 },
    { short: "6h", long: "3d", factor: 1 },
  ],
} as const satisfies Readonly<Record<string, readonly BurnRate[]>>;
type Severity = keyof typeof severities;
const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

/**
 * The rules that Sloth makes of a file of objectives (prometheus/v1) for a period of 30 days: error ratios by window, what is known of the
 * objective, and alerts by burn rates over several windows. Objectives of a plugin are left out, as they are made by Go code. Throws ZodError
 * for a file that checkSlos() refuses.
 */
export function sloRules(text: string): readonly PlainGroup[] {
  return objectivesOf(text).flatMap(({ groups }) => groups);
}

/** The same, objective by objective. */
export function objectivesOf(
  text: string,
): readonly { readonly name: string; readonly groups: readonly PlainGroup[] }[] {
  const { service, labels: shared, slos } = SloFile.parse(Bun.YAML.parse(text));
  return slos.map((slo) => ({
    name: slo.name,
    groups: groupsOf(service, { ...slo, labels: { ...shared, ...slo.labels } }),
  }));
}

/** What each of an objective's rules needs. */
type Scope = {
  readonly slo: Slo;
  /** Labels that all its series have. */
  readonly identity: Labels;
  /** The same as a selector. */
  readonly selector: string;
};

function groupsOf(service: string, slo: Slo): PlainGroup[] {
  const { events, raw } = slo.sli;
  if (events === undefined && raw === undefined) return [];
  const id = `${service}-${slo.name}`;
  const identity = { sloth_id: id, sloth_service: service, sloth_slo: slo.name };
  const pairs = Object.entries(identity).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const scope = { slo, identity, selector: `{${pairs.join(", ")}}` };
  const alerts = alertsOf(scope);
  return [
    { name: `sloth-slo-sli-recordings-${id}`, rules: ratiosOf(scope) },
    { name: `sloth-slo-meta-recordings-${id}`, rules: metadataOf(scope) },
    ...(alerts.length === 0 ? [] : [{ name: `sloth-slo-alerts-${id}`, rules: alerts }]),
  ];
}

function ratioName(window: string): string {
  return `slo:sli_error:ratio_rate${window}`;
}

function ratiosOf({ slo, identity, selector }: Scope): PlainRule[] {
  const rule = (window: string, expr: string): PlainRule => ({
    record: ratioName(window),
    expr,
    labels: { ...identity, sloth_window: window, ...slo.labels },
  });
  const shortest = `${ratioName("5m")}${selector}[${period}]`;
  return [
    ...windows.map((window) => rule(window, withWindow(ratioQuery(slo), window))),
    // A ratio over 30 days of raw samples costs too much: Sloth takes the mean of the shortest window, too.
    rule(
      period,
      `sum_over_time(${shortest})\n/ ignoring (sloth_window)\ncount_over_time(${shortest})\n`,
    ),
  ];
}

function ratioQuery({ sli: { events, raw } }: Slo): string {
  if (events !== undefined) return `(${events.error_query})\n/\n(${events.total_query})\n`;
  return `(${raw?.error_ratio_query ?? ""})`;
}

function withWindow(query: string, window: string): string {
  return query.replaceAll(/\{\{\s*\.window\s*\}\}/g, window);
}

function metadataOf({ slo, identity, selector }: Scope): PlainRule[] {
  const labelled = { ...identity, ...slo.labels };
  const ratio = slo.objective / 100;
  const rule = (record: string, expr: string, more: Labels = {}): PlainRule => ({
    record,
    expr,
    labels: { ...labelled, ...more },
  });
  const burnRate = (window: string) =>
    `${ratioName(window)}${selector}
/ on(sloth_id, sloth_slo, sloth_service) group_left
slo:error_budget:ratio${selector}
`;
  return [
    rule("slo:objective:ratio", `vector(${ratio})`),
    rule("slo:error_budget:ratio", `vector(1-${ratio})`),
    rule("slo:time_period:days", `vector(${periodDays})`),
    rule("slo:current_burn_rate:ratio", burnRate("5m")),
    rule("slo:period_burn_rate:ratio", burnRate(period)),
    rule("slo:period_error_budget_remaining:ratio", `1 - slo:period_burn_rate:ratio${selector}`),
    rule("sloth_slo_info", "vector(1)", {
      sloth_mode: "lapwing",
      sloth_objective: `${slo.objective}`,
      sloth_spec: "prometheus/v1",
      sloth_version: version,
    }),
  ];
}

function alertsOf({ slo, selector }: Scope): PlainRule[] {
  const { alerting } = slo;
  const budget = (100 - slo.objective) / 100;
  const alert = (severity: Severity): PlainRule[] => {
    const own = alerting[`${severity}_alert`];
    if (own.disable) return [];
    const conditions = severities[severity].map(({ short, long, factor }) => {
      const exceeds = (window: string) =>
        `max(${ratioName(window)}${selector} > (${factor} * ${budget})) without (sloth_window)`;
      return `(\n    ${exceeds(short)}\n    and\n    ${exceeds(long)}\n)\n`;
    });
    const slug = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is";
    return [
      {
        alert: alerting.name,
        expr: conditions.join("or\n"),
        labels: { sloth_severity: severity, ...alerting.labels, ...own.labels },
        annotations: {
          summary: `${slug} over expected.`,
          title: `(${severity}) ${slug} too fast.`,
          ...alerting.annotations,
          ...own.annotations,
        },
      },
    ];
  };
  return [...alert("page"), ...alert("ticket")];
}

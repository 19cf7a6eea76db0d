import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { duration } from "#shared/text/duration.ts";
import { type AlertText, compileAlertText } from "./alert_text.ts";
import type { Expression } from "./expression.ts";
import { parseExpression } from "./parse.ts";

const rulesMax = 100;
const receiversMax = 8;
const textMax = 2_000;

const Expr = z.string().transform((text, context): { text: string; expression: Expression } => {
  try {
    return { text, expression: parseExpression(text) };
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});

const Text = z
  .string()
  .max(textMax)
  .transform((text, context): { text: string; of: AlertText } => {
    try {
      return { text, of: compileAlertText(text) };
    } catch (thrown) {
      context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
      return z.NEVER;
    }
  });

const labelName = /^(?!alertname$|__)[a-zA-Z_][a-zA-Z0-9_]*$/;

const When = z.enum(["always", "offline"]);

/** An alerting rule in Prometheus's form. */
const Rule = z
  .strictObject({
    alert: z.string().min(1).max(128),
    /** The part of PromQL that an agent evaluates: docs/offline.md. */
    expr: Expr,
    /** How long it must hold before it fires. */
    for: duration.prefault("0"),
    /** How long it fires on when it holds no more. */
    keep_firing_for: duration.prefault("0"),
    labels: z.record(z.string(), Text).default({}),
    annotations: z.record(z.string(), Text).default({}),
    /** That of `local_rules` by default. */
    when: When.optional(),
    record: z.never({ error: "agents have no recording rules: see stream_aggregation" }).optional(),
  })
  .check(({ value, issues }) => {
    for (const name of Object.keys(value.labels))
      if (!labelName.test(name))
        issues.push({
          code: "custom",
          path: ["labels", name],
          message: "expected the name of a label, and not alertname",
          input: value.labels,
        });
  });

const isUrl = (text: string): boolean => {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  return protocol === "http:" || protocol === "https:";
};

/** Takes Alertmanager's webhook messages, version 4. The address may be a secret, so it is never shown. */
const Webhook = z
  .strictObject({
    url: z
      .string()
      .refine((url) => isUrl(url), "expected an address that begins with http:// or https://")
      .optional(),
    /** A file with the address alone, read for each message. */
    url_file: z.string().min(1).optional(),
    bearer_token: z.string().min(1).optional(),
    bearer_token_file: z.string().min(1).optional(),
    timeout: duration.prefault("10s"),
    /** Whether it is told of the end, too. */
    send_resolved: z.boolean().default(true),
  })
  .refine((one) => (one.url === undefined) !== (one.url_file === undefined), {
    path: ["url"],
    error: "expected either url or url_file",
  })
  .refine((one) => one.bearer_token === undefined || one.bearer_token_file === undefined, {
    path: ["bearer_token_file"],
    error: "expected bearer_token or bearer_token_file, not both",
  })
  .transform((one) => ({
    ...one,
    shown: () => ({ ...one, ...(one.url === undefined ? {} : { url: "<secret>" }) }),
  }));

/** Gets the same message on its standard input. */
const Script = z.strictObject({
  /** Program and arguments; no shell stands between. */
  command: z.tuple([z.string().min(1)], z.string()),
  /** All that it gets beside PATH and LC_ALL=C. */
  env: z.record(z.string(), z.string()).default({}),
  /** One that takes longer is ended, with all that it started. */
  timeout: duration.prefault("30s"),
  send_resolved: z.boolean().default(true),
});

/** Alerts that the agent evaluates by itself. */
export const LocalRulesConfig = z
  .strictObject({
    /** offline: receivers are told only while the aggregator is out of reach. */
    when: When.default("offline"),
    /** How long it must be out of reach before that counts. */
    offline_after: duration.prefault("1m"),
    interval: duration.prefault("15s").refine((ms) => ms >= 1_000, "expected 1s or more"),
    /** How often receivers are told again of what still fires. */
    repeat_interval: duration.prefault("4h").refine((ms) => ms >= 60_000, "expected 1m or more"),
    rules: z.array(Rule).max(rulesMax).default([]),
    webhooks: z.array(Webhook).max(receiversMax).default([]),
    scripts: z.array(Script).max(receiversMax).default([]),
  })
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [i, rule] of value.rules.entries()) {
      const key = ruleKey(rule);
      if (seen.has(key))
        issues.push({
          code: "custom",
          path: ["rules", i, "alert"],
          message: "the same rule stands here twice",
          input: rule.alert,
        });
      seen.add(key);
    }
    if (value.rules.length > 0 && value.webhooks.length + value.scripts.length === 0)
      issues.push({
        code: "custom",
        path: ["webhooks"],
        message: "expected webhooks or scripts: nobody would be told",
        input: value.webhooks,
      });
  });

export type LocalRulesConfig = z.output<typeof LocalRulesConfig>;
export type RuleConfig = LocalRulesConfig["rules"][number];
export type WebhookConfig = LocalRulesConfig["webhooks"][number];
export type ScriptConfig = LocalRulesConfig["scripts"][number];

/** Rules with the same key are the same over reloads and restarts: name, expression and labels. */
export function ruleKey({ alert, expr, labels }: RuleConfig): string {
  const own = Object.entries(labels).map(([name, { text }]) => [name, text]);
  return JSON.stringify([alert, expr.text, own.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))]);
}

import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { parseAlertText } from "../alert_texts.ts";

const durationText = z.string().refine((text) => parseDuration(text) !== undefined, {
  error: "expected a duration such as 15s",
});

const expression = z.string().superRefine((text, context) => {
  try {
    parsePromql(text);
  } catch (thrown) {
    const message = `expected PromQL: ${messageOf(thrown)}`;
    context.addIssue({ code: "custom", message, input: text });
  }
});

const templates = z.record(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a name of letters, digits and _"),
  z.string().superRefine((text, context) => {
    if (!text.includes("{{")) return;
    try {
      parseAlertText(text);
    } catch (thrown) {
      const message = `expected a template: ${messageOf(thrown)}`;
      context.addIssue({ code: "custom", message, input: text });
    }
  }),
);

const RuleChange = z
  .strictObject({
    /** Stands in place of the rule's own expression. */
    expr: expression.exactOptional(),
    /** Stands in place of the one number that the rule's expression compares with. */
    threshold: z.number().exactOptional(),
    for: durationText.exactOptional(),
    keep_firing_for: durationText.exactOptional(),
    /** The rule is then evaluated in a group of its own. */
    interval: durationText
      .refine((text) => parseDuration(text) !== 0, { error: "expected a duration above 0" })
      .exactOptional(),
    /** Added to the rule's own; an empty text removes one. */
    labels: templates.exactOptional(),
    annotations: templates.exactOptional(),
  })
  .refine((change) => change.expr === undefined || change.threshold === undefined, {
    path: ["threshold"],
    error: "expected either expr or threshold",
  });
/** What is changed of a rule that comes with Lapwing. */
export type RuleChange = z.output<typeof RuleChange>;

/** `rules.integrations` of lapwing.yaml: the rules that come with integrations and probes. */
export const IntegrationRulesConfig = z.strictObject({
  enabled: z.boolean().default(true),
  /** Kinds whose rules are on although no agent reports a service of that kind, such as where an exporter is scraped. */
  also: z.array(z.string()).default([]),
  /** Kinds, alerts, recorded series or objectives that are not evaluated. An objective is written as kind/name. */
  off: z.array(z.string()).default([]),
  /** By the name of an alert or a recorded series. */
  change: z.record(z.string(), RuleChange).default({}),
});
export type IntegrationRulesConfig = z.output<typeof IntegrationRulesConfig>;

import { z } from "zod";

const texts = z.record(z.string(), z.string());
const labels = texts.refine((found) => Object.keys(found).length <= 100, "expected at most 100");

export const ReceiversAnswer = z.object({
  fault: z
    .string()
    .meta({ description: "Why the file that is there now is not in force; empty otherwise" }),
  receivers: z.array(
    z.object({
      name: z.string(),
      integrations: z.array(
        z.object({
          name: z.string().meta({ description: "Channel and place, such as slack[0]" }),
          channel: z.string(),
          sendsResolved: z.boolean(),
          sent: z.number().meta({ description: "Within 90 days" }),
          failed: z.number().meta({ description: "Within 90 days; given up ones included" }),
          last: z
            .object({
              at: z.string().meta({ description: "RFC 3339" }),
              state: z.enum(["pending", "sent", "failed", "given_up", "interrupted"]),
              reason: z.string().meta({ description: "Why it was sent" }),
              failure: z.string(),
              answer: z.string().meta({ description: "What the service answered, or the error" }),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});
export type ReceiversAnswer = z.output<typeof ReceiversAnswer>;

export const TestSendBody = z.strictObject({
  receiver: z.string().min(1).max(1_000),
  integration: z
    .string()
    .min(1)
    .max(200)
    .meta({ examples: ["slack[0]"] }),
  labels: labels.default({ alertname: "Test", severity: "info" }),
  annotations: labels.default({
    summary: "A test of this receiver, sent from Lapwing. Nothing is wrong.",
  }),
});

export const TestSendAnswer = z.object({
  state: z.enum(["sent", "failed"]),
  failure: z.string().meta({ description: "Why it failed, in a word; empty otherwise" }),
  answer: z.string().meta({ description: "What the service answered, or the error" }),
  tookMs: z.number(),
});
export type TestSendAnswer = z.output<typeof TestSendAnswer>;

export const RoutingBody = z.strictObject({
  labels: labels.optional().meta({ description: "Of an alert; without them nothing is routed" }),
});

const routeShape = {
  receiver: z.string(),
  matchers: z.array(z.string()),
  groupBy: z.array(z.string()).meta({ description: '"..." for all labels' }),
  groupWait: z.string(),
  groupInterval: z.string(),
  repeatInterval: z.string(),
  continue: z.boolean(),
  muteTimeIntervals: z.array(z.string()),
  activeTimeIntervals: z.array(z.string()),
  mutedBy: z
    .array(z.string())
    .meta({ description: "Time intervals that mute it now; empty where it notifies" }),
  outcome: z.enum(["takes", "passes", "differs", "unreached"]).nullable(),
  groupLabels: texts.nullable().meta({ description: "Of the group, where the route takes it" }),
};
/** A route and all below it. */
export type RouteAnswer = z.output<z.ZodObject<typeof routeShape>> & {
  readonly routes: readonly RouteAnswer[];
};
export const RoutingAnswer = z.object({
  route: z.object({
    ...routeShape,
    routes: z
      .array(z.looseObject({}))
      .meta({ description: "The routes below it, each of the same form" }),
  }),
  receivers: z.array(z.string()).meta({ description: "Where the alert goes, in order" }),
});
export type RoutingAnswer = { readonly route: RouteAnswer; readonly receivers: readonly string[] };

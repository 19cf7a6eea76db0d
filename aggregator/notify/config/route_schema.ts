import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { duration } from "#shared/text/duration.ts";
import { type AlertMatcher, createMatcher } from "../routing/matcher.ts";
import { parseMatchers } from "../routing/parse_matchers.ts";
import type { RouteNode } from "../routing/route.ts";

/** A scalar as text: YAML takes `404` and `true` for other things than people mean. */
export const scalarText = z.preprocess(
  (value) => (typeof value === "number" || typeof value === "boolean" ? String(value) : value),
  z.string(),
);

const durationText = scalarText.pipe(duration);
const positive = durationText.refine((ms) => ms > 0, { error: "expected a duration above 0" });

/** Texts of matchers, each of which may hold several. */
const Matchers = z.array(
  scalarText.transform((text, context): AlertMatcher[] => {
    try {
      return parseMatchers(text);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
      return z.NEVER;
    }
  }),
);

/** The older form: a map of labels to values or, for `isRegex`, to regular expressions. */
const matcherMap = (isRegex: boolean) =>
  z.record(z.string(), scalarText).transform((pairs, context): AlertMatcher[] =>
    Object.entries(pairs).flatMap(([name, value]) => {
      try {
        // Alertmanager's group keys have such expressions with their anchors.
        return [
          isRegex ? createMatcher(name, "=~", `^(?:${value})$`) : createMatcher(name, "=", value),
        ];
      } catch (thrown) {
        const message = messageOf(thrown);
        context.addIssue({ code: "custom", message, input: value, path: [name] });
        return [];
      }
    }),
  );

/** The three forms in which matchers are written, by the start of their keys. */
function allMatchers(
  matchers: readonly AlertMatcher[][] = [],
  match: readonly AlertMatcher[] = [],
  matchRegex: readonly AlertMatcher[] = [],
): AlertMatcher[] {
  return [...match, ...matchRegex, ...matchers.flat()];
}

const names = z.array(scalarText).nullish();

/** A route without the ones below it, which are read on their own. */
export const RouteSchema: z.ZodType<Omit<RouteNode, "routes">> = z
  .strictObject({
    receiver: scalarText.nullish(),
    group_by: names,
    group_wait: durationText.nullish(),
    group_interval: positive.nullish(),
    repeat_interval: positive.nullish(),
    match: matcherMap(false).nullish(),
    match_re: matcherMap(true).nullish(),
    matchers: Matchers.nullish(),
    continue: z.boolean().default(false),
    mute_time_intervals: names,
    active_time_intervals: names,
    labels: z.record(z.string(), scalarText).nullish(),
    routes: z.array(z.unknown()).nullish(),
  })
  .transform((route) => ({
    receiver: route.receiver === "" ? undefined : (route.receiver ?? undefined),
    // An empty list is the same as none.
    groupBy: route.group_by?.length === 0 ? undefined : (route.group_by ?? undefined),
    groupWaitMs: route.group_wait ?? undefined,
    groupIntervalMs: route.group_interval ?? undefined,
    repeatIntervalMs: route.repeat_interval ?? undefined,
    matchers: allMatchers(
      route.matchers ?? undefined,
      route.match ?? undefined,
      route.match_re ?? undefined,
    ),
    continues: route.continue,
    muteTimeIntervals: route.mute_time_intervals ?? [],
    activeTimeIntervals: route.active_time_intervals ?? [],
    labels: route.labels ?? {},
  }));

/** In place of a route that can't be read. */
export const noRoute = RouteSchema.parse({});

/** Alerts that match `target` are not sent while one that matches `source` fires and has the same values of `equal`. */
export type InhibitRule = {
  readonly name: string;
  readonly source: readonly AlertMatcher[];
  readonly target: readonly AlertMatcher[];
  readonly equal: readonly string[];
};

export const InhibitRuleSchema = z
  .strictObject({
    name: scalarText.nullish(),
    source_match: matcherMap(false).nullish(),
    source_match_re: matcherMap(true).nullish(),
    source_matchers: Matchers.nullish(),
    target_match: matcherMap(false).nullish(),
    target_match_re: matcherMap(true).nullish(),
    target_matchers: Matchers.nullish(),
    equal: names,
  })
  .transform((rule): InhibitRule => ({
    name: rule.name ?? "",
    source: allMatchers(
      rule.source_matchers ?? undefined,
      rule.source_match ?? undefined,
      rule.source_match_re ?? undefined,
    ),
    target: allMatchers(
      rule.target_matchers ?? undefined,
      rule.target_match ?? undefined,
      rule.target_match_re ?? undefined,
    ),
    equal: rule.equal ?? [],
  }));

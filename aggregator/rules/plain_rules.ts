import { z } from "zod";
import { stringify } from "yaml";

const labels = z.record(z.string(), z.string());

const PlainRule = z.union([
  z.strictObject({
    alert: z.string(),
    expr: z.string(),
    for: z.string().exactOptional(),
    keep_firing_for: z.string().exactOptional(),
    labels: labels.exactOptional(),
    annotations: labels.exactOptional(),
  }),
  z.strictObject({ record: z.string(), expr: z.string(), labels: labels.exactOptional() }),
]);
/** A rule as a file has it. */
export type PlainRule = z.output<typeof PlainRule>;

/** A group as a file has it. */
export type PlainGroup = {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly PlainRule[];
};

const PlainFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().exactOptional(),
      rules: z.array(PlainRule),
    }),
  ),
});

/** Groups of a file of rules whose form is known, such as one that comes with Lapwing. Throws ZodError for another form. */
export function readPlainRules(text: string): readonly PlainGroup[] {
  return PlainFile.parse(Bun.YAML.parse(text)).groups;
}

/** The name of an alert or of a recorded series. */
export function plainName(rule: PlainRule): string {
  return "alert" in rule ? rule.alert : rule.record;
}

/** A file of rules in Prometheus's form. */
export function plainRulesText(groups: readonly PlainGroup[]): string {
  return stringify({ groups }, { lineWidth: 0 });
}

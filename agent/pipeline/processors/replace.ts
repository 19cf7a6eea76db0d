import { z } from "zod";
import { expandTemplate } from "#shared/relabel/relabel.ts";
import { isTooManySteps } from "#shared/text/heavy_regex.ts";
import { ExecutionError } from "#shared/template/values.ts";
import { TemplateText, valuesOf } from "./formats/template_text.ts";
import { defineProcessor } from "./processor.ts";
import { LinearPattern } from "./regex.ts";

/** Other text for what a pattern finds, in the body or an attribute. */
export const replace = defineProcessor({
  type: "replace",
  config: z.lazy(() =>
    z
      .strictObject({
        /** "body", or the name of an attribute. */
        from: z.string().min(1).default("body"),
        /** RE2; every match is replaced. */
        pattern: LinearPattern,
        /** What stands there then; `$1` and `${name}` are groups of the pattern, `$$` is a dollar. */
        with: z.string().optional(),
        /** Instead of `with`: Go's text/template, in which `.Value` is what is replaced. */
        template: TemplateText.optional(),
        /** groups: what the groups of the pattern took is replaced, the rest of the match stays. */
        part: z.enum(["match", "groups"]).default("match"),
      })
      .refine((config) => (config.with === undefined) !== (config.template === undefined), {
        path: ["with"],
        error: "expected either with or template",
      }),
  ),
  create: ({ from, pattern, with: text = "", template, part }) => {
    return (records, rows, count) => {
      for (const row of rows) {
        const old = records.source(row, from);
        if (old === undefined) continue;
        const input = template === undefined ? undefined : valuesOf(records, row);
        const by = (taken: string, groups: readonly (string | undefined)[]): string =>
          template === undefined || input === undefined
            ? expandTemplate(text, groups, pattern.groups)
            : template.execute(input.withValue(taken));
        let next: string;
        try {
          next =
            part === "groups"
              ? pattern.replaceGroups(old, by)
              : pattern.replace(old, (groups) => by(groups[0] ?? "", groups));
        } catch (thrown) {
          if (isTooManySteps(thrown)) count.tooManySteps++;
          else if (!(thrown instanceof ExecutionError)) throw thrown;
          count.failed++;
          continue;
        }
        if (next === old) continue;
        if (from === "body") records.setBody(row, next);
        else if (!records.addAttributes(row, { [from]: next })) {
          count.failed++;
          continue;
        }
        count.changed++;
      }
    };
  },
});

import { z } from "zod";
import { ExecutionError } from "#shared/template/values.ts";
import { TemplateText, valuesOf } from "./formats/template_text.ts";
import { defineProcessor } from "./processor.ts";

/** The body or an attribute made anew by a template: Go's text/template with Loki's functions. */
export const format = defineProcessor({
  type: "format",
  config: z.lazy(() =>
    z.strictObject({
      /** "body", or the name of an attribute, which is made where it is not there. */
      to: z
        .string()
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a name of letters, digits and _")
        .default("body"),
      /**
       * `{{.name}}` is an attribute or label, `{{.Value}}` what stands in `to` so far, `{{.Entry}}` the body. An attribute that would
       * be empty is taken away; a body is left as it is.
       */
      template: TemplateText,
    }),
  ),
  create: ({ to, template }) => {
    return (records, rows, count) => {
      for (const row of rows) {
        const old = records.source(row, to);
        let text: string;
        try {
          text = template.execute(valuesOf(records, row).withValue(old));
        } catch (thrown) {
          if (!(thrown instanceof ExecutionError)) throw thrown;
          count.failed++;
          continue;
        }
        const standing = to === "body" ? old : records.attributes(row)?.[to];
        if (text === (standing ?? "") || (text === "" && to === "body")) continue;
        if (to === "body") records.setBody(row, text);
        else if (text === "") {
          const { [to]: _, ...rest } = records.attributes(row) ?? {};
          records.setAttributes(row, rest);
        } else if (!records.addAttributes(row, { [to]: text })) {
          count.failed++;
          continue;
        }
        count.changed++;
      }
    };
  },
});

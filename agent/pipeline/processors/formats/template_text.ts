import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { type Template, type TemplateInput, compileTemplate } from "#shared/template/template.ts";
import type { Records } from "../records.ts";

/** A template of Go's text/template with Loki's functions. */
export const TemplateText = z.string().transform((text, context): Template => {
  try {
    return compileTemplate(text, true);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});

/**
 * What a template sees of a record: attributes and labels by name, `.Entry` for the body and, where one is given, `.Value` for the
 * text that it stands for. The names are those of Promtail's stages.
 */
export function valuesOf(
  records: Records,
  row: number,
): { withValue: (value: string | undefined) => TemplateInput } {
  return {
    withValue: (value) => ({
      label: (name) =>
        name === "Value"
          ? value
          : name === "Entry"
            ? records.bodyText(row)
            : records.field(row, name),
      labels: () => ({ ...records.stream(row), ...records.attributes(row) }),
      line: () => records.bodyText(row),
      timeNs: () =>
        BigInt(Math.floor(records.timestampMs(row))) * 1_000_000n + BigInt(records.nanos(row)),
    }),
  };
}

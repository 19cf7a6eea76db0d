import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { type LinearRegex, recordRegex } from "#shared/text/linear_regex.ts";
import { fieldsProcess, fieldsShape } from "./formats/fields.ts";
import { defineProcessor } from "./processor.ts";

/** A pattern of RE2's, searched for anywhere in the text. */
export const LinearPattern = z.string().transform((text, context): LinearRegex => {
  try {
    return recordRegex.searching(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});

/** The named groups of a regular expression (RE2's syntax, linear time) as fields. */
export const regex = defineProcessor({
  type: "regex",
  config: z.lazy(() =>
    z.strictObject({
      ...fieldsShape(),
      pattern: LinearPattern.refine(({ groups }) => groups.size > 0, {
        error: "expected at least one named group, such as (?P<status>\\d+)",
      }),
    }),
  ),
  create: (config) =>
    fieldsProcess(config, (text) => {
      const found = config.pattern.exec(text);
      if (found === undefined) return undefined;
      const fields: Record<string, string> = {};
      for (const [name, group] of config.pattern.groups) fields[name] = found[group] ?? "";
      return { fields };
    }),
});

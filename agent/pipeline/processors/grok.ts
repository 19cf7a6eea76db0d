import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type LinearRegex, recordRegex } from "#shared/text/linear_regex.ts";
import { type ReadFields, fieldsProcess, fieldsShape } from "./formats/fields.ts";
import { grokPatterns } from "./formats/grok_patterns.ts";
import { defineProcessor } from "./processor.ts";

const depthMax = 20;
const patternBytesMax = 64 * 1_024;

/** Fields by grok patterns such as `%{IP:client} %{WORD:method}`; the first pattern that fits counts. */
export const grok = defineProcessor({
  type: "grok",
  config: z.lazy(() =>
    z
      .strictObject({
        ...fieldsShape(),
        patterns: z.array(z.string().min(1)).min(1),
        /** Further names, and what they stand for. */
        definitions: z.record(z.string().regex(/^\w+$/), z.string()).default({}),
      })
      .transform(({ patterns, definitions, ...rest }, context) => {
        const compiled: Grok[] = [];
        for (const [i, pattern] of patterns.entries()) {
          try {
            compiled.push(compileGrok(pattern, definitions));
          } catch (thrown) {
            context.addIssue({
              code: "custom",
              path: ["patterns", i],
              message: messageOf(thrown),
              input: pattern,
            });
          }
        }
        return { ...rest, compiled };
      }),
  ),
  create: (config) =>
    fieldsProcess(config, (text) => {
      for (const one of config.compiled) {
        const found = one(text);
        if (found !== undefined) return found;
      }
      return undefined;
    }),
});

export type Grok = (text: string) => ReadFields | undefined;

/** Throws OperatingError("bad_request") for a name that nobody defines, one that needs itself, or a pattern that RE2 refuses. */
function compileGrok(pattern: string, definitions: Readonly<Record<string, string>>): Grok {
  const fields: string[] = [];
  const source = expand(pattern, definitions, fields, 0);
  if (source.length > patternBytesMax)
    throw new OperatingError("bad_request", `"${pattern}": expands to over 64 KiB`);
  const compiled: LinearRegex = recordRegex.searching(source);
  return (text) => {
    const found = compiled.exec(text);
    if (found === undefined) return undefined;
    const own: Record<string, string> = {};
    for (const [name, group] of compiled.groups) {
      const field = /^g\d+$/.test(name) ? (fields[Number(name.slice(1))] ?? name) : name;
      const value = found[group];
      // The same field may stand in several alternatives.
      if (value !== undefined && value !== "") own[field] ??= value;
    }
    return { fields: own };
  };
}

/** `%{NAME}`, `%{NAME:field}` or `%{NAME:field:type}`; every value is text, so the type says nothing here. */
function expand(
  pattern: string,
  definitions: Readonly<Record<string, string>>,
  fields: string[],
  depth: number,
): string {
  if (depth > depthMax)
    throw new OperatingError("bad_request", `"${pattern}": names refer to each other too deeply`);
  return pattern.replaceAll(
    /%\{(\w+)(?::([^:}]+))?(?::\w+)?\}/g,
    (_, name: string, field: string | undefined) => {
      const own = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      const meaning = own ?? (Object.hasOwn(grokPatterns, name) ? grokPatterns[name] : undefined);
      if (meaning === undefined)
        throw new OperatingError("bad_request", `%{${name}}: no pattern of that name`);
      if (field === undefined) return `(?:${expand(meaning, definitions, fields, depth + 1)})`;
      const group = fields.push(field.replaceAll(/^\[|\]$/g, "").replaceAll("][", "_")) - 1;
      return `(?P<g${group}>${expand(meaning, definitions, fields, depth + 1)})`;
    },
  );
}

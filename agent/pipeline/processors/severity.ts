import { z } from "zod";
import { severity as severities } from "#shared/model/logs.ts";
import { severityOfSyslog, severityOfWord } from "./formats/severity_words.ts";
import { defineProcessor, withinSteps } from "./processor.ts";
import { LinearPattern } from "./regex.ts";

export const SeverityName = z.enum(["trace", "debug", "info", "warn", "error", "fatal"]);

/** The severity of a record, from an attribute or by a pattern from the line. */
export const severity = defineProcessor({
  type: "severity",
  config: z.lazy(() =>
    z.strictObject({
      /** "body", or the name of an attribute. */
      from: z.string().min(1).default("level"),
      /** The first group (or the whole match) is the word. Needed with `from: body`. */
      pattern: LinearPattern.optional(),
      /** What numbers mean: pino's 10 to 60, or syslog's 0 to 7. */
      numbers: z.enum(["pino", "syslog"]).default("pino"),
      /** Words of one's own, in any case. */
      values: z.record(z.string(), SeverityName).default({}),
      /** Where no word is found. */
      otherwise: SeverityName.optional(),
    }),
  ),
  create: ({ from, pattern, numbers, values, otherwise }) => {
    const own = new Map(
      Object.entries(values).map(([word, name]) => [word.toLowerCase(), severities[name]]),
    );
    const numberOf = (word: string): number => {
      const known = own.get(word.toLowerCase());
      if (known !== undefined) return known;
      if (numbers === "syslog" && /^\d$/.test(word)) return severityOfSyslog(Number(word));
      return severityOfWord(word);
    };
    return (records, rows, count) => {
      for (const row of rows) {
        const text = records.source(row, from) ?? "";
        const found = pattern && withinSteps(count, () => pattern.exec(text));
        const word = pattern === undefined ? text : (found?.[1] ?? found?.[0] ?? "");
        const number = numberOf(word);
        if (number === 0) count.failed++;
        const known = number === 0 && otherwise !== undefined ? severities[otherwise] : number;
        if (known === 0) continue;
        records.setSeverity(row, known);
        count.changed++;
      }
    };
  },
});

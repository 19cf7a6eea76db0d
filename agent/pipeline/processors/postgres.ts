import { z } from "zod";
import { fieldsProcess, fieldsShape } from "./formats/fields.ts";
import { severityOfWord } from "./formats/severity_words.ts";
import { timeReader } from "./formats/time_format.ts";
import { defineProcessor } from "./processor.ts";
import { Zone } from "./timestamp.ts";

const head =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)(?: ([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))? \[(\d+)\](?:-(\d+))?:? ?(?:\[unknown\]@\[unknown\] |([^\s@]+)@(\S+) )?([A-Z]+\d?):  ?(.*)$/s;
const statement =
  /^duration: ([\d.]+) ms(?:  (?:statement|execute [^:]*|parse [^:]*|bind [^:]*): (.*))?$/s;

/**
 * PostgreSQL's log on standard error with log_line_prefix "%m [%p] " (the default) or "%m [%p] %q%u@%d " (Debian's), one statement a
 * record: join its lines by `multiline: {mode: indented}` or a start pattern before. `zone` is that of names such as CEST.
 */
export const postgres = defineProcessor({
  type: "postgres",
  config: z.lazy(() => z.strictObject({ ...fieldsShape(), zone: Zone })),
  create: (config) => {
    const readTime = timeReader("rfc3339", config.zone);
    return fieldsProcess(config, (text) => {
      const parts = head.exec(text);
      if (parts === null) return undefined;
      const [, time = "", zone = "", pid = "", line = "", user = "", database = ""] = parts;
      const [level = "", message = ""] = parts.slice(7);
      const instant = readTime(/^(?:UTC|GMT|[+-])/.test(zone) ? `${time} ${zone}` : time, 0);
      const timed = statement.exec(message);
      return {
        fields: {
          pid,
          session_line: line,
          user,
          database,
          level,
          message,
          duration_ms: timed?.[1] ?? "",
          statement: timed?.[2] ?? "",
        },
        timestampMs: instant?.ms,
        nanos: instant?.nanos,
        severity: severityOfWord(level),
      };
    });
  },
});

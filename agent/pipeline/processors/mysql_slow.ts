import { severity } from "#shared/model/logs.ts";
import { FieldsConfig, type ReadFields, fieldsProcess } from "./formats/fields.ts";
import { timeReader } from "./formats/time_format.ts";
import { defineProcessor } from "./processor.ts";

const readTime = timeReader("auto", "UTC");
const account = /^# User@Host: ([^[\s]*)\[([^\]]*)\] @\s+(\S*) \[([^\]]*)\](?:\s+Id:\s+(\d+))?/m;
const numbers = /\b([A-Z][A-Za-z_]+): ([\d.]+)/g;

/**
 * Entries of the slow query log of MySQL and MariaDB, each joined to one record before: `multiline: {mode: start, start: "^# Time: "}`.
 */
export const mysqlSlow = defineProcessor({
  type: "mysql_slow",
  config: FieldsConfig,
  create: (config) => fieldsProcess(config, readMysqlSlow),
});

function readMysqlSlow(text: string): ReadFields | undefined {
  if (!text.startsWith("# ") || !text.includes("# Query_time: ")) return undefined;
  const [, user = "", , host = "", address = "", id = ""] = account.exec(text) ?? [];
  const fields: Record<string, string> = { user, host, client_address: address, connection: id };
  const lines = text.split("\n");
  for (const line of lines.filter((own) => own.startsWith("# ") && !own.startsWith("# User@Host")))
    for (const [, name = "", value = ""] of line.matchAll(numbers))
      if (name !== "Time") fields[name.toLowerCase()] = value;
  const statements = lines.filter((line) => !line.startsWith("# "));
  fields.database = /^use `?(\w+)`?;/im.exec(statements.join("\n"))?.[1] ?? fields.schema ?? "";
  fields.statement = statements
    .filter((line) => !/^(?:use \S+;|SET timestamp=\d+;)$/i.test(line.trim()))
    .join("\n")
    .trim();
  const written = /^# Time: (.+)$/m.exec(text)?.[1]?.trim() ?? "";
  const instant = readTime(written, 0) ?? readTime(/SET timestamp=(\d+);/.exec(text)?.[1] ?? "", 0);
  return {
    fields,
    timestampMs: instant?.ms,
    nanos: instant?.nanos,
    severity: severity.warn,
  };
}

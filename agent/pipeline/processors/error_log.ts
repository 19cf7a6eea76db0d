import { z } from "zod";
import { type ReadFields, fieldsProcess, fieldsShape } from "./formats/fields.ts";
import { severityOfWord } from "./formats/severity_words.ts";
import { type TimeReader, timeReader } from "./formats/time_format.ts";
import { Zone } from "./timestamp.ts";
import { defineProcessor } from "./processor.ts";

const nginx = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#(\d+): (?:\*(\d+) )?(.*)$/s;
const nginxField = /, (client|server|request|upstream|host|referrer): (?:"([^"]*)"|([^,]*))/g;
const apache =
  /^\[([A-Z][a-z]{2} [A-Z][a-z]{2} \d\d [\d:.]+ \d{4})\] \[(?:(\w*):)?(\w+)\] (?:\[pid (\d+)(?::tid (\d+))?\] )?(?:\[client ([^\]]+)\] )?(?:(AH\d+): )?(.*)$/s;

/** Error logs of nginx and of Apache 2.4 (ErrorLogFormat's default). Their times have no zone: `zone` says which one. */
export const errorLog = defineProcessor({
  type: "error_log",
  config: z.lazy(() => z.strictObject({ ...fieldsShape(), zone: Zone })),
  create: (config) => {
    const nginxTime = timeReader("2006/01/02 15:04:05", config.zone);
    const apacheTime = timeReader("Mon Jan 02 15:04:05 2006", config.zone);
    return fieldsProcess(
      config,
      (text) => readNginx(text, nginxTime) ?? readApache(text, apacheTime),
    );
  },
});

function readNginx(text: string, readTime: TimeReader): ReadFields | undefined {
  const parts = nginx.exec(text);
  if (parts === null) return undefined;
  const [, time = "", level = "", pid = "", thread = "", connection = "", rest = ""] = parts;
  const fields: Record<string, string> = { level, pid, thread, connection };
  const first = rest.search(/, (?:client|server|request|upstream|host|referrer): /);
  fields.message = first < 0 ? rest : rest.slice(0, first);
  for (const [, name = "", inQuotes, bare] of rest.matchAll(nginxField))
    fields[name === "client" ? "client_address" : name] = inQuotes ?? bare ?? "";
  return { fields, ...timed(readTime, time), severity: severityOfWord(level) };
}

function readApache(text: string, readTime: TimeReader): ReadFields | undefined {
  const parts = apache.exec(text);
  if (parts === null) return undefined;
  const [, time = "", module = "", level = "", pid = "", thread = "", client = "", code = ""] =
    parts;
  return {
    fields: { level, module, pid, thread, client_address: client, code, message: parts[8] ?? "" },
    ...timed(readTime, time),
    severity: severityOfWord(level),
  };
}

function timed(readTime: TimeReader, text: string): Pick<ReadFields, "timestampMs" | "nanos"> {
  const instant = readTime(text, 0);
  return { timestampMs: instant?.ms, nanos: instant?.nanos };
}

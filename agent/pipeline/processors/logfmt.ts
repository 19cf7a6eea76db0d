import { FieldsConfig, type ReadFields, fieldsProcess } from "./formats/fields.ts";
import { defineProcessor } from "./processor.ts";

/** Fields of logfmt: `level=warn msg="disk is full" used=93`. A word without "=" is no field. */
export const logfmt = defineProcessor({
  type: "logfmt",
  config: FieldsConfig,
  create: (config) => fieldsProcess(config, readLogfmt),
});

/** As github.com/go-logfmt/logfmt reads it: keys up to "=", values bare or in double quotes with JSON's escapes. */
function readLogfmt(text: string): ReadFields | undefined {
  const fields: Record<string, string> = {};
  let found = false;
  let at = 0;
  while (at < text.length) {
    while (at < text.length && text.charCodeAt(at) <= 32) at++;
    const start = at;
    while (at < text.length && text.charCodeAt(at) > 32 && text[at] !== "=" && text[at] !== '"')
      at++;
    const key = text.slice(start, at);
    if (text[at] === '"') {
      at++;
      continue;
    }
    if (text[at] !== "=") continue;
    at++;
    const from = at;
    if (text[at] === '"') {
      at++;
      while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      at++;
      if (key !== "") fields[key] = unquoted(text.slice(from, at));
    } else {
      while (at < text.length && text.charCodeAt(at) > 32) at++;
      if (key !== "") fields[key] = text.slice(from, at);
    }
    found ||= key !== "";
  }
  return found ? { fields } : undefined;
}

function unquoted(text: string): string {
  if (!text.includes("\\")) return text.slice(1, text.endsWith('"') ? -1 : undefined);
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}

import { severity } from "#shared/model/logs.ts";
import { FieldsConfig, type ReadFields, fieldsProcess } from "./formats/fields.ts";
import { timeReader } from "./formats/time_format.ts";
import { defineProcessor } from "./processor.ts";

const readTime = timeReader("%d/%b/%Y:%H:%M:%S %z", "UTC");
const quoted = String.raw`"((?:[^"\\]|\\.)*)"`;
const shape = new RegExp(
  String.raw`^(\S+) (\S+) (.{1,256}?) \[([^\]]{20,40})\] ${quoted} (\d{3}|-) (\d+|-)(?: ${quoted} ${quoted})?(?: (.+))?$`,
);

/**
 * Access logs of nginx and Apache, "common" or "combined" (httpd's mod_log_config, nginx's log_format combined). Time is the
 * request's; the severity is error for a status of 5xx, warn for 4xx.
 */
export const accessLog = defineProcessor({
  type: "access_log",
  config: FieldsConfig,
  create: (config) => fieldsProcess(config, readAccessLog),
});

function readAccessLog(text: string): ReadFields | undefined {
  const parts = shape.exec(text);
  if (parts === null) return undefined;
  const [, client = "", , user = "", time = "", request = "", status = "", bytes = ""] = parts;
  const [referer = "", agent = "", more = ""] = parts.slice(8);
  const [method = "", target = "", protocol = ""] = request.split(" ");
  const isRequest = /^[A-Z]{3,20}$/.test(method) && target !== "";
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const instant = readTime(time, 0);
  return {
    fields: {
      client_address: client,
      user: present(user),
      ...(isRequest ? { method, path, query, protocol } : { request: present(request) }),
      status: present(status),
      bytes: present(bytes),
      referer: present(referer),
      user_agent: present(agent),
      more,
    },
    timestampMs: instant?.ms,
    nanos: instant?.nanos,
    severity: status.startsWith("5")
      ? severity.error
      : status.startsWith("4")
        ? severity.warn
        : severity.info,
  };
}

/** "-" stands for what is not there. */
function present(value: string): string {
  return value === "-" ? "" : value;
}

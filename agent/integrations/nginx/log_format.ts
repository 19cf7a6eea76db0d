/** Attributes that variables of nginx's log_format become, where they have another name; all others keep theirs. */
const names: Readonly<Record<string, string>> = {
  remote_addr: "client_address",
  remote_user: "user",
  request_method: "method",
  request_uri: "path",
  uri: "path",
  body_bytes_sent: "bytes",
  bytes_sent: "bytes",
  request_time: "request_seconds",
  http_referer: "referer",
  http_user_agent: "user_agent",
  server_protocol: "protocol",
  time_local: "time",
  time_iso8601: "time",
  msec: "time",
};
const combined =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/** Whether lines of a format are those of `combined`, with anything behind. */
export function isCombined(format: string): boolean {
  return format.startsWith(combined);
}

/**
 * What reads lines of a format as nginx.conf writes it (ngx_http_log_module, log_format), JSON that is written so, too: attributes by variables, time
 * and severity by status. A variable ends where the text behind it begins.
 */
export function formatProcessors(format: string) {
  return [
    { type: "regex", pattern: formatPattern(format) },
    {
      type: "regex",
      match: '{} | request != ""',
      from: "request",
      pattern: String.raw`^(?:(?P<method>[A-Z]{3,20}) (?P<path>[^ ?]+)\S* ?(?P<protocol>\S*)$|)`,
    },
    {
      type: "timestamp",
      match: '{} | time != ""',
      from: "time",
      format: ["%d/%b/%Y:%H:%M:%S %z", "rfc3339", "unix"],
      remove: true,
    },
    {
      type: "severity",
      match: '{} | status != ""',
      from: "status",
      pattern: String.raw`^(\d)`,
      values: { "5": "error", "4": "warn", "3": "info", "2": "info", "1": "info", "0": "warn" },
    },
  ];
}

/** RE2; each attribute is a group, the first time that it is met. */
function formatPattern(format: string): string {
  const parts = [...format.matchAll(/\$(?:\{(\w+)\}|(\w+))|[^$]+|\$/g)];
  const told = new Set<string>();
  const text = parts.map(([whole, inBraces, bare], i) => {
    const variable = inBraces ?? bare;
    if (variable === undefined) return escaped(whole);
    const name = names[variable] ?? variable;
    const value = valuePattern(variable, parts[i + 1]?.[0]);
    if (told.has(name) || /^\d/.test(name)) return `(?:${value})`;
    told.add(name);
    return `(?P<${name}>${value})`;
  });
  return `^${text.join("")}$`;
}

const numbers: Readonly<Record<string, string>> = {
  status: String.raw`\d{3}`,
  body_bytes_sent: String.raw`\d+`,
  bytes_sent: String.raw`\d+`,
  request_time: String.raw`\d+\.\d+`,
};

/** Up to the first letter of what follows. Upstreams' values are lists, with spaces in them. */
function valuePattern(variable: string, behind: string | undefined): string {
  const number = numbers[variable];
  if (number !== undefined) return number;
  const [end = "$"] = behind ?? "";
  if (end === '"') return String.raw`(?:[^"\\]|\\.)*`;
  if (end === "$" || variable.startsWith("upstream_")) return ".*?";
  return `[^${escaped(end)}]*`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|-]/g, String.raw`\$&`);
}

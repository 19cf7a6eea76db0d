/** Beginning of a line of a connection: client, time of acceptance, frontend ("~": TLS), backend and server. */
const begin = String.raw`^(?P<client_address>\S+):\d+ \[[^\]]+\] (?P<frontend>[^ ~]+)~? (?P<backend>[^ /]+)/(?P<server>\S+) `;
/** `option httplog`: times (the last one is all, in milliseconds), status, bytes, cookies, flags, counts, queues, headers, request. */
const http = String.raw`(?P<times>[-\d]+/[-\d]+/[-\d]+/[-\d]+/\+?(?P<took_ms>\d+)) (?P<status>\d{3}|-1) \+?(?P<bytes>\d+) \S+ \S+ (?P<termination>\S{4}) [-+\d/]+ [-+\d/]+ (?:\{.*\} )?"(?:(?P<method>[A-Z]+) (?P<path>[^ "]+)|)`;
/** `option tcplog`: no status and no request. */
const tcp = String.raw`(?P<times>[-\d]+/[-\d]+/\+?(?P<took_ms>\d+)) \+?(?P<bytes>\d+) (?P<termination>\S{2}) `;

const isConnection = String.raw`\] [^ ~]+~? [^ /]+/\S+ [-\d]+/`;
const isRequest = String.raw`\] [^ ~]+~? [^ /]+/\S+ [-\d]+/[-\d]+/[-\d]+/[-\d]+/`;

/**
 * Makes attributes of what HAProxy logs of requests and connections (configuration manual, 8.2.3 and 8.2.4), and a severity of all: by status, by
 * what became of a server, and by words of an alert.
 */
export const logLines = [
  { type: "regex", match: `{} |~ ${quoted(isRequest)}`, pattern: begin + http },
  {
    type: "regex",
    match: `{} |~ ${quoted(isConnection)} !~ ${quoted(isRequest)}`,
    pattern: begin + tcp,
  },
  {
    type: "format",
    match: '{} | status != "" | took_ms != ""',
    to: "request_seconds",
    template: "{{ divf .took_ms 1000 }}",
  },
  {
    type: "severity",
    match: '{} | status != ""',
    from: "status",
    pattern: String.raw`^(-1|\d)`,
    values: { "5": "error", "4": "warn", "3": "info", "2": "info", "1": "info", "-1": "warn" },
  },
  {
    type: "severity",
    match: '{} | status = ""',
    from: "body",
    pattern:
      "^(?:.*?(is DOWN|has no server available|is UP|is stopping|handshake failure|[Ee]rror|ALERT|WARNING)|)",
    values: {
      "is DOWN": "error",
      "has no server available": "fatal",
      "is UP": "info",
      "is stopping": "warn",
      "handshake failure": "warn",
      ALERT: "error",
      "": "info",
    },
  },
] as const;

/** As a string of LogQL's. */
function quoted(pattern: string): string {
  return `\`${pattern}\``;
}

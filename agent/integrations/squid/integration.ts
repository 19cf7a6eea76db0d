import type { z } from "zod";
import { accessLogSources, errorLogSources } from "../log_sources/access_log.ts";
import { type HostView, listenersOf, processesNamed, reachable } from "../host_view.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { SquidConfig, usualPort } from "./config.ts";

const places = [
  "/etc/squid/squid.conf",
  "/etc/squid3/squid.conf",
  "/usr/local/squid/etc/squid.conf",
];
const portsTried = 3;

/** Squid's cache manager and logs; names of metrics as squid-exporter's. */
export const squid = defineIntegration({
  name: "squid",
  title: "Squid",
  job: "squid",
  config: SquidConfig,
  instanceOf: ({ url }) => new URL(url).host,
  async detect(host) {
    const processes = processesNamed(host, "squid", "squid3");
    const [process] = processes;
    if (process === undefined) return [];
    const because = [`process ${process.name} (pid ${process.pid})`];
    const logs = await logOptions(host);
    let needs: Need[] = [managerNeeded];
    for (const listener of listenersOf(host, processes, [usualPort]).slice(0, portsTried)) {
      const url = `http://${reachable(listener)}`;
      const answer = await host.get(`${url}/squid-internal-mgr/counters`);
      if (answer?.body.includes("client_http.requests") === true)
        return [
          {
            confidence: 1,
            because: [...because, `${url} answers as its cache manager`],
            options: { url, ...logs },
            needs: [],
          },
        ];
      if (answer?.status === 401) needs = [passwordNeeded];
    }
    const finding: Finding<z.input<typeof SquidConfig>> = {
      confidence: 0.4,
      because: [...because, "its cache manager does not answer"],
      options: logs,
      needs,
    };
    return [finding];
  },
  load: async () => (await import("./collect.ts")).openSquid,
  logs: (options) => {
    const common = { job: "squid", instance: new URL(options.url).host };
    return [
      ...accessLogSources({
        ...common,
        service: "squid",
        paths: options.access_logs,
        hasMetrics: options.access_log_metrics,
        labels: ["result"],
        read: accessLines,
      }),
      ...errorLogSources({
        ...common,
        paths: options.error_logs,
        multiline: { mode: "start", start: String.raw`^\d{4}/\d\d/\d\d \d\d:` },
        read: [
          {
            type: "regex",
            pattern: String.raw`^(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?: (?P<process>kid\d+))?\| `,
          },
          {
            type: "timestamp",
            from: "time",
            format: "2006/01/02 15:04:05",
            zone: "local",
            remove: true,
          },
          {
            type: "severity",
            from: "body",
            pattern: String.raw`\| (FATAL\b|ERROR\b|WARNING\b|SECURITY ALERT|)`,
            values: { "SECURITY ALERT": "error", "": "info" },
          },
        ],
      }),
    ];
  },
});

/** Squid's own format ("logformat squid"). */
const accessLines = [
  {
    type: "regex",
    pattern: String.raw`^(?P<time>\d+\.\d{3}) +(?P<took_ms>\d+) (?P<client_address>\S+) (?P<result>[A-Z_]+)/(?P<status>\d{3}) (?P<bytes>\d+) (?P<method>\S+) (?P<url>\S+) (?P<user>\S+) (?P<hierarchy>[A-Z_]+)/(?P<peer>\S+) (?P<content_type>\S+)`,
  },
  { type: "timestamp", from: "time", format: "unix", remove: true },
  {
    type: "severity",
    from: "status",
    pattern: String.raw`^(\d)`,
    values: { "5": "error", "4": "warn", "3": "info", "2": "info", "1": "info", "0": "warn" },
  },
  {
    type: "format",
    match: '{} | took_ms != ""',
    to: "request_seconds",
    template: "{{ divf .took_ms 1000 }}",
  },
] as const;

const managerNeeded: Need = {
  key: "url",
  example: `http://127.0.0.1:${usualPort}`,
  why:
    "write `http_access allow localhost manager` and then `http_access deny manager` before all other http_access lines of " +
    "/etc/squid/squid.conf, and `squid -k reconfigure`; name the port of http_port that this host reaches",
};
const passwordNeeded: Need = {
  key: "password_file",
  example: "/etc/lapwing/squid_password",
  why: "cachemgr_passwd of squid.conf asks for a password: write it to this file, and give any username",
};

/** Log files elsewhere than packages put them. */
async function logOptions(
  host: HostView,
): Promise<{ access_logs?: string[]; error_logs?: string[] }> {
  for (const place of places) {
    const text = await host.read(place);
    if (text === undefined) continue;
    const access = pathsOf(text, /^\s*access_log\s+(?:(?:daemon|stdio):)?(\/\S+)/gm);
    const errors = pathsOf(text, /^\s*cache_log\s+(\/\S+)/gm);
    return {
      ...(access.length === 0 ? {} : { access_logs: access }),
      ...(errors.length === 0 ? {} : { error_logs: errors }),
    };
  }
  return {};
}

function pathsOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith("/dev/"));
}

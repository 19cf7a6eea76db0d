import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { accessLogSources, errorLogSources, requestTime } from "../log_sources/access_log.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";
import { pageInstance } from "../connections/http_page.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { ApacheConfig } from "./config.ts";
import { type ApacheFiles, readApacheFiles } from "./server_config.ts";

const usualPorts = [80, 8_080];
const portsTried = 3;

/** Apache's mod_status and logs; names of metrics as apache_exporter's. */
export const apache = defineIntegration({
  name: "apache",
  title: "Apache HTTP Server",
  job: "apache",
  config: ApacheConfig,
  up: gauge("apache_up", "Whether the status page was read."),
  instanceOf: pageInstance,
  async detect(host) {
    const processes = processesNamed(host, "apache2", "httpd");
    const [process] = processes;
    if (process === undefined) return [];
    const files = await readApacheFiles(host);
    const options = logOptions(files);
    const because = [`process ${process.name} (pid ${process.pid})`];
    for (const listener of listenersOf(host, processes, usualPorts).slice(0, portsTried)) {
      const url = `http://${reachable(listener)}${files.statusPath}?auto`;
      const answer = await host.get(url);
      if (answer === undefined || !/^Scoreboard:/m.test(answer.body)) continue;
      return [
        {
          confidence: 1,
          because: [...because, `${url} answers as mod_status`],
          options: { url, ...options },
          needs: [],
        },
      ];
    }
    // Other programs are called httpd, too.
    if (!files.isKnown && process.name === "httpd") return [];
    const finding: Finding<z.input<typeof ApacheConfig>> = {
      confidence: 0.4,
      because: [...because, "no status page was found"],
      options,
      needs: [statusNeeded],
    };
    return [finding];
  },
  load: async () => (await import("./collect.ts")).openApache,
  logs: (options) => {
    const common = { job: "apache", instance: pageInstance(options) };
    return [
      ...accessLogSources({
        ...common,
        service: "apache",
        paths: options.access_logs,
        hasMetrics: options.access_log_metrics,
        read: [...line, ...requestTime(options.request_time)],
      }),
      ...errorLogSources({
        ...common,
        paths: options.error_logs,
        multiline: { mode: "start", start: String.raw`^\[[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d ` },
        read: [{ type: "error_log", zone: "local" }],
      }),
    ];
  },
});

const statusNeeded: Need = {
  key: "url",
  example: "http://127.0.0.1:8091/server-status?auto",
  why:
    "`a2enmod status` (elsewhere: `LoadModule status_module modules/mod_status.so`), then write `Listen 127.0.0.1:8091` and " +
    "`<VirtualHost 127.0.0.1:8091> <Location /server-status> SetHandler server-status </Location> </VirtualHost>`, " +
    "one directive a line, to /etc/apache2/conf-enabled/status.conf or /etc/httpd/conf.d/status.conf, and reload Apache",
};

/** Formats common and combined, and Debian's vhost_combined, which has "name:port" in front. */
const line = [
  {
    type: "regex",
    pattern: String.raw`^(?:(?P<virtual_host>[^\s"\[]+:\d+) (?P<entry>\S+ \S+ \S+ \[.*)|)`,
  },
  { type: "access_log", match: '{} | entry = ""' },
  { type: "access_log", match: '{} | entry != ""', from: "entry" },
  { type: "labels", match: '{} | entry != ""', remove_attributes: ["entry"] },
] as const;

function logOptions({ accessLogs, errorLogs, requestTime: unit }: ApacheFiles): {
  access_logs?: string[];
  error_logs?: string[];
  request_time?: "microseconds" | "milliseconds" | "seconds";
} {
  return {
    ...(accessLogs.length === 0 ? {} : { access_logs: [...accessLogs] }),
    ...(errorLogs.length === 0 ? {} : { error_logs: [...errorLogs] }),
    ...(unit === undefined ? {} : { request_time: unit }),
  };
}

import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { requestCounting } from "../log_sources/access_log.ts";
import {
  type HostProcess,
  type HostView,
  listenersOf,
  processesNamed,
  reachable,
} from "../host_view.ts";
import { httpClientOf } from "../connections/http_service_config.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { HaproxyConfig, placeOf, usualSocket } from "./config.ts";
import { logLines } from "./log_lines.ts";
import { type HaproxyFile, readHaproxyFile } from "./server_config.ts";

const usualFile = "/etc/haproxy/haproxy.cfg";
const usualLog = "/var/log/haproxy.log";
const unit = "haproxy.service";
const usualPorts = [8_404, 8_405];
const placesMax = 3;

type Options = z.input<typeof HaproxyConfig>;

/** HAProxy by its own endpoint for Prometheus, its stats socket, or its page of statistics: under the names of the first. */
export const haproxy = defineIntegration({
  name: "haproxy",
  title: "HAProxy",
  job: "haproxy",
  config: HaproxyConfig,
  up: gauge("haproxy_up", "Whether HAProxy answered."),
  instanceOf: placeOf,
  async detect(host) {
    const processes = processesNamed(host, "haproxy");
    const [process] = processes;
    if (process === undefined) return [];
    const text = await host.read(fileOf(process.args));
    const place = await placeFound(
      host,
      text === undefined ? usualPlaces(host, processes) : readHaproxyFile(text),
    );
    const logs = !host.exists(usualLog) && host.units.has(unit) ? { journal_units: [unit] } : {};
    const because = [`process ${process.name} (pid ${process.pid})`];
    if (place !== undefined)
      return [
        {
          confidence: 1,
          because: [...because, place.because],
          options: { ...place.options, ...logs },
          needs: [],
        },
      ];
    const finding: Finding<Options> = {
      confidence: 0.4,
      because: [...because, "no stats socket or page could be asked"],
      options: logs,
      needs: [socketNeeded],
    };
    return [finding];
  },
  scrape: (options) => {
    if (options.metrics_url === undefined) return undefined;
    const { protocol, host, pathname, searchParams } = new URL(options.metrics_url);
    const params = [...new Set(searchParams.keys())].map((key) => [key, searchParams.getAll(key)]);
    return {
      scheme: protocol.slice(0, -1),
      metrics_path: pathname === "/" ? "/metrics" : pathname,
      params: Object.fromEntries(params),
      ...httpClientOf(options),
      static_configs: [{ targets: [host] }],
    };
  },
  load: async () => (await import("./collect.ts")).openHaproxy,
  logs: (options) =>
    syslogSources(
      {
        job: "haproxy",
        instance: placeOf(options),
        files: options.log_files,
        units: options.journal_units,
        identifier: "haproxy",
      },
      [
        ...logLines,
        ...(options.access_log_metrics
          ? [requestCounting({ service: "haproxy", labels: ["backend"] })]
          : []),
      ],
    ),
});

const socketNeeded: Need = {
  key: "socket",
  example: usualSocket,
  why:
    "write `stats socket /run/haproxy/admin.sock mode 660 level user` to the section global of /etc/haproxy/haproxy.cfg, let the agent in by " +
    "`usermod -aG haproxy lapwing`, and restart both; or serve `http-request use-service prometheus-exporter if { path /metrics }` " +
    "in a frontend with `bind 127.0.0.1:8405`, and name that as metrics_url",
};

/** The first of its own endpoint, the socket and the page that answers. */
async function placeFound(
  host: HostView,
  { metricsUrls, sockets, statsUrls }: HaproxyFile,
): Promise<{ options: Options; because: string } | undefined> {
  for (const url of metricsUrls.slice(0, placesMax))
    if ((await host.get(url))?.body.includes("# TYPE haproxy_") === true)
      return { options: { metrics_url: url }, because: `${url} answers with metrics` };
  for (const socket of [...new Set([...sockets, usualSocket])].slice(0, placesMax))
    if ((await host.ask({ path: socket }, "show info\n"))?.startsWith("Name: ") === true)
      return { options: { socket }, because: `${socket} answers "show info"` };
  for (const url of statsUrls.slice(0, placesMax))
    if ((await host.get(url))?.body.startsWith("# pxname,") === true)
      return { options: { stats_url: url }, because: `${url} answers with statistics` };
  return undefined;
}

/** Where its file can't be read: what HAProxy's documentation has in its examples, on the ports that it listens on. */
function usualPlaces(host: HostView, processes: readonly HostProcess[]): HaproxyFile {
  const bases = listenersOf(host, processes, usualPorts).map((each) => `http://${reachable(each)}`);
  return {
    sockets: [],
    metricsUrls: bases.map((base) => `${base}/metrics`),
    statsUrls: bases.map((base) => `${base}/stats;csv`),
  };
}

/** "-f FILE" of its command line; the usual one for a folder. */
function fileOf(args: readonly string[]): string {
  const file = args[args.indexOf("-f") + 1];
  return args.includes("-f") && file?.startsWith("/") === true && file.endsWith(".cfg")
    ? file
    : usualFile;
}

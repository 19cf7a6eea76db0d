import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { accessLogSources, errorLogSources } from "../log_sources/access_log.ts";
import { type HostView, listenersOf, processesNamed, reachable } from "../host_view.ts";
import { pageInstance } from "../connections/http_page.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { NginxConfig } from "./config.ts";
import { formatProcessors, isCombined } from "./log_format.ts";
import { type NginxFiles, readNginxFiles } from "./server_config.ts";

/** Paths that people give to stub_status, tried where nginx's files can't be read. */
const usualPaths = ["/nginx_status", "/stub_status", "/basic_status"];
const portsTried = 3;

/** nginx's stub_status and logs; names of metrics as nginx-prometheus-exporter's. */
export const nginx = defineIntegration({
  name: "nginx",
  title: "nginx",
  job: "nginx",
  config: NginxConfig,
  up: gauge("nginx_up", "Whether the status page was read."),
  instanceOf: pageInstance,
  async detect(host) {
    const [process] = processesNamed(host, "nginx");
    if (process === undefined) return [];
    const because = [`process ${process.name} (pid ${process.pid})`];
    const files = await readNginxFiles(host, mainFileOf(process.args));
    const logs = logOptions(files);
    for (const url of candidates(host, files)) {
      const answer = await host.get(url);
      if (answer?.body.startsWith("Active connections:") !== true) continue;
      return [
        {
          confidence: 1,
          because: [...because, `${url} answers as stub_status`],
          options: { url, ...logs },
          needs: [],
        },
      ];
    }
    const finding: Finding<z.input<typeof NginxConfig>> = {
      confidence: 0.4,
      because: [...because, "no status page was found"],
      options: logs,
      needs: [
        {
          key: "url",
          example: "http://127.0.0.1:8090/nginx_status",
          why:
            "write `server { listen 127.0.0.1:8090; location = /nginx_status { stub_status; access_log off; } }` " +
            "to /etc/nginx/conf.d/nginx_status.conf, then `nginx -t && nginx -s reload`",
        },
      ],
    };
    return [finding];
  },
  load: async () => (await import("./collect.ts")).openNginx,
  logs: (options) => {
    const common = { job: "nginx", instance: pageInstance(options) };
    return [
      ...accessLogSources({
        ...common,
        service: "nginx",
        paths: options.access_logs,
        hasMetrics: options.access_log_metrics,
        read:
          options.access_log_format === undefined
            ? [{ type: "access_log" }, requestTime]
            : formatProcessors(options.access_log_format),
      }),
      ...errorLogSources({
        ...common,
        paths: options.error_logs,
        multiline: { mode: "start", start: String.raw`^\d{4}/\d\d/\d\d ` },
        read: [{ type: "error_log", zone: "local" }],
      }),
    ];
  },
});

/** $request_time has three decimals always: the first such number behind the combined format, by itself or as "rt=0.012". */
const requestTime = {
  type: "group",
  match: '{} | more != ""',
  processors: [
    {
      type: "regex",
      from: "more",
      pattern: String.raw`^(?:(?:.*?[ ="])??(?P<request_seconds>\d+\.\d{3})(?:[ ",;].*)?|.*)$`,
    },
  ],
};

/** "-c FILE" of its command line, which is one argument once nginx has written its title there. */
function mainFileOf(args: readonly string[]): string {
  return / -c (\/\S+)/.exec(` ${args.join(" ")}`)?.[1] ?? "/etc/nginx/nginx.conf";
}

/** Only what the usual globs do not cover. */
function logOptions({ accessLogs, errorLogs, accessFormats }: NginxFiles): {
  access_log_format?: string;
  access_logs?: string[];
  error_logs?: string[];
} {
  const [format, other] = accessFormats;
  const isOther = format !== undefined && other === undefined && !isCombined(format);
  return {
    ...(isOther && /\$\{?status\b/.test(format) ? { access_log_format: format } : {}),
    ...(accessLogs.every(isUsual) ? {} : { access_logs: [...accessLogs] }),
    ...(errorLogs.every(isUsual) ? {} : { error_logs: [...errorLogs] }),
  };
}

function isUsual(path: string): boolean {
  return path.startsWith("/var/log/nginx/");
}

/** Addresses where the status page may be: those that the files name, or the usual ones where nothing is known. */
function candidates(host: HostView, files: NginxFiles): string[] {
  const named = files.status.flatMap(({ listen, path }) =>
    (listen.length === 0 ? ["80"] : listen).flatMap((address) => {
      const hostAndPort = reachableListen(address);
      return hostAndPort === undefined ? [] : [`http://${hostAndPort}${path}`];
    }),
  );
  if (files.isKnown) return named.slice(0, 8);
  return listenersOf(host, processesNamed(host, "nginx"), [80, 8080])
    .slice(0, portsTried)
    .flatMap((listener) => usualPaths.map((path) => `http://${reachable(listener)}${path}`));
}

/** "80", "*:80", "[::]:80", "127.0.0.1:80", "localhost" of a listen directive; undefined for sockets. */
function reachableListen(address: string): string | undefined {
  if (address.startsWith("unix:")) return undefined;
  if (/^\d+$/.test(address)) return `127.0.0.1:${address}`;
  const [, host = "", port = "80"] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? [];
  if (host === "*" || host === "0.0.0.0" || host === "[::]") return `127.0.0.1:${port}`;
  return host === "" ? undefined : `${host}:${port}`;
}

import { gauge } from "../../collect/samples/family.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";
import { type LogSourceInput, type Need, defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { BindConfig, usualPort } from "./config.ts";

/** Queries over TCP, TLS and HTTPS, and the control channel. */
const otherPorts = new Set([53, 443, 853, 953]);
const portsTried = 3;

/** BIND 9's statistics channel; names of metrics as bind_exporter's. */
export const bind = defineIntegration({
  name: "bind",
  title: "BIND",
  job: "bind",
  config: BindConfig,
  up: gauge("bind_up", "Whether the statistics channel answered."),
  instanceOf: ({ url }) => new URL(url).host,
  async detect(host) {
    const processes = processesNamed(host, "named");
    const [process] = processes;
    if (process === undefined) return [];
    const because = [`process ${process.name} (pid ${process.pid})`];
    const units = ["named.service", "bind9.service"].filter((unit) => host.units.has(unit));
    const journal = units.length === 0 ? {} : { journal_units: units };
    const own = listenersOf(host, processes, [usualPort]);
    const urls = own
      .filter(({ port }) => !otherPorts.has(port))
      .map((listener) => `http://${reachable(listener)}`);
    for (const url of [...new Set(urls)].slice(0, portsTried)) {
      const answer = await host.get(`${url}/json/v1/status`);
      if (answer?.body.includes('"json-stats-version"') !== true) continue;
      return [
        {
          confidence: 1,
          because: [...because, `${url} answers as a statistics channel`],
          options: { url, ...journal },
          needs: [],
        },
      ];
    }
    return [{ confidence: 0.4, because, options: journal, needs: [channelNeeded] }];
  },
  load: async () => (await import("./collect.ts")).openBind,
  logs: ({ url, log_files: files, journal_units: units }) => {
    const instance = new URL(url).host;
    return [
      ...fileLogs(instance, files),
      // syslog tells severity and time; category and severity are in the text only where "logging" asks for them.
      ...syslogSources({ job: "bind", instance, files: [], units }, [
        { type: "regex", pattern: `${words}(?P<message>.*)$`, body_from: "message" },
      ]),
    ];
  },
});

const channelNeeded: Need = {
  key: "url",
  example: `http://127.0.0.1:${usualPort}`,
  why: `Put "statistics-channels { inet 127.0.0.1 port ${usualPort} allow { 127.0.0.1; }; };" into named.conf and run "rndc reconfig".`,
};

/** What print-category and print-severity put before a message. */
const words = String.raw`(?:(?P<category>[a-z][a-z0-9-]*): )?(?:(?P<level>critical|error|warning|notice|info|debug) ?\d*: )?`;
/** print-time: yes (local), iso8601, iso8601-utc. */
const time = String.raw`(?:(?P<time>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT\S+) )?`;

function fileLogs(instance: string, files: readonly string[]): LogSourceInput[] {
  if (files.length === 0) return [];
  return [
    {
      type: "file_logs",
      paths: [...files],
      job: "bind",
      labels: { instance },
      processors: [
        { type: "regex", pattern: `^${time}${words}(?P<message>.*)$`, body_from: "message" },
        {
          type: "group",
          match: '{} | time != ""',
          processors: [
            {
              type: "timestamp",
              from: "time",
              format: ["02-Jan-2006 15:04:05.000", "rfc3339"],
              zone: "local",
              remove: true,
            },
          ],
        },
        { type: "severity", match: '{} | level != ""', from: "level" },
      ],
    },
  ];
}

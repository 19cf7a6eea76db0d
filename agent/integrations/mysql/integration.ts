import { gauge } from "../../collect/samples/family.ts";
import { type LogSourceInput, defineIntegration } from "../integration.ts";
import { MysqlConfig, usualPort, usualSockets } from "./config.ts";
import { detectMysql } from "./detection.ts";

/** MySQL and MariaDB; names of metrics as mysqld_exporter's. */
export const mysql = defineIntegration({
  name: "mysql",
  title: "MySQL",
  job: "mysql",
  config: MysqlConfig,
  up: gauge("mysql_up", "Whether the server answered."),
  instanceOf: ({ address }) => instanceName(address),
  detect: detectMysql,
  load: async () => (await import("./collect.ts")).openMysql,
  logs: (options) => {
    const instance = instanceName(options.address);
    const isUsual = instance === `127.0.0.1:${usualPort}` || instance === `localhost:${usualPort}`;
    const errors = options.log_files ?? (isUsual ? usualLogs : []);
    const slow = options.slow_log_files ?? (isUsual ? usualSlowLogs : []);
    return [
      ...(errors.length === 0 ? [] : [errorLog({ type: "file_logs", paths: errors }, instance)]),
      ...(options.log_unit === undefined
        ? []
        : [errorLog({ type: "journald", arguments: [`--unit=${options.log_unit}`] }, instance)]),
      ...(slow.length === 0 ? [] : [slowLog(slow, instance)]),
    ];
  },
});

/** The usual socket is of this host's server, so that it has one name whichever way it is asked. */
function instanceName(address: string): string {
  return usualSockets.includes(address) ? `localhost:${usualPort}` : address;
}

const usualLogs = [
  "/var/log/mysql/error.log",
  "/var/log/mysqld.log",
  "/var/log/mysql/mysqld.log",
  "/var/log/mariadb/mariadb.log",
];
const usualSlowLogs = ["/var/log/mysql/*slow.log", "/var/log/mariadb/*slow.log"];

/** MariaDB: "2026-11-21 22:11:24 0 [Note] text", local time. MySQL: "2026-11-21T22:11:24.123456Z 0 [System] [MY-010116] [Server] text". */
const errorForm = String.raw`^(?P<time>\d{4}-\d\d-\d\d[ T]+\d{1,2}:\d\d:\d\d\S*) (?P<thread>\d+) \[(?P<level>\w+)\] (?:\[(?P<code>MY-\d+)\] \[(?P<subsystem>\w+)\] )?(?P<message>(?s:.*))$`;

function errorLog(
  from: { type: "file_logs" | "journald" } & Readonly<Record<string, unknown>>,
  instance: string,
): LogSourceInput {
  return {
    ...from,
    job: "mysql",
    labels: { instance, log: "error" },
    processors: [
      { type: "regex", pattern: errorForm, body_from: "message" },
      {
        type: "timestamp",
        from: "time",
        // MariaDB writes the hours before ten with a space in front.
        format: ["rfc3339", "2006-01-02 15:04:05", "%Y-%m-%d %k:%M:%S"],
        zone: "local",
        remove: true,
      },
      { type: "severity", values: { system: "info" } },
      { type: "labels", remove_attributes: ["level"] },
    ],
  };
}

/**
 * Entries begin with the line of the user: MariaDB writes the time once a second only. That line, where there is one, is at the end of the entry
 * before, and taken away there, or a record of its own after a pause; an entry's own time is that of its "SET timestamp".
 */
function slowLog(paths: readonly string[], instance: string): LogSourceInput {
  return {
    type: "file_logs",
    paths,
    job: "mysql",
    labels: { instance, log: "slow" },
    multiline: { mode: "start", start: "^# User@Host: " },
    processors: [
      { type: "drop", match: String.raw`{log="slow"} |~ "^# Time: [^\\n]*$"` },
      { type: "replace", pattern: String.raw`\n# Time: [^\n]*$`, with: "" },
      { type: "mysql_slow", body_from: "statement" },
    ],
  };
}

import { gauge } from "../../collect/samples/family.ts";
import { type LogSourceInput, defineIntegration } from "../integration.ts";
import { PostgresqlConfig, usualFolder, usualPort } from "./config.ts";
import { detectPostgresql } from "./detection.ts";

/** PostgreSQL 12 and later; names of metrics as postgres_exporter's. */
export const postgresql = defineIntegration({
  name: "postgresql",
  title: "PostgreSQL",
  job: "postgresql",
  config: PostgresqlConfig,
  up: gauge("pg_up", "Whether the server answered."),
  instanceOf: ({ address }) => instanceName(address),
  detect: detectPostgresql,
  load: async () => (await import("./collect.ts")).openPostgresql,
  logs: (options) => {
    const paths = options.log_files ?? usualLogs(options.address);
    return paths.length === 0 ? [] : [logSource(paths, instanceName(options.address))];
  },
});

/** A socket is of this host, so that a server has one name whichever way it is asked. */
function instanceName(address: string): string {
  if (!address.startsWith("/")) return address;
  return `localhost:${/\.s\.PGSQL\.(\d+)$/.exec(address)?.[1] ?? usualPort}`;
}

function usualLogs(address: string): string[] {
  const usual = [
    usualFolder,
    "/run/postgresql",
    `127.0.0.1:${usualPort}`,
    `localhost:${usualPort}`,
  ];
  return usual.includes(address) ? ["/var/log/postgresql/postgresql-*-main.log"] : [];
}

/** What log_line_prefix writes before DETAIL, HINT and STATEMENT, which follow their message line by line. */
const repeatedPrefix = String.raw`\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S+ \[\d+\](?:-\d+)?:? (?:\S+@\S+ )?([A-Z]+:  )`;
const levels = "LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?";

function logSource(paths: readonly string[], instance: string): LogSourceInput {
  return {
    type: "file_logs",
    paths,
    job: "postgresql",
    labels: { instance, log: "server" },
    multiline: { mode: "start", start: String.raw`^[^\t].{0,200}?\b(?:${levels}):  ` },
    processors: [
      {
        type: "postgres",
        zone: "local",
        body_from: "message",
        fields: ["pid", "user", "database", "level", "duration_ms", "statement"],
      },
      { type: "replace", pattern: repeatedPrefix, with: "\n$1" },
    ],
  };
}

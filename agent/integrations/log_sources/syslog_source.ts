import type { LogSourceInput } from "../integration.ts";

/** Where a service's syslog messages are to be found. */
export type SyslogPlaces = {
  readonly job: string;
  readonly instance: string;
  /** Files that a syslog daemon writes, in its traditional form or with RFC 3339 times. */
  readonly files: readonly string[];
  /** systemd units whose journal is read. */
  readonly units: readonly string[];
  /** The service's programs, as a regular expression on the whole identifier: files hold lines of others, too. */
  readonly identifier?: string;
};

/** Label `job` of lines that are no service's: that of file_logs. */
const usualJob = "files";
const line = String.raw`^(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?P<hostname>\S+) (?P<syslog_identifier>[^\[\]: ]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$`;

/**
 * Entries of `sources` that give the same records from files and from the journal: the body is the message alone, `syslog_identifier`,
 * `pid` and (of files) `hostname` are attributes, the time is that of the line. `processors` come after that, for the
 * service's own lines.
 */
export function syslogSources(
  { job, instance, files, units, identifier }: SyslogPlaces,
  processors: readonly unknown[],
): LogSourceInput[] {
  const common = { job, labels: { instance } };
  // The file is read by this source alone, so what others write to it goes on as it would without it.
  const others =
    identifier === undefined
      ? []
      : [
          {
            type: "labels",
            match: `{} | syslog_identifier!~"${identifier}"`,
            static: { job: usualJob, instance: "" },
          },
        ];
  const own =
    processors.length === 0 ? [] : [{ type: "group", match: `{job="${job}"}`, processors }];
  const found: LogSourceInput[] = [];
  if (files.length > 0)
    found.push({
      type: "file_logs",
      ...common,
      paths: [...files],
      processors: [
        { type: "regex", pattern: line, body_from: "message" },
        { type: "timestamp", from: "time", zone: "local", remove: true },
        ...others,
        ...own,
      ],
    });
  if (units.length > 0)
    found.push({
      type: "journald",
      ...common,
      arguments: units.map((unit) => `--unit=${unit}`),
      processors: own,
    });
  return found;
}

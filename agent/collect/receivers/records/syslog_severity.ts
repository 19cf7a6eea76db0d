/** OpenTelemetry's numbers of syslog's severities 0 to 7: its log data model, appendix B. */
const numbers = [21, 19, 18, 17, 13, 10, 9, 5] as const;
const names = [
  "emergency",
  "alert",
  "critical",
  "error",
  "warning",
  "notice",
  "informational",
  "debug",
] as const;
/** As syslog.conf names them. */
const facilities = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "security",
  "console",
  "solaris-cron",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const;

/** The severity number of our records, 0 where `level` is none of syslog's. */
export function severityOfSyslog(level: number): number {
  return numbers[level] ?? 0;
}

export function syslogSeverityName(level: number): string {
  return names[level] ?? "";
}

export function facilityName(facility: number): string {
  return facilities[facility] ?? "";
}

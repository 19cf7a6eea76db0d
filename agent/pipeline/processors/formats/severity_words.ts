import { severity } from "#shared/model/logs.ts";

const { trace, debug, info, warn, error, fatal } = severity;

/** Words of syslog, PostgreSQL, nginx, Java, Python, Go and Node for how bad something is. */
const words: ReadonlyMap<string, number> = new Map(
  Object.entries({
    trace,
    finest: trace,
    verbose: trace,
    debug,
    debug1: debug,
    debug2: debug,
    debug3: debug,
    debug4: debug,
    debug5: debug,
    fine: debug,
    dbg: debug,
    info,
    information: info,
    informational: info,
    inf: info,
    log: info,
    statement: info,
    detail: info,
    hint: info,
    context: info,
    notice: info + 1,
    note: info + 1,
    warn,
    warning: warn,
    wrn: warn,
    err: error,
    error,
    severe: error,
    crit: error + 1,
    critical: error + 1,
    alert: error + 2,
    fatal,
    panic: fatal,
    emerg: fatal,
    emergency: fatal,
  }),
);

/** The OpenTelemetry number of a word in any case, or of pino's numbers (10 to 60); 0 where it is none of them. */
export function severityOfWord(text: string): number {
  const known = words.get(text.trim().toLowerCase());
  if (known !== undefined) return known;
  if (!/^\d{2}$/.test(text)) return severity.unknown;
  return [trace, debug, info, warn, error, fatal][Math.floor(Number(text) / 10) - 1] ?? 0;
}

/** Syslog's numbers, 0 (emergency) to 7 (debug), RFC 5424 section 6.2.1. */
export function severityOfSyslog(number: number): number {
  return [fatal, error + 2, error + 1, error, warn, info + 1, info, debug][number] ?? 0;
}

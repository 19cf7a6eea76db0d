import { z } from "zod";
import type { LogSourceInput } from "../integration.ts";

const path = z.string().startsWith("/", "expected an absolute path");

/** Options of a service that writes access and error logs, with the globs of its packages. */
export function logsShape(files: {
  readonly access: readonly string[];
  readonly error: readonly string[];
}) {
  return {
    /** Globs; an empty list follows none. */
    access_logs: z.array(path).default([...files.access]),
    error_logs: z.array(path).default([...files.error]),
    /** Whether requests, bytes and times of the access log are counted as series. */
    access_log_metrics: z.boolean().default(true),
  };
}

type Processor = Readonly<Record<string, unknown>> & { readonly type: string };

type LogFiles = {
  readonly job: string;
  readonly instance: string;
  readonly paths: readonly string[];
  /** What makes attributes of a line. */
  readonly read: readonly Processor[];
};

type Counting = {
  /** Prefix of the series. */
  readonly service: string;
  /** Further labels of theirs: attributes of few values. */
  readonly labels?: readonly string[];
};

type AccessLog = LogFiles &
  Counting & {
    /** Whether series are made of what `read` finds. */
    readonly hasMetrics: boolean;
  };

/** Follows access logs, and counts what they tell. No source for no paths. */
export function accessLogSources(log: AccessLog): LogSourceInput[] {
  const read = log.hasMetrics ? [...log.read, requestCounting(log)] : log.read;
  return sources({ ...log, read }, "access");
}

/** Follows error logs, whose records may be of many lines. No source for no paths. */
export function errorLogSources(
  log: LogFiles & { readonly multiline?: Readonly<Record<string, unknown>> },
  name = "error",
): LogSourceInput[] {
  const { multiline } = log;
  return sources(log, name).map((source) =>
    multiline === undefined ? source : { ...source, multiline },
  );
}

function sources({ paths, job, instance, read }: LogFiles, log: string): LogSourceInput[] {
  if (paths.length === 0) return [];
  return [{ type: "file_logs", paths, job, labels: { instance, log }, processors: [...read] }];
}

/** Of RFC 9110 and WebDAV, and what caches know. */
const methods =
  "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|PURGE|BAN|PRI";

/** Upper bounds in seconds, up to the time that proxies wait at most. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * The processor that makes series of the attributes `status`, `method`, `bytes` and `request_seconds`, so far as a record has them:
 * SERVICE_access_requests_total by class of status (`code="2xx"`) and method, SERVICE_access_bytes_total and the histogram
 * SERVICE_access_request_seconds by class.
 */
export function requestCounting({ service, labels = [] }: Counting): Processor {
  const metric = (what: string, help: string) => ({ name: `${service}_access_${what}`, help });
  const byCode = ["job", "instance", "code", ...labels];
  return {
    type: "group",
    match: '{} | status =~ "[1-5].."',
    processors: [
      { type: "format", to: "code", template: '{{printf "%.1s" .status}}xx' },
      // A method that a client made up must not become a series.
      {
        type: "labels",
        match: `{} | method !~ "${methods}"`,
        rename_attributes: { other_method: "method" },
      },
      {
        type: "metrics",
        metrics: [
          {
            ...metric("requests_total", "Requests in the access log."),
            labels: [...byCode, "method"],
          },
          {
            ...metric("bytes_total", "Bytes of answers in the access log."),
            value: "bytes",
            labels: byCode,
            match: '{} | bytes != ""',
          },
          {
            ...metric("request_seconds", "Time that requests of the access log took."),
            kind: "histogram",
            value: "request_seconds",
            buckets,
            labels: byCode,
            match: '{} | request_seconds != ""',
          },
        ],
      },
      { type: "labels", remove_attributes: ["code"] },
    ],
  };
}

const parts = { microseconds: 1_000_000, milliseconds: 1_000, seconds: 1 } as const;
export type TimeUnit = keyof typeof parts;

/** Makes `request_seconds` of the number that ends what stands behind the format combined. */
export function requestTime(unit: TimeUnit | undefined): Processor[] {
  if (unit === undefined) return [];
  return [
    {
      type: "group",
      match: '{} | more != ""',
      processors: [
        { type: "regex", from: "more", pattern: String.raw`(?:(?P<took>\d+(?:\.\d+)?)"?|)$` },
        {
          type: "format",
          match: '{} | took != ""',
          to: "request_seconds",
          template: `{{ divf .took ${parts[unit]} }}`,
        },
        { type: "labels", remove_attributes: ["took"] },
      ],
    },
  ];
}

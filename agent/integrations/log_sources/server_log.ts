import type { LogSourceInput } from "../integration.ts";

type ServerLog = {
  readonly job: string;
  readonly instance: string;
  readonly paths: readonly string[];
  readonly exclude?: readonly string[];
  /** RE2 of a record's begin, with the groups `time` (RFC 3339 or nearly so) and `level`; further ones become attributes. */
  readonly head: string;
  /** Words for levels that are not the usual ones. */
  readonly values?: Readonly<Record<string, string>>;
  /** Whether a line that does not begin with a time belongs to the record before it. */
  readonly isMultiline?: boolean;
};

/** The log that a server writes about itself: its own times and severities, stack traces with the record that they belong to. */
export function serverLog({
  job,
  instance,
  paths,
  exclude,
  head,
  values = {},
  isMultiline = true,
}: ServerLog): LogSourceInput {
  const start = String.raw`^\[?\d{4}-\d\d-\d\d[ T]`;
  return {
    type: "file_logs",
    paths,
    ...(exclude === undefined ? {} : { exclude }),
    ...(isMultiline ? { multiline: { mode: "start", start } } : {}),
    job,
    labels: { instance, log: "server" },
    processors: [
      { type: "regex", pattern: head },
      { type: "timestamp", from: "time", format: "rfc3339", zone: "local", remove: true },
      { type: "severity", values },
      { type: "labels", remove_attributes: ["level"] },
    ],
  };
}

import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";

const KiB = 1_024;

/** How the journal is followed, and what is kept of its entries. */
export const JournaldConfig = z.lazy(() =>
  z.strictObject({
    /** The program, by path or name. */
    command: z.string().min(1).default("journalctl"),
    /** Further options of it: `--unit=nginx`, `--directory=/host/var/log/journal`, `--file=...`. */
    arguments: z.array(z.string().startsWith("-", "expected an option")).default([]),
    /** Only entries with these fields, as journalctl takes them: `_TRANSPORT=kernel`; "+" between two lists is "or". */
    matches: z
      .array(z.string().regex(/^(?:\+|[A-Z0-9_]{1,64}=[\s\S]*)$/, "expected FIELD=value or +"))
      .default([]),
    /** Where to begin without a stored position. */
    start_at: z.enum(["end", "beginning"]).default("end"),
    /** With `start_at: end`: this many last entries are read. */
    tail_entries: z.number().int().min(0).max(10_000).default(100),
    /** Label `job` of the streams. */
    job: z.string().min(1).default("journal"),
    /** Further labels; they win over job, host, unit and transport. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Fields that become structured metadata, under their name in lower case without underscores in front. */
    fields: z
      .array(z.string().regex(/^[A-Z0-9_]{1,64}$/, "expected a field's name"))
      .max(64)
      .default([
        "SYSLOG_IDENTIFIER",
        "_PID",
        "_UID",
        "_COMM",
        "_BOOT_ID",
        "MESSAGE_ID",
        "CONTAINER_NAME",
      ]),
    /** A longer message is cut there, and marked with truncated="true". */
    line_size_max: byteSize
      .pipe(
        z
          .number()
          .min(64)
          .max(512 * KiB),
      )
      .prefault(`${256 * KiB}B`),
  }),
);
export type JournaldConfig = z.output<typeof JournaldConfig>;

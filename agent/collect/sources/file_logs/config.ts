import iconv from "iconv-lite";
import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

import { MultilineConfig } from "./multiline.ts";

const KiB = 1_024;
/** A batch's lines; taken apart they fit one frame nearly always, and the larger it is, the less its templates weigh. */
export const batchBytesMax = 1_024 * KiB;
/** A line that stands as it is must fit a frame. */
const lineBytesMax = 512 * KiB;

/** Which files are followed, and how their bytes become lines. */
export const FileLogsConfig = z.lazy(() =>
  z.strictObject({
    /** Globs of absolute paths; `**` crosses folders, links are followed. */
    paths: z
      .array(z.string().startsWith("/", "expected an absolute path"))
      .min(1)
      .default(["/var/log/*.log", "/var/log/*/*.log", "/var/log/syslog", "/var/log/messages"]),
    /** Paths never read, as globs. Compressed files are old ones, whose lines were read before. */
    exclude: z.array(z.string()).default(["**/*.{gz,bz2,xz,zst,lz4,zip}"]),
    /** Label `job` of the streams. */
    job: z.string().min(1).default("files"),
    /** Further labels; they win over job, host and filename. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Where a file begins that was there before the source first ran. One that appears later is read whole. */
    start_at: z.enum(["end", "beginning"]).default("end"),
    /** With `start_at: end`: this many last lines are read, so that a new installation shows something at once. */
    tail_lines: z.number().int().min(0).max(10_000).default(100),
    /** Anything but UTF-8 is converted to it. Bytes that are not valid UTF-8 are kept as they are. */
    encoding: z
      .string()
      .refine((name) => isUtf8(name) || iconv.encodingExists(name), {
        error: `expected an encoding such as "utf-8", "utf-16le", "latin1" or "shift_jis"`,
      })
      .default("utf-8"),
    /**
     * Whether a carriage return before a line's end is part of the line. By default it is taken off, as Fluent Bit does; Promtail
     * keeps it.
     */
    keep_carriage_return: z.boolean().default(false),
    /** A longer line is cut there, and marked with the attribute truncated="true". */
    line_size_max: byteSize.pipe(z.number().min(64).max(lineBytesMax)).prefault(`${256 * KiB}B`),
    /** Lines that belong together become one record; without it each line is one. */
    multiline: MultilineConfig.optional(),
    /** How often files in use are looked at, so also the longest that a line waits for its batch. */
    poll_interval: duration.pipe(z.number().min(10)).prefault("500ms"),
    /** How often new files are looked for. Idle files are looked at as often. */
    rescan_interval: duration.pipe(z.number().min(10)).prefault("1s"),
    /** A file that was rotated away is read for this long after its last line, because its writer may be slow to let go. */
    rotate_wait: duration.prefault("5s"),
    /** Files followed at once; the rest waits, and the source says so. Bounds the checkpoints, too. */
    files_max: z.number().int().min(1).max(2_000).default(1_000),
    /** Files held open at once; beyond it the least recently read one is closed for the time being. */
    open_files_max: z.number().int().min(1).default(512),
  }),
);
export type FileLogsConfig = z.output<typeof FileLogsConfig>;

export function isUtf8(encoding: string): boolean {
  return /^(utf-?8|ascii|us-ascii)$/i.test(encoding);
}

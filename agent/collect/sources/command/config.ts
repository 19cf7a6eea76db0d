import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

const KiB = 1_024;

/** Which command is run, and how its lines are taken. */
export const CommandConfig = z.lazy(() =>
  z.strictObject({
    /** Program and arguments; no shell stands between. */
    command: z.tuple([z.string().min(1)], z.string()),
    /** Variables added to the agent's own. */
    env: z.record(z.string(), z.string()).default({}),
    working_directory: z.string().startsWith("/", "expected an absolute path").default("/"),
    /** Lines of standard error are records, too; else they are thrown away. */
    include_stderr: z.boolean().default(true),
    /** Whether the command is started again when it has ended. */
    restart: z.enum(["always", "on_failure", "never"]).default("always"),
    /** The wait before it; doubled each time, up to the other, until a run has lasted longer than that. */
    restart_wait: duration.pipe(z.number().min(10)).prefault("1s"),
    restart_wait_max: duration.pipe(z.number().min(10)).prefault("1m"),
    /** Label `job` of the streams. */
    job: z.string().min(1).default("command"),
    /** Further labels; they win over job, host and stream. */
    labels: z.record(z.string(), z.string()).default({}),
    /** A longer line is cut there, and marked with the attribute truncated="true". */
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
export type CommandConfig = z.output<typeof CommandConfig>;

import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";

export const ScriptsConfig = z.lazy(() =>
  z.strictObject({
    /** Label `script`. */
    name: z.string().min(1),
    /** Program and arguments; no shell stands between. */
    command: z.tuple([z.string().min(1)], z.string()),
    /** What its standard output is. */
    output: z.enum(["prometheus", "nagios", "ignore"]).default("prometheus"),
    /** All that it gets beside PATH, LC_ALL=C, SCRIPT_TIMEOUT and SCRIPT_DEADLINE. */
    env: z.record(z.string(), z.string()).default({}),
    working_directory: z.string().startsWith("/", "expected an absolute path").default("/"),
    /** One that writes more is ended. */
    output_size_max: byteSize.prefault("1MiB"),
  }),
);
export type ScriptsConfig = z.output<typeof ScriptsConfig>;

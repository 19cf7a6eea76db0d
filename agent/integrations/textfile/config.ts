import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";

/** Where Debian's and Ubuntu's prometheus-node-exporter looks, and the cron jobs of its collectors write. */
export const usualFolder = "/var/lib/prometheus/node-exporter";

export const TextfileConfig = z.lazy(() =>
  z.strictObject({
    /** Folders whose *.prom files are read; may be globs. */
    directories: z
      .array(z.string().startsWith("/", "expected an absolute path"))
      .min(1)
      .default([usualFolder]),
    /** Files beyond it, in order of their names, are not read. */
    files_max: z.int().positive().default(500),
    /** A larger file is refused. */
    file_size_max: byteSize.prefault("4MiB"),
  }),
);
export type TextfileConfig = z.output<typeof TextfileConfig>;

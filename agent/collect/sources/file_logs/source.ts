import { defineSource } from "../../source.ts";
import { FileLogsConfig } from "./config.ts";
import { previewLines } from "./preview.ts";
import { Tailer } from "./tailer.ts";

/**
 * Lines of files, found by globs and followed through rotation, truncation and restarts. A line and the position after it become
 * durable together, so no line is lost or told twice by a crash.
 */
export const fileLogs = defineSource({
  type: "file_logs",
  config: FileLogsConfig,
  async run(config, context) {
    await new Tailer(config, context).run();
  },
  files: ({ paths, exclude }) => ({ paths, exclude }),
  preview: previewLines,
});

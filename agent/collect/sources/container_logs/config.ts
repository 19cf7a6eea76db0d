import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { FileLogsConfig } from "../file_logs/config.ts";
import { DockerConfig } from "./docker/config.ts";

const KiB = 1_024;

/** Which logs of containers are followed; what is not said here is as with file_logs. */
export const ContainerLogsConfig = z.lazy(() => {
  const files = FileLogsConfig.unwrap();
  return files.omit({ encoding: true, keep_carriage_return: true }).extend({
    /** Kubernetes' and Docker's own places. */
    paths: files.shape.paths
      .unwrap()
      .default(["/var/log/pods/*/*/*.log", "/var/lib/docker/containers/*/*-json.log"]),
    /** docker: the json-file driver's; cri: that of containerd and CRI-O; auto: told by each line. */
    format: z.enum(["auto", "docker", "cri"]).default("auto"),
    job: z.string().min(1).default("containers"),
    docker: DockerConfig.prefault({}),
    /** Parts are joined up to here, as they stand in the file; what is longer is stored in several records. */
    line_size_max: byteSize
      .pipe(
        z
          .number()
          // A part of 16 KiB, each byte of it escaped, and what stands around it.
          .min(128 * KiB)
          .max(512 * KiB),
      )
      .prefault(`${256 * KiB}B`),
    /** Parts whose last one does not come are a record when the file has not grown for so long. */
    flush_timeout: duration.pipe(z.number().min(10)).prefault("5s"),
  });
});
export type ContainerLogsConfig = z.output<typeof ContainerLogsConfig>;

import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

const interval = duration.refine((ms) => ms >= 1_000, "must be 1s or more");

export const SmartConfig = z.lazy(() =>
  z.strictObject({
    /** What answers as smartctl does. */
    command: z.tuple([z.string().min(1)], z.string()).default(["smartctl"]),
    /** Devices, with their type where smartctl has to be told ("megaraid,3"); without any, those that it finds. */
    devices: z
      .array(
        z.strictObject({
          name: z.string().startsWith("/", "expected a path such as /dev/sda"),
          type: z.string().min(1).optional(),
        }),
      )
      .default([]),
    /** How often a disk is asked; in between its last answer holds. It is a program for each, and some disks answer slowly. */
    poll_interval: interval.prefault("1m"),
    /** How often it is looked for disks. */
    scan_interval: interval.prefault("10m"),
    /** A disk that sleeps in one of these, and below, is not woken. */
    nocheck: z.enum(["never", "sleep", "standby", "idle"]).default("standby"),
    devices_max: z.int().positive().default(128),
  }),
);
export type SmartConfig = z.output<typeof SmartConfig>;

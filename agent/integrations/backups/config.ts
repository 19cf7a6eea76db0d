import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

const path = z.string().startsWith("/", "expected an absolute path");

const BackupSet = z.lazy(() =>
  z.strictObject({
    /** Label `backup`. */
    name: z.string().min(1),
    /** Globs of the files or folders that are one backup each, or paths of repositories. */
    paths: z.array(path).min(1),
    /**
     * files: each file that matches is a backup. folders: each folder that matches, with all in it (pg_dump's directory format, a dated folder).
     * restic, borg: the paths are repositories.
     */
    kind: z.enum(["files", "folders", "restic", "borg"]).default("files"),
    /** Globs on the names of files that are none, or not yet. */
    exclude: z.array(z.string().min(1)).default(["*.tmp", "*.part", "*.partial", "*.lock", ".*"]),
    /** A newest backup that is older is too old; two hours of play for a daily one. */
    max_age: duration.prefault("26h"),
    /** A newest backup below it is no backup. */
    min_size: byteSize.prefault("1B"),
    /** Of the size that the ones before had: a newest backup below this share is suspicious. */
    min_share: z.number().min(0).max(1).default(0.5),
    /** What was written less long ago may still be written to, and does not count yet. */
    settle: duration.prefault("2m"),
  }),
);
export type BackupSet = z.output<typeof BackupSet>;

export const BackupsConfig = z.lazy(() =>
  z.strictObject({
    sets: z
      .array(BackupSet)
      .min(1)
      .refine(
        (sets) => new Set(sets.map(({ name }) => name)).size === sets.length,
        "names must differ",
      ),
    /** How often it is looked; in between the last finding holds. */
    scan_interval: duration.refine((ms) => ms >= 1_000, "must be 1s or more").prefault("5m"),
    /** A look that takes longer is given up: a network file system may hang. */
    scan_timeout: duration.refine((ms) => ms >= 1_000, "must be 1s or more").prefault("1m"),
    /** What lists files as GNU's find does. */
    command: z.tuple([z.string().min(1)], z.string()).default(["find"]),
  }),
);
export type BackupsConfig = z.output<typeof BackupsConfig>;

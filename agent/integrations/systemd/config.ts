import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { type LinearRegex, anchoredRegex } from "#shared/text/linear_regex.ts";

const pattern = z.string().transform((text, context): LinearRegex => {
  try {
    return anchoredRegex(text);
  } catch {
    context.addIssue({ code: "custom", message: "not a regular expression (RE2)", input: text });
    return z.NEVER;
  }
});

export const SystemdConfig = z.lazy(() =>
  z.strictObject({
    /** What answers as systemctl does. */
    command: z.tuple([z.string().min(1)], z.string()).default(["systemctl"]),
    /** Names of units; the whole name has to match. As node_exporter's, with the defaults that Debian gives it: targets are many and say little. */
    unit_include: pattern.prefault(".+"),
    unit_exclude: pattern.prefault(String.raw`.+\.(automount|device|mount|scope|slice|target)`),
    /** How often restarts, start times, timers and sockets are asked for; sooner where a unit changed its state. Each unit is a question to systemd. */
    details_interval: duration.prefault("1m"),
    /** Units beyond it have a state alone. */
    details_max: z.int().positive().default(600),
    /** Where services' CPU time and memory are read. */
    cgroup_root: z.string().startsWith("/", "expected an absolute path").default("/sys/fs/cgroup"),
  }),
);
export type SystemdConfig = z.output<typeof SystemdConfig>;
